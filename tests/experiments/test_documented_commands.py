"""Is every command line that the documentation shows understood?"""

import re
import shlex
from pathlib import Path

import pytest

from experiments import parsing, registry
from experiments.commands import Clean, Figures, List, Run, Stored

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = re.compile(
    r"(?:\.venv/bin/|^|`|\s)(latentgen (?:list|run|figures|report|claims|show|clean)\b[^`\n]*)"
)
ELSEWHERE = {"sharpening", "sharpening-falls"}  # made on docs/how-to/add-an-experiment.md


def commands():
    """(page, words) of all command lines; what stands for something else is filled in."""
    for page in PAGES:
        for line in SHOWN.findall(page.read_text(encoding="utf-8")):
            shown = re.split(r"  #|\s[>|]\s|[;,)]| → |…", line)[0].strip().rstrip(".\\")
            words = shlex.split(shown)[1:]
            if words and not ELSEWHERE & set(words):
                yield page.relative_to(ROOT).as_posix(), tuple(words)


SHOWN_COMMANDS = sorted(set(commands()))


@pytest.mark.parametrize(("page", "words"), SHOWN_COMMANDS, ids=lambda part: str(part)[:60])
def test_every_command_line_shown_is_understood(page, words):
    if words[0] in ("run", "show") and len(words) == 1:
        return  # the name of a command, not a command line
    filled = ["residual" if word == "NAME" else word for word in words]
    filled = ["3" if word == "N" else "folder" if word == "DIR" else word for word in filled]
    if "--help" in filled:
        with pytest.raises(SystemExit) as stopped:
            parsing.parse(filled)
        assert stopped.value.code == 0
        return
    command = parsing.parse(filled)
    assert isinstance(command, List | Stored | Clean)
    if isinstance(command, Run):
        assert command.name in registry.questions()
    elif filled[0] == "figures":
        assert isinstance(command, Figures)


def test_commands_are_found_in_the_readme_and_in_the_docs():
    assert len({page for page, _ in SHOWN_COMMANDS}) >= 8
    assert len(SHOWN_COMMANDS) >= 15
