"""`tingjian verify`: what `verify.py` in every pack does, in three languages, and who made the time stamp."""

import re
from pathlib import Path
from typing import Annotated

import typer

from qa.cli.words import LOCALE, say
from qa.core.errors import BadOptionError
from qa.core.messages import message
from qa.exports import verify as verifier
from qa.exports.verify import Report, Said
from qa.i18n import text

_SIXTEEN_OR_MORE = re.compile("[0-9a-fA-F]{16,64}")


def _e(name: str) -> str:
    return text(f"evidence.{name}", LOCALE)


def verify(
    pack: Annotated[Path, typer.Argument(help=_e("cli_pack"), metavar="PACK")],
    key: Annotated[Path | None, typer.Option("--key", help=_e("cli_key"), metavar="FILE")] = None,
    trust: Annotated[list[str] | None, typer.Option("--trust", help=_e("cli_trust"), metavar="KEYID")] = None,
    authority: Annotated[
        Path | None, typer.Option("--authority", help=_e("cli_authority"), metavar="FILE")
    ] = None,
) -> None:
    """Exit code 0 intact, 1 touched, 2 cannot be read as a pack, 3 intact but by a key that nobody named."""
    for one in trust or []:
        if not _SIXTEEN_OR_MORE.fullmatch(one):
            raise BadOptionError("evidence.verify_bad_trust", key=one[:80])
    ids, statements = _keys(key) if key else ([], [])
    if not key and not trust:
        ids, statements = _own_keys()
    report = verifier.verify(pack, [*(trust or []), *ids], statements)
    if authority and report.readable:
        _stamp(report, pack, authority)
    for said in [*report.problems, *report.notes, *([report.verdict] if report.readable else [])]:
        typer.echo(_sentence(said))
    raise typer.Exit(report.exit_code)


def _sentence(said: Said) -> str:
    return say(message(f"evidence.verify_{said.code}", **said.params))


def _keys(file: Path) -> tuple[list[str], list[dict[str, object]]]:
    try:
        return verifier.read_keys(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadOptionError("evidence.verify_bad_key_file", file=file) from None


def _own_keys() -> tuple[list[str], list[dict[str, object]]]:
    """Where the service itself lives, its own keys are the ones to trust."""
    from qa.cli.options import load_settings

    file = load_settings().home / "keys" / "keys.jsonl"
    if not file.is_file():
        return [], []
    typer.echo(say(message("evidence.trusted_own", file=file)))
    return _keys(file)


def _stamp(report: Report, pack: Path, authority: Path) -> None:
    """Check the time stamp of a pack in place of the verifier, which can only say what it stamps."""
    from qa.exports.timestamp import check_stamp

    report.notes = [said for said in report.notes if said.code != "stamp_unchecked"]
    stamp, signature = (verifier.read_small(pack, name) for name in (verifier.STAMP, verifier.SIGNATURE))
    if stamp is None or signature is None:
        report.wrong("missing", file=verifier.STAMP)
        return
    at = check_stamp(stamp, signature, authority)
    typer.echo(say(message("evidence.stamp_good", file=authority, at=at.isoformat())))
