"""Receivers of news, and messages on their way to them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.api.context import ContextDep
from qa.api.dependencies import Who
from qa.api.problems import responses
from qa.api.records import answer, shows
from qa.services.push import DeliveryView, NewTarget, TargetView

router = APIRouter(prefix="/api/v1/push", tags=["push"])

_ID = r"^[0-9a-f]{32}$"
TargetId = Annotated[str, Path(pattern=_ID, description="Id of the receiver.")]
DeliveryId = Annotated[str, Path(pattern=_ID, description="Id of the message.")]
Line = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f]*$")]


class TargetIn(BaseModel):
    """A receiver."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]*$")]
    kind: Literal["email", "webhook", "dingtalk", "wecom", "feishu"]
    address: Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[^\x00-\x20]*$")]
    events: Annotated[list[Line], Field(min_length=1, max_length=50)]
    secret: Line = ""
    team: Line | None = None
    locale: Literal["zh-Hans", "zh-Hant", "en"] = "zh-Hans"


class ActiveIn(BaseModel):
    """On or off."""

    model_config = ConfigDict(extra="forbid")

    active: bool


@router.get("/targets", summary="Receivers", response_class=Response, responses=shows(TargetView, many=True))
def list_targets(who: Who, context: ContextDep) -> Response:
    """Without their secrets."""
    return answer(context.services.push.targets(who))


@router.post(
    "/targets",
    status_code=201,
    summary="Enter a receiver",
    response_class=Response,
    responses=shows(TargetView, status=201),
)
def add_target(given: TargetIn, who: Who, context: ContextDep) -> Response:
    """Addresses in private networks are refused unless `push.allowed_networks` names them."""
    new = NewTarget(
        given.name, given.kind, given.address, tuple(given.events), given.secret, given.team, given.locale
    )
    return answer(context.services.push.add_target(who, new), 201)


@router.put(
    "/targets/{target_id}/active",
    summary="Switch a receiver on or off",
    response_class=Response,
    responses=shows(TargetView, 404),
)
def switch_target(target_id: TargetId, given: ActiveIn, who: Who, context: ContextDep) -> Response:
    """What is on its way stays on its way."""
    return answer(context.services.push.set_active(who, target_id, given.active))


@router.post("/targets/{target_id}/test", status_code=204, summary="Send a test message", responses=responses(404))
def test_target(target_id: TargetId, who: Who, context: ContextDep) -> None:
    """422 with the reason where it does not arrive."""
    context.services.push.test_target(who, target_id)


@router.delete("/targets/{target_id}", status_code=204, summary="Remove a receiver", responses=responses(404))
def remove_target(target_id: TargetId, who: Who, context: ContextDep) -> None:
    """With what is on its way to it."""
    context.services.push.remove_target(who, target_id)


@router.get("/deliveries", summary="Messages", response_class=Response, responses=shows(DeliveryView, many=True))
def list_deliveries(who: Who, context: ContextDep) -> Response:
    """The newest hundred and where they stand."""
    return answer(context.services.push.deliveries(who))


@router.post(
    "/deliveries/{delivery_id}/again",
    summary="Send a failed message again",
    response_class=Response,
    responses=shows(DeliveryView, 404),
)
def send_again(delivery_id: DeliveryId, who: Who, context: ContextDep) -> Response:
    """Its attempts are counted anew."""
    return answer(context.services.push.send_again(who, delivery_id))
