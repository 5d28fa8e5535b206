"""What do tests of runs share? A toy experiment that the runner finds, and an empty store."""

import pytest

from experiments import runner
from experiments.store import Store
from tests.experiments.toy import Toy


@pytest.fixture
def toy(monkeypatch):
    """Cells that take no time and say which were computed."""
    made = Toy()
    monkeypatch.setattr(runner, "experiment_named", lambda name: made.experiment)
    return made


@pytest.fixture
def store(tmp_path):
    """A store of one test."""
    return Store(tmp_path)
