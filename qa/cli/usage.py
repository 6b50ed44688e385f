"""What is wrong with a command line, in the language of its user: the parser tells it in English alone."""

import re
from typing import Final

from qa.cli.words import t

_PROBLEMS: Final = {
    "command_meant": r"No such command '(?P<name>.+)'\. Did you mean '(?P<known>.+)'\?",
    "option_meant": r"No such option: (?P<name>\S+?)\.? \(?(?:Did you mean|Possible options:) (?P<known>.+?)[?)]*",
    "command": r"No such command '(?P<name>.+)'\.?",
    "missing": r"Missing (?:argument|option|parameter) '?(?P<name>.+?)'?\.?",
    "option": r"No such option: (?P<name>\S+)",
    "extra": r"Got unexpected extra arguments?(?:\(s\))? \((?P<name>.+)\)",
    "no_value": r"Option '(?P<name>.+)' requires an argument\.?",
    "date": r"Invalid value for '(?P<name>.+?)': .*does not match the formats?.*",
    "whole": r"Invalid value for '(?P<name>.+?)': .*valid integer.*",
    "least": r"Invalid value for '(?P<name>.+?)': .*greater than or equal to (?P<bound>\d+).*",
    "most": r"Invalid value for '(?P<name>.+?)': .*less than or equal to (?P<bound>\d+).*",
    "choice": r"Invalid value for '(?P<name>.+?)': .*'(?P<given>[^']*)' is not one of (?P<known>'.+'[^.]*)\.?",
    "value": r"Invalid value for '(?P<name>.+?)': (?P<why>.+)",
}
"""Message -> what the parser says in its place; the first that fits counts."""


def told(problem: str) -> str:
    """The problem as a sentence, or as the parser puts it where that is not known."""
    for name, pattern in _PROBLEMS.items():
        if said := re.fullmatch(pattern, problem.strip(), re.DOTALL):
            return t(f"usage_{name}", **said.groupdict())
    return problem
