"""The built stylesheets, scripts and drawings: which file stands behind a name, and serving them.

`make setup` builds them from `qa/web/assets` with esbuild; names carry a hash of the content, so that browsers may
keep them for a year and still see every change at once.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static"
_KEPT: Final = "public, max-age=31536000, immutable"
_log = structlog.get_logger(__name__)


def asset(name: str) -> str:
    """The address of a built file: `asset("main.js")` -> `/static/main-FYRCZXHF.js`.

    Pages still work as plain HTML where nothing was built; the log then says how to build.
    """
    manifest = STATIC / "manifest.json"
    try:
        changed = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        _log.warning("assets.missing", wanted=name, remedy="make setup")
        return f"{PREFIX}/{name}"
    return f"{PREFIX}/{_manifest(manifest, changed).get(name, name)}"


@lru_cache(maxsize=1)
def _manifest(path: Path, _changed: int) -> dict[str, str]:
    names: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return names


class BuiltFiles(StaticFiles):
    """Serves `STATIC`; a missing folder is an empty one."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC, check_dir=False)

    async def check_config(self) -> None:
        """Nothing to check: a missing folder only means that nothing was built."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for good where its name carries a hash."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        response = await super().get_response(path, scope)
        if response.status_code == 200 and path in _manifest_values():
            response.headers["Cache-Control"] = _KEPT
        return response


def _manifest_values() -> frozenset[str]:
    manifest = STATIC / "manifest.json"
    if not manifest.exists():
        return frozenset()
    return frozenset(_manifest(manifest, manifest.stat().st_mtime_ns).values())
