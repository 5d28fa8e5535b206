"""Is what the help says of seeds true of every experiment?

They are stored in blocks; more seeds keep the whole ones, and compute one that was cut short again.
"""

import re

import pytest

from experiments import parsing, registry

FEW, MORE = 7, 12  # neither fills a last block


def cells(name, num_seeds):
    experiment = registry.experiment(name)
    return experiment.cells(experiment.profiles["paper"].with_seeds(num_seeds))


def asked(found):
    """The cells whose seeds are those that were asked for: the trained ones, if there are any."""
    trained = [cell for cell in found if getattr(cell, "training", None) is not None]
    return trained or found


def seeds(found):
    return {seed for cell in found for seed in cell.seeds}


@pytest.fixture
def said(capsys):
    """What `--help` says of the option, in one line."""
    with pytest.raises(SystemExit):
        parsing.parse(["figures", "--help"])
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    return words[words.index("--seeds") : words.index("--workers")]


def rounds_up(name):
    return max(seeds(asked(cells(name, FEW)))) >= FEW


def test_the_help_names_the_blocks_of_every_experiment(said):
    usual, *others = re.findall(r"\d+", re.search(r"in blocks of (.*?):", said)[1])
    named = dict(re.findall(r"(\w+) (\d+)[,)]", said))
    assert list(named.values()) == others
    for name in registry.questions():
        whole = max(len(cell.seeds) for cell in cells(name, 40))
        assert whole == int(named.get(name, usual)), name


def test_the_help_names_the_experiments_that_round_up(said):
    told = re.search(r"again\. (.*) round up to whole blocks", said)[1]
    assert re.findall(r"\w{4,}", told) == [name for name in registry.questions() if rounds_up(name)]


@pytest.mark.parametrize("name", registry.questions())
def test_more_seeds_keep_whole_blocks_and_compute_one_that_was_cut_short_again(name):
    before, after = cells(name, FEW), cells(name, MORE)
    whole = max(len(cell.seeds) for cell in cells(name, 40))
    newly_trained = seeds(asked(after)) - seeds(asked(before)) if name == "scale" else set()
    again = [cell for cell in set(before) - set(after) if not newly_trained & set(cell.seeds)]
    assert all(len(cell.seeds) < whole for cell in again)
    assert seeds(before) <= seeds(after)
    assert bool(again) != rounds_up(name)
