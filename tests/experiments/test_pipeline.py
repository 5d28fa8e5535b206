"""Does one command lead from nothing to figures and a report, and the second time compute nothing?

The simulation with few settings and 40 training steps: the numbers are worthless, the path is the
real one.
"""

import csv
import hashlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from experiments import claims, executors, pipeline, simulation
from experiments.experiment import CellRecord
from experiments.results import Results
from experiments.runner import tasks
from experiments.selection import changed, select
from experiments.simulation.cell import Training
from experiments.store import HASHES, Store
from experiments.view import View
from tests.experiments.browsing import BROWSER, browse, fetched, measurable, reads_well

ROOT = Path(__file__).parents[2]
BRIEF = Training(num_steps=40)
TINY = replace(
    simulation.PAPER,
    num_trained=5,
    num_worlds=5,
    num_context_bits=(0, 8),
    graphs=((4, 1),),
    replace_rates=(0.3,),
    noiseless_context_bits=(0, 8),
    training=BRIEF,
    long_training=BRIEF,
)
VERDICT = r"\(the law (holds|fails|is approximate|stays undecided)\)"


def compute_and_draw(out, profile="smoke", num_seeds=None, num_workers=1):
    """Everything `latentgen figures` does; returns what it says."""
    console = Console(file=io.StringIO(), width=200)
    chosen, view = [select("simulation", profile, num_seeds)], View(console)
    place = pipeline.output(out)
    if num_workers:
        with executors.local(num_workers) as pool:
            workers = pipeline.Workers(pool, num_workers, shared_memory=True)
            pipeline.compute(chosen, place, workers, view, "a command")
    pipeline.draw(chosen, place, view, num_seeds, "a command")
    return console.file.getvalue()


def files(out):
    """The bytes of everything a person opens."""
    chosen = [out / "report.html", *(out / "figures").iterdir()]
    return {path.name: path.read_bytes() for path in chosen}


@pytest.fixture(scope="module")
def tiny():
    """The simulation with tiny profiles."""
    with pytest.MonkeyPatch.context() as patch:
        made = replace(simulation.EXPERIMENT, profiles={"smoke": TINY, "paper": TINY})
        patch.setattr(simulation, "EXPERIMENT", made)
        yield made


@pytest.fixture(scope="module")
def out(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline") / "deep" / "out"
    said = compute_and_draw(folder)
    count = len(tiny.cells(TINY))
    assert f"{count} of {count} cells computed" in said
    return folder


@pytest.fixture(scope="module")
def report(out):
    return (out / "report.html").read_text(encoding="utf-8")


def test_every_figure_is_there_as_pdf_and_png_with_the_table_it_is_drawn_from(out, tiny):
    finding = tiny.finding(records(out, tiny), False)
    names = {f"{name}{end}" for name in finding.captions for end in (".pdf", ".png")}
    assert set(files(out)) == {"report.html", "simulation.csv", *names}
    for name, data in files(out).items():
        assert data.startswith({"pdf": b"%PDF", "png": b"\x89PNG"}.get(name[-3:], b""))
        assert len(data) > 1000


def records(out, tiny):
    """The stored cells."""
    store = Store(out / "store")
    return [store.read(task.folder) for task in tasks(tiny, tiny.cells(TINY), store)]


def test_the_report_is_one_page_that_runs_and_fetches_nothing(report):
    assert "<script" not in report.lower()
    assert not fetched(report)
    assert "@import" not in report
    assert not re.findall(r"url\((?!#)", report)


def test_every_figure_in_the_report_has_a_text_and_its_files(report, out, tiny):
    captions = tiny.finding(records(out, tiny), False).captions
    pictures = re.findall(r'<svg role="img" aria-label="([^"]+)" aria-describedby="(.+?)"', report)
    texts = [re.findall(rf'id="{described}">([^<]+)<', report) for _, described in pictures]
    assert [html.unescape(text) for [text] in texts] == list(captions.values())
    headline = tiny.finding(records(out, tiny), False).headline
    labels = [html.unescape(label) for label, _ in pictures]
    assert labels == [f"Figure {name.replace('_', ' ')}: {headline}" for name in captions]
    scrolled = re.findall(r'class="picture" role="group" aria-label="Picture ([^"]+),', report)
    assert scrolled == [name.replace("_", " ") for name in captions]
    assert len(pictures) == report.count("<svg")
    assert all(len(text) > 40 for text in captions.values())
    for link in re.findall(r'href="((?!https://arxiv\.org/abs/)[^"#]+)"', report):
        assert (out / link).is_file()


def test_a_section_tells_what_its_claims_assume_and_leads_to_them(report, tiny):
    section = report[report.index('<h2 id="simulation">') :]
    table = section[section.index("Claims and their assumptions") : section.index("<h3>Nulls")]
    rows = re.findall(r'href="#(claim-[^"]+)">([^<]+)</a>.*?assumptions">([^<]+)</td>', table)
    told = [tuple(html.unescape(text) for text in row) for row in rows]
    assert told == [(f"claim-{c.name}", c.statement, c.assumptions) for c in tiny.claims]
    assert table.count(">not evidence<") == len(tiny.claims)


def test_a_section_tells_what_trained_networks_reach_beside_every_null(report):
    section = report[report.index("<h3>Nulls") : report.index("Where it comes from")]
    rows = re.findall(r'rowheader">([^<]+)</th><td[^>]*>([^<]+)</td>', section)
    nulls = ("raw input", "rows permuted", "untrained network", "commonest value")
    told = {(", ".join(measured.split(", ")[:2]), null) for measured, null in rows}
    assert {("probe accuracy, trained", null) for null in nulls} <= told


def test_a_section_tells_how_many_values_stand_behind_its_intervals(report):
    assert "<dt>worlds</dt><dd>5 values an interval, one a seed</dd>" in report


def test_the_least_and_the_most_values_of_an_interval_are_told():
    def told(*cells):
        configs = [{"panel": i, "seeds": [*range(len(own))]} for i, own in enumerate(cells)]
        records = map(CellRecord, configs, ({"r2.trained": own} for own in cells))
        return pipeline.values_an_interval(Results(list(records)))

    numbers = [0.1 * i for i in range(20)]
    assert told(numbers[:10], numbers) == "10 to 20 values an interval, one a seed"
    assert told(numbers[:10], [*numbers[:4], None]) == "10 values an interval, one a seed"
    assert told([1.0]) == "one value a number, without an interval"
    assert told([1.0], numbers) == "20 values an interval, one a seed; single values have none"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("dark", [False, True])
def test_a_real_report_reads_well_in_a_browser(out, tmp_path, dark):
    shutil.copy(out / "report.html", tmp_path)
    page = measurable(tmp_path / "report.html").name
    widths = {"phone": 380, "desk": 1400}
    found, complaints = browse(tmp_path, {n: (page, w) for n, w in widths.items()}, dark)
    assert complaints == []
    for name, width in widths.items():
        reads_well(found[name], width, dark)
    assert found["phone"]["pictures"] > 0


def test_ids_in_the_report_are_distinct_and_every_reference_finds_its_own(report):
    ids = re.findall(r'\bid="([^"]+)"', report)
    assert len(ids) == len(set(ids))
    used = re.findall(r'href="#([^"]+)"', report) + re.findall(r"url\(#([^)]+)\)", report)
    assert used
    assert set(used) <= set(ids)


def test_the_ledger_in_the_report_leads_to_the_figures_that_show_its_claims(report, out, tiny):
    captions = tiny.finding(records(out, tiny), False).captions
    ledger = report[report.index('<h2 id="claims">') : report.index('<h2 id="simulation">')]
    assert {claim.figure for claim in tiny.claims} <= captions.keys()
    for claim in tiny.claims:
        assert claim.name in ledger
        assert f'href="#figure-{claim.figure}"' in ledger
    own = [row for row in claims.ledger(out, "smoke", None) if row.experiment == "simulation"]
    assert {row.verdict for row in own} == {"not evidence"}


def test_smoke_results_are_stamped_and_give_no_verdict(report, out):
    assert "smoke: not evidence" in report
    assert not re.search(VERDICT, report)
    rows = list(csv.DictReader((out / "figures" / "simulation.csv").read_text().splitlines()))
    assert {row["profile"] for row in rows} == {"smoke"}


def test_numbers_of_every_kind_are_in_the_table(out):
    rows = list(csv.DictReader((out / "figures" / "simulation.csv").read_text().splitlines()))
    kinds = {"exact", "bayes", "oracle", "trained", "untrained", "permuted", "raw_input"}
    assert kinds <= {row["source"] for row in rows}
    assert {"size", "graph", "noiseless", "noise"} <= {row["panel"] for row in rows}
    assert {row["num_values"] for row in rows} <= {"0", "5"}


def test_a_second_run_computes_nothing_and_gives_the_same_bytes(out):
    before, stored = files(out), sorted((out / "store").rglob("*"))
    said = compute_and_draw(out)
    assert "nothing to compute" in said
    assert files(out) == before
    assert sorted((out / "store").rglob("*")) == stored


def test_another_process_draws_the_same_bytes(out, tmp_path):
    table = out / "figures" / "simulation.csv"
    code = (
        "import pathlib, sys; from experiments.figures import draw; "
        "draw('simulation', pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(table), str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "1"})
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn
    assert drawn.items() <= files(out).items()


def test_the_report_is_drawn_again_from_stored_results_alone(out):
    before = files(out)
    for path in (out / "figures").iterdir():
        path.unlink()
    (out / "report.html").unlink()
    compute_and_draw(out, num_workers=0)
    assert files(out) == before


def test_results_are_shared_between_profiles_and_only_the_smoke_one_is_stamped(out, tmp_path):
    (tmp_path / "store").symlink_to(out / "store")
    assert "nothing to compute" in compute_and_draw(tmp_path, profile="paper")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "smoke: not evidence" not in page
    assert "Too few seeds: not evidence" in page
    assert not re.search(VERDICT, page)


def test_what_is_missing_is_counted_when_nothing_may_be_computed(out):
    with pytest.raises(ValueError, match=r"\d+ of \d+ cells of simulation are not stored"):
        compute_and_draw(out, num_seeds=10, num_workers=0)


def test_changed_settings_are_told_in_the_report_with_the_command_that_was_typed(out, tiny):
    config = replace(TINY, replace_rates=(0.3,), num_context_bits=(0,), training=Training(41))
    usual = select("simulation", "smoke")
    chosen = changed(usual, config, None, "latentgen run simulation --num-context-bits 0")
    assert chosen.command == "latentgen run simulation --num-context-bits 0"
    assert chosen.changed == (
        "num_context_bits = (0,) (usually (0, 8))",
        "training.num_steps = 41 (usually 40)",
    )
    assert set(chosen.cells) < {
        *usual.cells,
        *(replace(cell, training=Training(41)) for cell in usual.cells),
    }
    assert changed(usual, TINY, None, "whatever") == usual


def test_cells_of_other_versions_are_mixed_only_with_a_remark(out, tiny, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    assert "mixed versions" not in (out / "figures" / "simulation.csv").read_text()
    store = Store(tmp_path / "out" / "store")
    folder = tasks(tiny, tiny.cells(TINY), store)[0].folder
    path = folder / "provenance.json"
    origin = json.loads(path.read_text())
    path.write_text(json.dumps({**origin, "python": "3.99.0"}))
    with pytest.raises(ValueError, match=r"provenance.json not as written"):
        compute_and_draw(tmp_path / "out", num_workers=0)
    hashes = json.loads((folder / HASHES).read_text())
    hashes["provenance.json"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / HASHES).write_text(json.dumps(hashes))
    compute_and_draw(tmp_path / "out", num_workers=0)
    assert "mixed versions" in (tmp_path / "out" / "figures" / "simulation.csv").read_text()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "cells were computed by different versions" in page


def test_seeds_reach_the_world_and_the_training(out, tiny):
    for record in records(out, tiny):
        if record.config["num_context_bits"] == 8 and record.config["panel"] != "noiseless":
            name = "excess_loss.trained" if record.config["training"] else "bayes_loss.exact"
            assert len(set(record.metrics[name])) == 5
