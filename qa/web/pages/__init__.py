"""The pages, one module an area. Each has a `router` made by `qa.web.render.page_router`."""
