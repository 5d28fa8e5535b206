"""Do results of changed settings say so wherever they are seen?"""

import csv
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from experiments import claims, figures, pipeline, registry, runner
from experiments.experiment import Claim, Judgement
from experiments.selection import Selection, changed
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
