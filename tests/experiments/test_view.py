"""Does a person see how far a run is, on a narrow terminal, in a log, and not at all if asked?"""

import io
import re

from rich.console import Console

from experiments.view import MAX_NOW, PLAIN_LINES, View

NUM_CELLS = 1499
NOW = [f"simulation: size, 4, tokens, {number}, (0, 1, 2, 3, 4), {'long ' * 30}" for number in "ab"]


def shown(num_missing, now, **options):
    """What a console of 80 characters shows of a run, line by line, without its colours."""
    console = Console(file=io.StringIO(), width=80, **options)
    view = View(console)
    view.start(NUM_CELLS)
    view.show(num_missing, now)
    view.progress.refresh()
    view.stop()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", console.file.getvalue()).splitlines()


def test_on_a_terminal_numbers_are_whole_and_each_cell_in_work_has_a_line_that_fits():
    lines = shown(99, NOW, force_terminal=True)
    text = " ".join("".join(lines).split())
    assert "1400/1499" in text
    assert re.search(r"cells, \d+ a minute,", text)
    assert re.search(r"at this rate [\d.]+ (min|h) left", text)
    assert all(len(line) <= 80 for line in lines)
    for number in "ab":
        assert any(line.startswith(f"simulation: size, 4, tokens, {number}") for line in lines)
        assert not any("long " * 20 in line for line in lines)


def test_no_more_lines_than_a_screen_has_for_what_runs_now():
    lines = shown(99, [f"cell {number}" for number in range(64)], force_terminal=True)
    assert {line for line in lines if line.startswith("cell ")} == {
        f"cell {number}" for number in range(MAX_NOW)
    }


def run(quiet=False):
    """What is printed of a whole run where there is no terminal."""
    console = Console(file=io.StringIO(), width=80)
    view = View(console, quiet)
    view.start(NUM_CELLS)
    for missing in range(NUM_CELLS - 1, -1, -1):
        view.show(missing, NOW)
    view.stop()
    return console.file.getvalue().splitlines()


def test_in_a_log_there_are_a_few_plain_lines():
    lines = run()
    assert 2 <= len(lines) <= PLAIN_LINES + 1
    assert re.fullmatch(
        r"149 of 1499 cells computed, \d+ s, \d+ a minute, at this rate 0.\d min left", lines[0]
    )
    assert lines[-1].startswith("1499 of 1499 cells computed, ")
    assert "left" not in lines[-1]


def test_a_quiet_run_shows_nothing():
    assert run(quiet=True) == []
