"""Upload: drop files or folders, see each one arrive and be analysed."""

import json

from fastapi import Request, Response

from qa.api.context import ContextDep
from qa.api.dependencies import require
from qa.core.people import Right
from qa.i18n import catalogue, text
from qa.web.reader import reader_of
from qa.web.render import page_router, render

router = page_router()

_STAGES = "pipeline.stage_"
_TEXTS = "web_upload.js_"


@router.get("/upload", dependencies=[require(Right.UPLOAD)])
def upload(request: Request, context: ContextDep) -> Response:
    """The page; sending and following is done by its script over the API."""
    locale = reader_of(request).locale
    texts = {
        code.removeprefix(prefix): text(code, locale)
        for prefix in (_STAGES, _TEXTS)
        for code in catalogue()
        if code.startswith(prefix)
    }
    return render(
        request,
        "upload/upload.html",
        # Not one of these characters may end the element it stands in.
        texts=json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c"),
        most=context.settings.intake.max_bytes,
    )
