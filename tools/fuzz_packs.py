"""Fuzzes the loader of rule packs: any YAML gives a rule book or a `BadPackError`, never anything else.

    python tools/fuzz_packs.py [CORPUS] [-max_total_time=600]

A quarter of the inputs are the text of a pack. The others are a shipped file in which some values were exchanged,
moved, doubled or removed: only such get past the reading of YAML in numbers, to where rules are understood.
"""

import copy
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris
import yaml

with atheris.instrument_imports(include=["qa.rules", "qa.lexicon"]):
    from qa.rules.loader import build, builtin_pack_dir, from_text, read_pack
from qa.core.errors import BadPackError


def one_input(raw: bytes) -> None:
    """One input of the fuzzer: a file of a pack."""
    data = atheris.FuzzedDataProvider(raw)
    name = "zh.common"
    if data.ConsumeIntInRange(0, 3):
        name, text = touched(data)
    else:
        rest = data.ConsumeBytes(data.remaining_bytes())
        try:
            text = rest.decode("utf-8")
        except UnicodeDecodeError:
            on_disk(rest)
            return
    try:
        build([from_text(name, text)])
    except BadPackError as error:
        if not error.message.params.get("file"):
            raise RuntimeError(f"{error.message.code} names no file") from error


def on_disk(raw: bytes) -> None:
    """Bytes that are no UTF-8 have to go through the reading of the file."""
    folder = HOME / "zh" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_bytes(raw)
    try:
        build(read_pack("zh/fuzz", [HOME]))
    except BadPackError:
        return


def touched(data: atheris.FuzzedDataProvider) -> tuple[str, str]:
    """A shipped file with some of its values exchanged."""
    name, good = SHIPPED[data.ConsumeIntInRange(0, len(SHIPPED) - 1)]
    pack = copy.deepcopy(good)
    for _ in range(data.ConsumeIntInRange(1, 4)):
        place, key = pack, "rules" if "rules" in pack and data.ConsumeBool() else pick(pack, data)
        while isinstance(place[key], (dict, list)) and place[key] and data.ConsumeIntInRange(0, 3):
            place = place[key]
            key = pick(place, data)
        match data.ConsumeIntInRange(0, 4):
            case 0:
                place[key] = data.ConsumeUnicodeNoSurrogates(data.ConsumeIntInRange(0, 40))
            case 1:
                place[key] = STRANGE[data.ConsumeIntInRange(0, len(STRANGE) - 1)]
            case 2:
                other = SHIPPED[data.ConsumeIntInRange(0, len(SHIPPED) - 1)][1]
                place[key] = copy.deepcopy(other[pick(other, data)])
            case 3:
                del place[key]
                if not place:
                    break
            case _:
                where = data.ConsumeUnicodeNoSurrogates(12) if isinstance(place, dict) else key
                if isinstance(place, dict):
                    place[where] = place[key]
                else:
                    place.insert(where, copy.deepcopy(place[key]))
        if not pack:
            break
    return name, yaml.dump(pack, allow_unicode=True)


def pick(place: Any, data: atheris.FuzzedDataProvider) -> Any:
    """One of the keys of an object, or one of the places of a list."""
    keys = list(place) if isinstance(place, dict) else range(len(place))
    return keys[data.ConsumeIntInRange(0, len(keys) - 1)]


HOME = Path(tempfile.mkdtemp(prefix="tj-fuzz-"))


def shipped() -> list[tuple[str, Any]]:
    """Name and content of shipped files that stand on their own, cut short: what is small is read quickly."""
    found = []
    for path in sorted(builtin_pack_dir().rglob("*.yaml")):
        name = ".".join(path.parent.relative_to(builtin_pack_dir()).parts)
        whole = yaml.safe_load(path.read_text(encoding="utf-8"))
        short = {key: value[:3] if isinstance(value, list) else value for key, value in whole.items()}
        for pack in (short, whole):
            try:
                build([from_text(name, yaml.dump(pack, allow_unicode=True))])
            except BadPackError:
                continue
            found.append((name, pack))
            break
    return found


SHIPPED = shipped()
STRANGE: tuple[Any, ...] = (
    None, True, -1, 10**30, 0.5, float("nan"), float("inf"), "", " ", "\u0000", "*", "**", "|", "((", "[a-",
    "(a+)+b", "{x}", "a{1000000}", "保证" * 500, [], {}, [[]], [None], {"": ""}, {"any": []}, {"all": [{}]},
    {"not": None}, {"says": {"any": ["*"]}}, {"says": "x"}, "2026-13-45", "..", "../../etc/passwd",
    "zh.common.greeting", {"regex": "("},
)  # fmt: skip

if __name__ == "__main__":
    logging.disable()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
