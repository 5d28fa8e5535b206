"""Is every command line, and every file given as a world, answered with exit code 0 or 2?

Of `run` and `figures` only what is parsed, checked and refused: what a cell refuses is in
test_bad_input, and an error in what is drawn in test_left_out.
"""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import latentgen as lg
from experiments import command_line
from latentgen import rational
from tests.world_texts import graphs, saturated, spoilt

COMMANDS = ["list", "run", "figures", "report", "claims", "show", "clean", "rnu", ""]
NAMES = ["simulation", "residual", "simulaton", "0123", "deadbeef", "ω", "-", "--", "sprinkler"]
NAMES += ["theorems", "scale"]
OPTIONS = [
    "--profile", "--seeds", "--out", "--workers", "--quiet", "--json", "--dry-run", "--help", "-h",
    "--num-worlds", "--num-trained", "--training.num-steps", "--unheard-of", "--profile=smoke",
    "--seeds=-1", "--dask", "--context", "--context-length",
]  # fmt: skip
VALUES = ["smoke", "paper", "papr", "0", "1", "-3", "1e9", "None", "nan", "", "a b", "\x00", "{}"]
VALUES += ["nowhere.json", ".npz", "9" * 30]
WORDS = st.lists(st.sampled_from([*NAMES, *OPTIONS, *VALUES]), max_size=6)
FEW = {
    "max_examples": settings().max_examples // 2,  # of whatever profile is loaded
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch, tmp_path):
    """Parsing, checking and refusing are real; computing and connecting are not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(command_line, "_compute", lambda *_: None)
    from experiments import pipeline

    monkeypatch.setattr(pipeline, "draw", lambda *_: [])


def answered(arguments):
    """The exit code, 0 or 2, and what was printed; 2 comes with one line on stderr."""
    code, said, errors = 0, io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(errors):
        try:
            command_line.main(arguments)
        except SystemExit as stopped:
            code = stopped.code or 0
    errors = errors.getvalue()
    assert code in (0, 2), (arguments, errors)
    assert "Traceback" not in errors
    if code == 2:
        assert errors.startswith("latentgen: "), (arguments, errors)
        assert errors.count("\n") == 1, (arguments, errors)
        assert said.getvalue() == ""
    return code, said.getvalue()


@settings(**FEW)
@given(st.sampled_from(COMMANDS), WORDS)
@example("run", ["--out", "scale", "theorems", "--profile", "smoke"])
@example("run", ["--out", "scale", "--quiet", "theorems", "--seeds=3"])
@example("run", ["--", "theorems"])
def test_any_words_are_answered_with_0_or_2_and_one_line(command, words):
    answered([word for word in [command] if word] + words)


@settings(**FEW | {"max_examples": 15})
@given(st.one_of(saturated(), graphs()))
def test_every_small_world_has_its_page(tmp_path, content):
    (tmp_path / "world.json").write_text(json.dumps(content))
    code, said = answered(["show", "world.json", "--json"])
    assert code == 0
    found = json.loads(said)
    assert found["cardinalities"] == content["cardinalities"]
    if content["token"] is not None:  # else the words reach the next one past the concepts
        assert 0 <= found["token_information"] <= found["concept_information"] + 1e-12
    assert answered(["show", "world.json"])[0] == 0


@settings(**FEW)
@given(spoilt(st.one_of(saturated(), graphs())))
def test_a_spoilt_world_is_refused_or_has_its_page(tmp_path, content):
    (tmp_path / "world.json").write_text(json.dumps(content))
    answered(["show", "world.json"])


@settings(**FEW)
@given(st.data())
def test_bytes_that_are_damaged_are_refused_or_a_world(tmp_path, data):
    whole = rational.stored("counterexample-pinned").json().encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.binary(max_size=3))
    kept = data.draw(st.sampled_from([b"", whole[place + 1 :]]))
    (tmp_path / "world.json").write_bytes(whole[:place] + wrong + kept)
    answered(["show", "world.json"])


@given(st.binary(max_size=20))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"a": ' * 20_000)
@example(b"9" * 5000)
@example(b"\xff\xfe")
@example(b"null")
@settings(**FEW | {"max_examples": 10})
def test_bytes_that_were_never_a_world_are_refused(tmp_path, content):
    for name in ("world.json", "world.npz", "world"):
        (tmp_path / name).write_bytes(content)
        assert answered(["show", str(tmp_path / name)])[0] == 2


HEADERS = [lg.worlds.named(name).header() for name in ("sprinkler", "echo")]


@settings(**FEW)
@given(spoilt(st.sampled_from(HEADERS)))
@example(HEADERS[0] | {"positions_alike": True})
@example(HEADERS[0] | {"prior": [[0], [2, 1], [0, 1, 2]]})
@example(HEADERS[0] | {"prior": [[2, 0], [0, 1], [1, 0, 2]]})
@example(HEADERS[0] | {"words": [[[-1], []], [[0], []]]})
def test_a_saved_world_with_a_spoilt_header_is_refused_or_has_its_page(tmp_path, header):
    model = lg.worlds.named("sprinkler" if header.get("cardinalities") != [2, 2] else "echo")
    tables = {f"table_{i}": table for i, table in enumerate(model.log_tables())}
    content = {"format": "latentgen.ConceptModel", "version": 1} | header
    np.savez(tmp_path / "world.npz", header=np.array(json.dumps(content)), **tables)
    answered(["show", "world.npz"])
