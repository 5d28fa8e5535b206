"""Which command do the words of a command line mean, and what is wrong with them?"""

import re
import sys
from collections.abc import Iterable
from contextlib import redirect_stderr
from difflib import SequenceMatcher
from io import StringIO
from itertools import pairwise
from typing import Any

import tyro

from experiments import registry
from experiments.commands import COMMANDS, FLAGS, NAMED, Run, run_with_settings
from experiments.readers import go_on_unread


def parse(words: list[str]) -> Any:
    """The command. Raises ValueError saying what is wrong, SystemExit once help was printed."""
    form, program, words = _form(words)
    said = StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(form, prog=program, args=words)
    except BrokenPipeError:  # who asked for --help has read enough
        go_on_unread()
        sys.exit(0)
    except SystemExit as stopped:
        if stopped.code in (0, None):
            raise
        raise ValueError(f"{first_words(said.getvalue())} (see latentgen --help)") from None


def _form(words: list[str]) -> tuple[Any, str, list[str]]:
    """What to parse as what, after which words: where an experiment is run, with its settings.

    Raises ValueError for a command or an experiment that is not there.
    """
    if words[:1] != ["run"]:
        if words and not words[0].startswith("-"):
            registry.check_known("command", words[0], NAMED)
        return COMMANDS, "latentgen", words
    known = registry.questions()
    place = _place_of_name(words, known)
    if place is None:
        return COMMANDS, "latentgen", words
    name = words[place]
    registry.check_known("experiment", name, known)
    profiles = registry.experiment(name).profiles
    asked = _values(words, "--profile")
    usual = profiles.get(asked[-1] if asked else Run.profile, profiles["paper"])
    rest = words[1:place] + words[place + 1 :]
    return run_with_settings(name, usual), f"latentgen run {name}", rest


def _place_of_name(words: list[str], known: Iterable[str]) -> int | None:
    """Which word of `run` is NAME: the next one, or after options the first that is no value."""
    if len(words) > 1 and not words[1].startswith("-"):
        return 1
    places = (
        place
        for place, (before, word) in enumerate(pairwise(words), 1)
        if word in known and (before in FLAGS or "=" in before or not before.startswith("-"))
    )
    return next(places, None)


def _values(words: list[str], option: str) -> list[str]:
    """What follows an option, as `--option value` or `--option=value`, in the order typed."""
    found = []
    for word, following in pairwise([*words, ""]):
        if word == option:
            found.append(following)
        elif word.startswith(f"{option}="):
            found.append(word.removeprefix(f"{option}="))
    return found


def first_words(box: str) -> str:
    """What tyro's framed message says first, and the nearest option it suggests, in one line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯ ") for line in plain.splitlines()[1:]]
    parts = re.split(r"[─-]{5,}", "\n".join(lines))  # dashes where the terminal has no boxes
    sections = [part.strip() for part in parts if part.strip()]
    said = sections[0].split("\n\n")[0]
    hints = [s for s in sections[1:] if s.startswith(("Perhaps you meant", "Available"))]
    hint = _nearest(hints[0], said) if hints else ""
    return "; ".join(" ".join(part.split()) for part in (said, hint) if part)


def _nearest(hint: str, said: str) -> str:
    """The hint with the one option that is most like what was typed."""
    lines = [line.strip() for line in hint.splitlines()]
    typed = next((word.strip(",") for word in said.split() if word.startswith("--")), "")
    options = [line for line in lines[1:] if line.startswith("--")] or lines[1:2]
    nearest = max(
        options, key=lambda line: SequenceMatcher(None, line.split()[0], typed).ratio(), default=""
    )
    return f"{lines[0]} {nearest}"
