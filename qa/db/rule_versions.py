"""The versions of the rules that were in force, with their texts."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qa.core.base import LEVEL
from qa.db.models import PackTextRow, RuleVersionRow

TEXT: Final = "text"


class RuleVersions:
    """Everything happens in the transaction of `session`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_newest(self, files: Sequence[dict[str, Any]]) -> bool:
        """Whether these files, given with their `text`, are what came into force last."""
        newest = self._newest()
        return newest is not None and newest.files == _rows(files)

    def keep(self, files: Sequence[dict[str, Any]], now: datetime) -> int:
        """The number of the version that these files are: the next one, unless they are the newest already."""
        newest, rows = self._newest(), _rows(files)
        if newest is not None and newest.files == rows:
            return newest.number
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        texts = {_digest(one[TEXT]): one[TEXT] for one in files}
        values = [{"sha256": key, "payload": zlib.compress(text.encode(), LEVEL)} for key, text in texts.items()]
        if values:
            self._session.execute(dialect.insert(PackTextRow).on_conflict_do_nothing(), values)
        made = RuleVersionRow(number=newest.number + 1 if newest else 1, since=now, files=rows)
        self._session.add(made)
        self._session.flush()
        return made.number

    def _newest(self) -> RuleVersionRow | None:
        return self._session.scalar(sa.select(RuleVersionRow).order_by(RuleVersionRow.number.desc()).limit(1))

    def all(self) -> Sequence[RuleVersionRow]:
        """Newest first."""
        return self._session.scalars(sa.select(RuleVersionRow).order_by(RuleVersionRow.number.desc())).all()

    def texts(self, row: RuleVersionRow) -> dict[str, str]:
        """SHA-256 -> text of the files of a version."""
        wanted = sa.select(PackTextRow).where(PackTextRow.sha256.in_({one["sha256"] for one in row.files}))
        return {one.sha256: zlib.decompress(one.payload).decode() for one in self._session.scalars(wanted)}


def _rows(files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in one.items() if k != TEXT} | {"sha256": _digest(one[TEXT])} for one in files]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
