"""Does an error in one claim, finding or figure leave the rest, where settings were changed?

And is it never taken for bad input? Every experiment with each list of values cut down to each one
of them, on made-up records; then a toy whose every part asks for a setting that is not there.
"""

import dataclasses
import html
import importlib
import re
import typing

import pytest

from experiments import claims, command_line, figures, left_out, pipeline, registry, runner
from experiments.experiment import Claim, Finding, Judgement
from experiments.results import Results, write_table
from experiments.selection import Selection
from tests.experiments.toy import Toy, ToyConfig
from tests.paper_figs.made_up_tables import RECORDS

MOST_DRAWN = 2  # lists of an experiment, as drawing takes long
LEFT_OUT = r"the changed settings leave out what .+ needs \(\w+(Error|Iteration): .*\)"


def cut_down(config):
    """(setting, config) with each list reduced to each of its several values."""
    for name, hint in typing.get_type_hints(type(config)).items():
        if Ellipsis in typing.get_args(hint):
            values = getattr(config, name)
            for value in values if len(values) > 1 else ():
                yield name, dataclasses.replace(config, **{name: (value,)})


@pytest.fixture
def only_drawn(monkeypatch):
    """Figures are drawn, and not saved."""

    def draw(name, table, folder):
        return dict.fromkeys(importlib.import_module(f"paper_figs.{name}").draw(table), "<svg/>")

    monkeypatch.setattr(figures, "draw", draw)


@pytest.mark.filterwarnings(  # of means, lines and axes of a single point
    "ignore::RuntimeWarning", "ignore:Polyfit may be poor", "ignore:Attempting to set identical"
)
@pytest.mark.usefixtures("only_drawn")
@pytest.mark.parametrize("name", registry.questions())
def test_every_list_may_be_cut_down_to_any_of_its_values(name, tmp_path):
    experiment = registry.experiment(name)
    drawn = set()
    for setting, config in cut_down(experiment.profiles["smoke"]):
        chosen = Selection(experiment, config, "paper", "a command", (f"{setting} was changed",))
        records = RECORDS[name](config)
        said = [pipeline._finding(chosen, records).headline]
        said += [claims._judged(claim, chosen, records).figures for claim in experiment.claims]
        if setting not in drawn and len(drawn) < MOST_DRAWN:
            drawn.add(setting)
            table = tmp_path / f"{name}.csv"
            write_table(table, Results(records), "paper, changed settings")
            pictures, problem = pipeline._pictures(chosen, table, tmp_path)
            assert bool(pictures) != bool(problem)
            said.append(problem)
        for text in said:
            assert "settings leave out" not in text or re.search(LEFT_OUT, text), (setting, text)


def nothing_there(*_):
    raise ValueError("max() arg is an empty sequence")


@pytest.fixture
def latentgen(monkeypatch, capsys, tmp_path):
    """The command line with a toy whose finding and figures fail, and one of its two claims."""
    made = Toy().experiment
    kept = Claim("toy-kept", "", "", "", "", lambda _: Judgement("holds", "all is well"))
    lost = Claim("toy-lost", "", "", "", "", nothing_there)
    made = dataclasses.replace(
        made, profiles={"paper": ToyConfig((1, 2), 2)}, claims=(kept, lost), finding=nothing_there
    )
    monkeypatch.setattr(registry, "questions", lambda: {"toy": made.question})
    monkeypatch.setattr(registry, "experiment", lambda _: made)
    monkeypatch.setattr(runner, "experiment_named", lambda _: made)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(figures, "draw", nothing_there)

    def run(*words):
        command_line.main(["run", "toy", "--workers", "1", "--out", str(tmp_path), *words])
        return capsys.readouterr()

    return run


def test_where_settings_were_changed_the_rest_is_shown_and_the_error_named(latentgen, tmp_path):
    assert "report: " in latentgen("--sizes", "2").out
    page = html.unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
    error = "(ValueError: max() arg is an empty sequence)"
    for what in ("No finding: {} the finding", "No figure: {} the figure script"):
        assert f"{what.format('the changed settings leave out what')} needs {error}" in page
    assert f"<dd>the changed settings leave out what the claim toy-lost needs {error}</dd>" in page
    assert "<dd>all is well</dd>" in page
    verdicts = re.findall(r'id="claim-(toy-\w+)">\s*<summary><span[^>]*>([^<]+)<', page)
    assert verdicts == [("toy-kept", "holds"), ("toy-lost", "undecided")]
    rows = (tmp_path / "figures" / "toy.csv").read_text().splitlines()
    assert rows[1].startswith('"paper, changed settings",2,square')


def test_in_the_usual_settings_an_error_of_ours_is_no_bad_input(latentgen):
    with pytest.raises(RuntimeError, match=r"^the finding of toy failed: ValueError: max\(\) arg"):
        latentgen()


def test_an_error_of_a_claim_names_it(latentgen, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "_finding", lambda *_: Finding("", [], {}, {}, True))
    with pytest.raises(RuntimeError, match=r"^the figure script of toy failed: ValueError"):
        latentgen()
    monkeypatch.setattr(pipeline, "_pictures", lambda *_: ({}, ""))
    with pytest.raises(RuntimeError, match=r"^the claim toy-lost of toy failed: ValueError"):
        latentgen()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left on device"), OSError),  # told by its own line
        (TypeError("a bug"), RuntimeError),
        (AttributeError("a bug"), RuntimeError),
        (KeyError("dim"), left_out.LeftOut),
        (StopIteration(), left_out.LeftOut),
    ],
)
def test_only_an_error_of_asking_for_what_is_not_there_is_passed_over(error, expected):
    def question():
        raise error

    chosen = Selection(Toy().experiment, None, "paper", "", ("sizes were changed",))
    with pytest.raises(expected):
        left_out.ask("it", chosen, question)
