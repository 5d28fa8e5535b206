"""Is every command line answered with exit code 0 or 2, and never with a traceback?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import command_line

COMMANDS = ["list", "run", "figures", "report", "claims", "show", "clean", "rnu", ""]
NAMES = ["simulation", "residual", "simulaton", "0123", "deadbeef", "ω", "-", "--"]
OPTIONS = [
    "--profile", "--seeds", "--out", "--workers", "--quiet", "--json", "--dry-run", "--help", "-h",
    "--num-worlds", "--num-trained", "--training.num-steps", "--unheard-of", "--profile=smoke",
    "--seeds=-1", "--dask",
]  # fmt: skip
VALUES = ["smoke", "paper", "papr", "0", "1", "-3", "1e9", "None", "nan", "", "a b", "\x00", "{}"]
WORDS = st.lists(st.sampled_from([*NAMES, *OPTIONS, *VALUES]), max_size=6)


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch, tmp_path):
    """Parsing, checking and refusing are real; computing and connecting are not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(command_line, "_compute", lambda *_: pytest.skip)
    from experiments import pipeline

    monkeypatch.setattr(pipeline, "draw", lambda *_: None)


@given(st.sampled_from(COMMANDS), WORDS)
def test_any_words_are_answered_with_0_or_2_and_one_line(capsys, command, words):
    arguments = [word for word in [command] if word] + words
    try:
        command_line.main(arguments)
        code = 0
    except SystemExit as stopped:
        code = stopped.code or 0
    said = capsys.readouterr()
    assert code in (0, 2), (arguments, said.err)
    assert "Traceback" not in said.err
    if code == 2:
        assert said.err.startswith("latentgen: "), arguments
        assert said.err.count("\n") == 1, said.err
