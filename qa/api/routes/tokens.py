"""One's own API tokens."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path

from qa.api.context import ContextDep
from qa.api.dependencies import InBrowser, Who
from qa.api.people_schemas import MadeTokenOut, TokenIn, TokensOut, made_token_out, token_out
from qa.api.problems import responses

TOKENS: Final = "/api/v1/tokens"
router = APIRouter(tags=["people"])


@router.get(TOKENS, summary="Your API tokens", responses=responses(503))
def list_tokens(who: Who, context: ContextDep) -> TokensOut:
    """Newest first, revoked ones too; secrets are not kept."""
    return TokensOut(items=[token_out(view) for view in context.services.people.tokens.list(who)])


@router.post(TOKENS, status_code=201, summary="Make an API token", responses=responses(413, 415, 503))
def make_token(body: TokenIn, found: InBrowser, context: ContextDep) -> MadeTokenOut:
    """With some of your own jobs; the secret is in this answer and nowhere else. Not possible with a token."""
    expires_at = None if body.days is None else datetime.now(UTC) + timedelta(days=body.days)
    jobs = None if body.jobs is None else tuple(body.jobs)
    return made_token_out(context.services.people.tokens.make(found.person, body.name, jobs, expires_at))


@router.delete(
    f"{TOKENS}/{{token_id}}", status_code=204, summary="Revoke an API token", responses=responses(404, 503)
)
def revoke_token(token_id: Annotated[str, Path(max_length=64)], who: Who, context: ContextDep) -> None:
    """It stops working at once."""
    context.services.people.tokens.revoke(who, token_id)
