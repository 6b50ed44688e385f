"""How a form ends: on the next page, with a sentence that says what was done.

A form that a script sends keeps what was typed when the service refuses it; the refusal shows in the corner.
"""

from fastapi import Request, Response

from qa.web.forms import flash
from qa.web.render import is_fragment, redirect


def done(request: Request, path: str, code: str, **params: object) -> Response:
    """Go to `path` and say the sentence `code` there."""
    response = Response(status_code=204, headers={"HX-Redirect": path}) if is_fragment(request) else redirect(path)
    flash(response, code, **params)
    return response
