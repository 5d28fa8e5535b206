"""Does the ledger say of every claim what the stored results say, and no more?

Two made-up experiments with stores written by hand: `judged` has one number per seed and judges it
as a law's S, `other` has nothing stored unless a test stores it.
"""

import ast
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

import estimators as es
from experiments import claims, command_line, registry, report
from experiments.experiment import CellResult, Claim, Experiment, Finding, Judgement
from experiments.sources import source_digest
from experiments.store import Store
from experiments.verdicts import law_verdict, ledger_verdict
from experiments.wording import plain

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cell:
    """A cell of a made-up experiment."""

    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Config:
    """Its config: cells of two seeds."""

    num_cells: int = 2

    def with_seeds(self, num_seeds):
        return replace(self, num_cells=num_seeds)


def cells(config):
    return [Cell((2 * index, 2 * index + 1)) for index in range(config.num_cells)]


def compute(cell):
    raise AssertionError("a ledger computes nothing")


def judge(records):
    score = es.interval([value for record in records for value in record.metrics["score"]])
    return Judgement(law_verdict(score), f"S {plain(score)}")


def made_up(name, figure):
    claim = Claim(f"{name}-law", "somewhere", "f is affine", "x ⊥ y | c\tgiven", figure, judge)
    profiles = {profile: Config() for profile in ("smoke", "paper", "full")}
    return Experiment(
        name, "Is it so?", profiles, cells, lambda cell: cell, compute, lambda *_: None, (claim,)
    )


@pytest.fixture(autouse=True)
def two_experiments(request, monkeypatch):
    """Only the two made-up experiments are registered, unless a test asks for the real ones."""
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    if "real" in request.fixturenames:
        return
    made = {"judged": made_up("judged", "judged_size"), "other": made_up("other", "")}
    monkeypatch.setattr(registry, "questions", lambda: {name: "Is it so?" for name in made})
    monkeypatch.setattr(registry, "experiment", made.__getitem__)


@pytest.fixture
def real():
    """The registered experiments."""
    return [registry.experiment(name) for name in registry.questions()]


def store(out, name, score, num_cells=2):
    """Store cells whose seeds all have nearly this score."""
    found = Store(out / "store")
    sources = source_digest(compute.__module__)
    for cell in cells(Config(num_cells)):
        metrics = {"score": [score, score + 1e-4]}
        found.write(
            found.folder(name, cell, sources), cell, CellResult(metrics, {}), {"sources": sources}
        )


def verdicts(out, profile="paper", num_seeds=None):
    return [row.verdict for row in claims.ledger(out, profile, num_seeds)]


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.998, "holds"), (0.97, "approximate"), (0.5, "fails")]
)
def test_a_verdict_follows_the_stored_numbers_and_a_missing_experiment_is_no_error(
    tmp_path, score, verdict
):
    store(tmp_path, "judged", score)
    row, missing = claims.ledger(tmp_path, "paper", None)
    assert (row.verdict, missing.verdict) == (verdict, "not computed")
    assert re.search(rf"S {score:.3f} \[[\d., ]+\]", row.numbers)
    assert missing.numbers == "0 of 2 cells are stored"
    assert row.command == f"latentgen run judged --profile paper --out {tmp_path}"
    assert row.figure == f"{tmp_path.as_posix()}/figures/judged_size.pdf"
    assert missing.figure == ""


def test_an_incomplete_experiment_is_not_computed(tmp_path):
    store(tmp_path, "judged", 0.998, num_cells=1)
    row = claims.ledger(tmp_path, "paper", None)[0]
    assert (row.verdict, row.numbers) == ("not computed", "1 of 2 cells are stored")


def test_seeds_that_are_not_stored_are_not_computed_and_are_in_the_command(tmp_path):
    store(tmp_path, "judged", 0.998)
    row = claims.ledger(tmp_path, "paper", 3)[0]
    assert (row.verdict, row.numbers) == ("not computed", "2 of 3 cells are stored")
    assert row.command == f"latentgen run judged --profile paper --seeds 3 --out {tmp_path}"
    assert verdicts(tmp_path, num_seeds=1) == ["holds", "not computed"]


def test_smoke_results_are_no_evidence_but_their_numbers_are_shown(tmp_path):
    store(tmp_path, "judged", 0.998)
    row, missing = claims.ledger(tmp_path, "smoke", None)
    assert (row.verdict, missing.verdict) == ("not evidence", "not computed")
    assert "S 0.998" in row.numbers


def test_a_damaged_cell_costs_its_own_claims_only_and_says_what_to_do(tmp_path):
    store(tmp_path, "judged", 0.998)
    store(tmp_path, "other", 0.998)
    damaged = next((tmp_path / "store" / "other").iterdir()) / "metrics.json"
    damaged.write_text("{")
    row, other = claims.ledger(tmp_path, "paper", None)
    assert (row.verdict, other.verdict) == ("holds", "not computed")
    assert "is damaged" in other.numbers
    assert "`latentgen run` computes it again" in other.numbers


def test_reading_the_ledger_writes_nothing(tmp_path):
    assert verdicts(tmp_path / "none") == ["not computed"] * 2
    assert not list(tmp_path.iterdir())
    store(tmp_path, "judged", 0.998)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    verdicts(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def said(capsys, out, *options):
    """What the command says of some results, on stdout and on stderr."""
    command_line.main(["claims", "--out", str(out), *options])
    return capsys.readouterr()


def test_json_is_an_array_alone_on_stdout_and_what_is_missing_is_said_on_stderr(capsys, tmp_path):
    store(tmp_path, "judged", 0.998)
    told = said(capsys, tmp_path, "--json")
    rows = json.loads(told.out)
    assert rows == [row._asdict() for row in claims.ledger(tmp_path, "paper", None)]
    assert told.out.isascii()
    assert set(rows[0]) >= {"name", "source", "statement", "assumptions", "verdict", "numbers"}
    assert told.err == (
        f"not computed in {tmp_path}: other; `latentgen figures` with the same options computes "
        "what is missing\n"
    )
    store(tmp_path, "other", 0.5)
    assert said(capsys, tmp_path, "--json").err == ""


def test_piped_there_is_one_line_a_claim_with_every_field_between_tabs(capsys, tmp_path):
    store(tmp_path, "judged", 0.998)
    lines = said(capsys, tmp_path).out.splitlines()
    rows = claims.ledger(tmp_path, "paper", None)
    assert [line.split("\t")[:2] for line in lines] == [[r.name, r.verdict] for r in rows]
    assert {len(line.split("\t")) for line in lines} == {len(claims.Row._fields)}


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "from experiments.readers import pipe; pipe('a long line\\n' * 100_000)"
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as told:
        assert told.stdout.readline() == b"a long line\n"
        told.stdout.close()
        assert told.stderr.read() == b""
    assert told.returncode == 0


@pytest.mark.parametrize("width", [60, 100, 200])
def test_on_a_terminal_every_field_is_read_in_blocks_that_fit(tmp_path, width):
    store(tmp_path, "judged", 0.998)
    rows = claims.ledger(tmp_path, "paper", None)
    file = io.StringIO()
    claims.show(rows, Console(file=file, width=width))
    lines = file.getvalue().splitlines()
    assert max(len(line) for line in lines) <= width
    joined = "".join(file.getvalue().split())
    for row in rows:
        for field in row:
            assert "".join(field.split()) in joined
    assert lines[-1] == "2 claims: holds 1, not computed 1"


def test_a_terminal_gets_blocks_and_a_pipe_lines(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(command_line.sys.stdout, "isatty", lambda: True)
    assert "\t" not in said(capsys, tmp_path).out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--profile", "papr"], "unknown profile 'papr': did you mean 'paper'?"),
        (["--seeds", "0"], "--seeds must be at least 1; got 0"),
        (["--jsn"], "--json"),
        (["judged"], "judged"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, tmp_path, options, part):
    with pytest.raises(SystemExit) as stopped:
        said(capsys, tmp_path, *options)
    told = capsys.readouterr()
    assert stopped.value.code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert part in told.err


def page(tmp_path, pictures):
    """A report on `judged` alone, with the whole ledger."""
    finding = Finding("A headline.", [], {}, {name: "A caption." for name in pictures}, True)
    sections = [report.Section("judged", "Is it so?", finding, pictures, {}, "a command")]
    rows = claims.ledger(tmp_path, "paper", None)
    report.write(tmp_path / "report.html", sections, rows, "paper", "a command")
    return rows, (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_report_lists_every_claim_also_of_experiments_without_a_section(tmp_path):
    store(tmp_path, "judged", 0.998)
    rows, text = page(tmp_path, {"judged_size": '<svg id="a"></svg>'})
    ledger = text[text.index('<h2 id="claims">') : text.index('<h2 id="judged">')]
    for row in rows:
        for field in (row.name, row.source, row.statement, row.numbers, row.command):
            assert field in ledger
    found = re.findall(
        r'class="claim ([\w-]+)"[^>]*>\s*<summary><span class="verdict">([\w ]+)<', ledger
    )
    assert found == [("holds", "holds"), ("not-computed", "not computed")]
    assert '<a href="#figure-judged_size">' in ledger
    assert '<figure id="figure-judged_size">' in text


def test_a_figure_that_is_not_on_the_page_is_linked_only_where_its_file_is(tmp_path):
    assert "judged_size" not in page(tmp_path, {})[1]
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "judged_size.pdf").touch()
    assert '<a href="figures/judged_size.pdf">' in page(tmp_path, {})[1]


def test_what_a_ledger_shows_of_a_verdict():
    shown = [ledger_verdict(*pair) for pair in (("fails", False), ("fails", True), (None, True))]
    assert shown == ["fails", "not evidence", "not computed"]


def test_names_of_claims_are_unique_and_lasting(real):
    names = [claim.name for experiment in real for claim in experiment.claims]
    assert names
    assert len(set(names)) == len(names)
    assert not [name for name in names if not re.fullmatch(r"[a-z0-9_-]+", name)]


def test_every_claim_says_who_claims_what_in_a_line_and_when(real):
    for experiment in real:
        for claim in experiment.claims:
            for text in (claim.source, claim.statement, claim.assumptions):
                assert text
                assert text == " ".join(text.split())


def test_every_figure_of_a_claim_is_drawn_by_its_own_experiment(real):
    for experiment in real:
        drawn = _strings(ROOT / "paper_figs" / f"{experiment.name}.py")
        assert {claim.figure for claim in experiment.claims} <= drawn | {""}


def _strings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {node.value for node in nodes if isinstance(node.value, str)}
