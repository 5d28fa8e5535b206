"""Do results of changed settings say so wherever they are seen?"""

import csv
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from experiments import claims, figures, parsing, pipeline, registry, runner
from experiments.experiment import Claim, Judgement
from experiments.selection import Selection, changed, select
from paper_figs import style
from tests.experiments.toy import Toy, ToyConfig, run

LINE = "latentgen run toy --sizes 5"


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Where stored results of changed settings were drawn, and what was selected."""
    toy = Toy()
    claim = Claim("toy-square", "", "", "", "", lambda records: Judgement("holds", ""))
    toy.experiment = replace(toy.experiment, profiles={"paper": ToyConfig()}, claims=(claim,))
    monkeypatch.setattr(runner, "experiment_named", lambda _: toy.experiment)
    monkeypatch.setattr(registry, "questions", lambda: {"toy": ""})
    monkeypatch.setattr(figures, "draw", lambda *_: {})
    usual = Selection(toy.experiment, ToyConfig(), "paper", "latentgen run toy")
    chosen = changed(usual, ToyConfig(sizes=(5,)), None, LINE)
    place = pipeline.output(tmp_path)
    run(toy, place.store, chosen.config)
    return place, chosen, pipeline._section(chosen, place)


def test_the_table_and_the_section_say_which_settings_were_changed(drawn):
    place, _, section = drawn
    rows = csv.DictReader((place.figures / "toy.csv").read_text().splitlines())
    assert {row["profile"] for row in rows} == {"paper, changed settings"}
    assert section.provenance["changed settings"] == "sizes = (5,) (usually (3, 1, 2))"


def test_the_ledger_shows_the_settings_in_its_command(drawn):
    place, chosen, section = drawn
    [row] = claims.ledger(place.out, "paper", None, [chosen])
    assert (row.verdict, row.command) == ("holds", LINE)
    assert section.command == LINE


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("paper, changed settings", "changed settings"),
        ("few seeds, changed settings", "few seeds: not evidence; changed settings"),
        ("paper, changed settings, mixed versions", "changed settings, mixed versions"),
    ],
)
def test_a_figure_of_changed_settings_is_stamped(stamp, text):
    figure = Figure()
    style.stamp_smoke(figure, stamp)
    assert [said.get_text() for said in figure.texts] == [text]


def meant(*words):
    """What a command line selects."""
    command = parsing.parse(["run", *words])
    usual = select(command.name, command.profile, command.seeds, command.out)
    return changed(usual, command.config, command.seeds, "what was typed")


def test_what_is_said_to_be_changed_is_what_is_run():
    chosen = meant("leak", "--num-worlds", "7", "--seeds", "12", "--num-words", "6")
    assert (chosen.config.num_worlds, chosen.config.num_words) == (12, 6)
    assert chosen.changed == ("num_words = 6 (usually 8)",)
    chosen = meant("leak", "--num-worlds", "7", "--seeds", "12")  # --seeds has the last word
    assert (chosen.changed, chosen.config.num_worlds) == ((), 12)
    assert chosen.command == "latentgen run leak --profile paper --seeds 12"


@pytest.mark.parametrize(
    ("words", "profile"),
    [
        (["--profile=smoke", "--profile", "paper"], "paper"),
        (["--profile", "smoke", "--profile=paper"], "paper"),
        (["--profile", "paper", "--profile=smoke"], "smoke"),
    ],
)
def test_the_last_profile_typed_gives_the_settings(words, profile):
    chosen = meant("leak", *words)
    assert (chosen.profile, chosen.changed) == (profile, ())


@pytest.mark.parametrize(
    ("out", "words"),
    [("output", ""), ("./output", ""), ("/tmp/nowhere", " --out /tmp/nowhere"),
     ("my results", " --out 'my results'")],
)  # fmt: skip
def test_a_command_says_where_its_results_are(out, words):
    command = select("leak", "smoke", 3, Path(out)).command
    assert command == f"latentgen run leak --profile smoke --seeds 3{words}"
    assert parsing.parse(shlex.split(command)[1:]).out == Path(out)
