"""Is every kind of bad input answered with rule, value and remedy, in one line, with exit code 2?

In the order of the list of what a world and its contexts must be; all of it from the command line.
"""

import json

import numpy as np
import pytest

import latentgen as lg
from experiments import command_line, pipeline, world_files
from latentgen import rational

COIN = {
    "format": rational.FORMAT,
    "version": 1,
    "note": "a coin, and what is heard of it",
    "cardinalities": [2],
    "prior": ["1/3", "2/3"],
    "words": [[["1", "0"], ["1/7", "6/7"]]],
    "token": [["3/7", "4/7"], ["1/2", "1/2"]],
}
NEVER = {"words": [[["1", "0"], ["1", "0"]]]}  # the second word has probability zero
LOCAL = {"scope": [0], "table": [["1/2", "1/2"], ["0", "1"]]}
GRAPH = {
    "format": "latentgen.RationalGraph",
    "version": 1,
    "cardinalities": [2, 2],
    "edges": [[0, 1], [1, 0]],
    "concept_tables": [[["1/2", "1/2"]], [["1/2", "1/2"]]],
    "words": [LOCAL],
    "token": LOCAL,
}
LARGE = GRAPH | {
    "cardinalities": [2] * 40,
    "edges": [],
    "concept_tables": [[["1/2", "1/2"]]] * 40,
}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """A folder of its own, and an environment that stays as it is."""
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys, *arguments):
    """The one line that is said of bad input."""
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    said = capsys.readouterr()
    assert (stopped.value.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith("latentgen: ")
    return said.err


# content, further words of the command line, rule, value, remedy
WORLDS = {
    "a sum that is not one": (
        COIN | {"prior": ["1/3", "1/3"]}, [], "prior must hold probabilities that sum to 1",
        "they sum to 2/3", "divide each by the sum",
    ),
    "a negative probability": (
        COIN | {"prior": ["4/3", "-1/3"]}, [], "prior must hold probabilities in 0 … 1",
        "got 4/3", "mend it, or divide the row",
    ),
    "NaN": (
        COIN | {"token": [[float("nan"), "1"], ["1/2", "1/2"]]}, [],
        'token[0] must hold fractions such as "3/7"', 'got "NaN"', "write it as one",
    ),
    "shapes that disagree: prior": (
        COIN | {"prior": ["1/3", "1/3", "1/3"]}, [], "prior must have 2 entries, one a",
        "got 3", "mend cardinalities",
    ),
    "shapes that disagree: rows": (
        COIN | {"token": [["1"]]}, [], "token must have 2 rows, one a configuration",
        "got 1", "add or remove rows",
    ),
    "shapes that disagree: lengths of rows": (
        COIN | {"token": [["1"], ["0", "1"]]}, [], "rows of token must be equally long",
        "got lengths [1, 2]", "add outcomes of probability 0",
    ),
    "shapes that disagree: positions": (
        COIN | {"words": [COIN["words"][0], [["1"], ["1"]]]}, [], "must have as many words",
        "got [2, 1]", "add words of probability 0",
    ),
    "a cycle": (GRAPH, [], "must have no cycle", "got 0 → 1 → 0", "remove one of these edges"),
    "a word outside the vocabulary": (
        COIN, ["--context", "2"], "words at position 0 lie in 0 … 1",
        "row 0 of the context has 2", "`latentgen show world.json` tells its words",
    ),
    "too many words": (
        COIN, ["--context", "0", "0"], "may have at most 1 positions", "got 2", "tells its words",
    ),
    "a word that is no number": (
        COIN, ["--context", "9" * 30], "words are numbers below", "got 9999", "give smaller ones",
    ),
    "an impossible context": (
        COIN | NEVER, ["--context", "1"], "has probability zero", "row 0 of the context, [1]",
        "drop it, or allow for noise",
    ),
    "a cardinality below 2": (
        COIN | {"cardinalities": [1]}, [], "cardinality of at least 2", "concept 0 has 1",
        "drop the concept",
    ),
    "cardinalities that are no list": (
        COIN | {"cardinalities": 2}, [], "cardinalities must be a list", "got 2", "put it into [ ]",
    ),
    "cardinalities that are no integers": (
        COIN | {"cardinalities": ["2"]}, [], "must hold integers", 'got "2"', "without quotes",
    ),
    "an enumeration that is too large": (
        LARGE, [], "may be 4194304 at most", "2 × 1099511627776 × 2", "fewer concepts",
    ),
    "huge cardinalities": (
        COIN | {"cardinalities": [10**30]}, [], "prior must have more than 10^18 entries", "got 2",
        "mend cardinalities",
    ),
    "a length that the world has not": (
        COIN, ["--context-length", "2"], "must lie in 0 … 1", "got 2", "another --context-length",
    ),
    "a negative length": (
        COIN, ["--context-length", "-1"], "must lie in 0 … 1", "got -1", "another --context-length",
    ),
    "one context and all": (
        COIN, ["--context", "0", "--json"], "--context shows one context", "or --json",
        "leave them out",
    ),
    "another format": (
        COIN | {"format": "mine"}, [], '"format": one of latentgen.RationalWorld', 'got "mine"',
        "add it",
    ),
    "another version": (
        COIN | {"version": 9}, [], "worlds of version 1", "got 9", "write it in version 1",
    ),
    "a missing table": (
        {key: COIN[key] for key in COIN if key != "token"}, [], "needs token", "token",
        "add what is missing",
    ),
    "no object": ([1, 2], [], "is a JSON object", "[1, 2]", "see docs/how-to/own-world.md"),
    "a number too long": (
        COIN | {"prior": ["1e999999999", "0"]}, [], "must hold fractions", "1e9999", "as one",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_that_is_none_is_refused_with_rule_value_and_remedy(capsys, elsewhere, name):
    content, further, *parts = WORLDS[name]
    (elsewhere / "world.json").write_text(json.dumps(content), encoding="utf-8")
    said = refused(capsys, "show", "world.json", *further)
    assert [part for part in parts if part not in said] == [], said
    assert [path.name for path in elsewhere.iterdir()] == ["world.json"]


FILES = {
    "text that is not UTF-8": (
        "w.json", b'{"note": "\xff"}', "must be UTF-8 text", "byte 10", "save it as UTF-8",
    ),
    "no JSON": ("w.json", b"{", "is a JSON object", "line 1 column 2", "see docs/how-to"),
    "an empty file": ("w.json", b"", "is a JSON object", "not JSON", "see docs/how-to"),
    "deep nesting": ("w.json", b"[" * 100_000, "is a JSON object", "recursion", "see docs/how-to"),
    "no archive": (
        "w.npz", b"no zip", "is not a world saved by lg.save", "w.npz", "give the path of one",
    ),
    "a file without a suffix": (
        "w", json.dumps(COIN).encode(), "is not a world saved by lg.save", "no .npz archive",
        "end the name of JSON in fractions with .json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_no_world_is_refused_with_rule_value_and_remedy(capsys, elsewhere, name):
    path, content, *parts = FILES[name]
    (elsewhere / path).write_bytes(content)
    said = refused(capsys, "show", path)
    assert [part for part in parts if part not in said] == [], said


def test_a_file_that_is_not_there_a_folder_and_one_that_may_not_be_read_are_refused(
    capsys, elsewhere, monkeypatch
):
    rule, remedy = "a world is a .json or .npz file", "give the path of one"
    assert f"{rule}; w.json does not exist: {remedy}" in refused(capsys, "show", "w.json")
    (elsewhere / "w.npz").mkdir()
    assert f"{rule}; w.npz is a folder: {remedy}" in refused(capsys, "show", "w.npz")
    (elsewhere / "v.json").write_text(json.dumps(COIN))

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied", "v.json")

    monkeypatch.setattr(world_files, "read_rational", forbidden)  # root may read everything
    said = refused(capsys, "show", "v.json")
    assert "v.json must be a file that can be read; Permission denied: change its perm" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"positions_alike": True}, "2 tables of words for positions that are alike"),
        ({"prior": [[0], [0, 1], [1, 0, 2]]}, "are no directed acyclic graph"),
        ({"prior": [[1, 0], [0, 1], [0, 1, 2]]}, "are no directed acyclic graph"),
        ({"prior": [[0], [0, 1], [0, 2, 1]]}, "are no directed acyclic graph"),
        ({"words": [[[-1], []], [[0], []]]}, "there is no concept -1"),
        ({"words": [[[2, 2], []], [[0], []]]}, "the scope [2, 2] names a concept twice"),
        ({"words": [[[2], [0]], [[0], []]]}, "the word at position 0 reads [0]"),
    ],
)
def test_a_saved_world_that_is_damaged_says_so(capsys, elsewhere, changes, said):
    world = lg.worlds.named("sprinkler")
    header = {"format": "latentgen.ConceptModel", "version": 1, **world.header()} | changes
    arrays = {f"table_{i}": table for i, table in enumerate(world.log_tables())}
    np.savez(elsewhere / "w.npz", header=np.array(json.dumps(header)), **arrays)
    heard = refused(capsys, "show", "w.npz")
    assert "w.npz is damaged: " in heard
    assert said in heard
    assert "save the world again" in heard


NAMES = {
    "an experiment": (["run", "simulatoin"], "unknown experiment 'simulatoin'", "'simulation'?"),
    "a profile": (["figures", "--profile", "papr"], "unknown profile 'papr'", "'paper'?"),
    "a world": (["show", "sprinklr"], "cell or world 'sprinklr'", "did you mean 'sprinkler'?"),
    "nothing near": (["show", "ω"], "cell or world 'ω'", "`latentgen list` and `latentgen claims`"),
    "no world": (["show", "leak", "--json"], "--json is for worlds; leak names none", "leave it"),
    "a length of no world": (
        ["show", "leak", "--context-length", "3"], "--context-length is for worlds", "leave it",
    ),
    "a dimension of zero": (
        ["run", "gap", "--dims", "0"], "--dims must be at least 1; got 0", "give another number",
    ),
    "a width below zero": (
        ["run", "gap", "--widths", "-1"], "--widths must be at least 1; got -1", "give another",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_or_a_setting_that_is_none_is_refused(capsys, elsewhere, name):
    arguments, *parts = NAMES[name]
    said = refused(capsys, *arguments)
    assert [part for part in parts if part not in said] == [], said
    assert not list(elsewhere.iterdir())


def test_a_folder_that_cannot_be_written_to_is_refused(capsys, elsewhere):
    (elsewhere / "file").write_text("no folder")
    said = refused(capsys, "run", "leak", "--out", "file/out")
    assert "file/out/store cannot be written to" in said
    assert "--out" in said


@pytest.fixture
def a_cell_that_refuses(monkeypatch):
    """Every run ends with the error that the runner makes of a cell's ValueError."""

    def compute(*_):
        refused = ValueError("there are too many contexts: use fewer")
        raise RuntimeError(f"a cell of leak failed: {refused}") from refused

    monkeypatch.setattr(pipeline, "compute", compute)


@pytest.mark.usefixtures("a_cell_that_refuses")
def test_settings_that_a_cell_refuses_are_bad_input(capsys):
    said = refused(capsys, "run", "leak", "--num-words", "60", "--workers", "1")
    assert "a cell of leak failed: there are too many contexts: use fewer: change num_words" in said
    assert "num_words = 60 (usually 8); what was computed is kept" in said


@pytest.mark.usefixtures("a_cell_that_refuses")
def test_an_error_in_the_usual_settings_is_ours_and_no_bad_input():
    with pytest.raises(RuntimeError, match="a cell of leak failed"):
        command_line.main(["run", "leak", "--workers", "1"])
