"""Settings: receivers of news and what became of messages."""

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from qa.api.context import ContextDep
from qa.i18n import LOCALES
from qa.services.push import EVENTS, NewTarget
from qa.services.push.wire import Kind
from qa.web.acts import done
from qa.web.forms import form_of
from qa.web.render import Who, page_router, render

router = page_router()


@router.get("/settings")
def settings(request: Request, who: Who, context: ContextDep) -> Response:
    """Receivers, and the newest messages."""
    push = context.services.push
    return render(
        request,
        "settings/push.html",
        targets=push.targets(who),
        deliveries=push.deliveries(who, 50),
        events=EVENTS,
        kinds=list(Kind),
        all_locales=LOCALES,
    )


@router.post("/settings/push")
def add(request: Request, who: Who, context: ContextDep, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Enter a receiver."""
    given = {name: str(form.get(name, "")) for name in ("name", "kind", "address", "secret", "team", "locale")}
    events = tuple(str(event) for event in form.getlist("events"))
    new = NewTarget(
        given["name"],
        given["kind"],
        given["address"],
        events,
        given["secret"],
        given["team"].strip() or None,
        given["locale"],
    )
    context.services.push.add_target(who, new)
    return done(request, "/settings", "web_settings.added", name=new.name.strip())


@router.post("/settings/push/{target_id}/{act}")
def change(target_id: str, act: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Test, switch or remove a receiver."""
    push = context.services.push
    match act:
        case "test":
            push.test_target(who, target_id)
        case "remove":
            push.remove_target(who, target_id)
        case "on" | "off":
            push.set_active(who, target_id, act == "on")
        case _:
            return done(request, "/settings", "web.no_page")
    return done(request, "/settings", f"web_settings.done_{act}")


@router.post("/settings/deliveries/{delivery_id}/again")
def again(delivery_id: str, request: Request, who: Who, context: ContextDep) -> Response:
    """Send a failed message again."""
    context.services.push.send_again(who, delivery_id)
    return done(request, "/settings", "web_settings.again")
