"""Builds `data/syllables.txt` from pypinyin: run `python -m qa.text.build_syllables` after changing a merger.

The table is shipped, so that neither the half second of building it nor pypinyin itself is needed at run time.
A class is a syllable without its tone after the mergers of the southern accents and of telephone bands:
zh=z ch=c sh=s, n=l, f=hu, an=ang, en=eng, in=ing.
"""

import re
from pathlib import Path

from pypinyin import Style, lazy_pinyin, pinyin

TABLE = Path(__file__).parent / "data" / "syllables.txt"

_F_MERGERS = {"fa": "hua", "fei": "hui", "fen": "hun", "fan": "huan", "fo": "huo", "fou": "hou", "fu": "hu"}

_POLYPHONES = "行长重还着乐数率调差便强降供空更应单参角卡落量任散少盛系相兴种作"
"""Characters whose other readings matter in service calls; patterns are tried with each of them."""

FIRST, LAST = 0x3400, 0x9FFF


def syllable_class(syllable: str) -> str:
    """The class of a toneless pinyin syllable, e.g. `zhang` -> `zan`."""
    s = syllable.replace("ü", "v")
    s = re.sub(r"^([zcs])h", r"\1", s)
    s = re.sub(r"(?<=[aei])ng$", "n", s)
    s = "hon" if s == "fen" and syllable.endswith("g") else s
    s = _F_MERGERS.get(s, s)
    s = "hong" if s == "hon" else s
    return re.sub(r"^n(?=.)", "l", s)


def build() -> str:
    """The table: one line `class<TAB>characters`, then a line `*` and `character<TAB>further classes`."""
    classes: dict[str, list[str]] = {}
    for code in range(FIRST, LAST + 1):
        char = chr(code)
        reading = lazy_pinyin(char, errors="ignore")
        if reading and reading[0].isascii() and reading[0].isalpha():
            classes.setdefault(syllable_class(reading[0]), []).append(char)
    lines = [f"{name}\t{''.join(chars)}" for name, chars in sorted(classes.items())]
    of = {c: name for name, chars in classes.items() for c in chars}
    lines.append("*")
    for char in _POLYPHONES:
        others = {syllable_class(r) for r in pinyin(char, style=Style.NORMAL, heteronym=True)[0]} - {of[char]}
        if others:
            lines.append(f"{char}\t{' '.join(sorted(others & classes.keys()))}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(build(), encoding="utf-8")
