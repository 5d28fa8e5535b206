"""Is every command line answered with exit code 0 or 2, and never with a traceback?"""

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import HealthCheck, given, settings
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
    monkeypatch.setattr(command_line, "_compute", lambda *_: None)
    from experiments import pipeline

    monkeypatch.setattr(pipeline, "draw", lambda *_: None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(COMMANDS), WORDS)
def test_any_words_are_answered_with_0_or_2_and_one_line(command, words):
    arguments = [word for word in [command] if word] + words
    code, errors = 0, io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        try:
            command_line.main(arguments)
        except SystemExit as stopped:
            code = stopped.code or 0
    said = errors.getvalue()
    assert code in (0, 2), (arguments, said)
    assert "Traceback" not in said
    if code == 2:
        assert said.startswith("latentgen: "), (arguments, said)
        assert said.count("\n") == 1, (arguments, said)
