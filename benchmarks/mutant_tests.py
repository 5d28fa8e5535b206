"""How are tests run on a mutant, of which there are thousands?

A plugin of pytest for benchmarks.mutation: fewer examples than `dev` and the same ones every time,
failures not made smaller, the quickest test first and none that takes more than two seconds.
"""

import gc
import json
import os
import time
from pathlib import Path

import pytest

SLOW = 2.0  # seconds
SPENT = pytest.StashKey[dict[str, float]]()  # CPU time of every test


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests():
    """Registers the profile before tests/conftest.py loads it; pytest imports hypothesis first."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutate",
        max_examples=20,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )


def pytest_collection_modifyitems(items):
    seconds = _known_seconds()
    items[:] = [item for item in items if seconds.get(item.nodeid, 0.0) <= SLOW]
    items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    started = time.process_time()
    result = yield
    item.config.stash.setdefault(SPENT, {})[item.nodeid] = time.process_time() - started
    return result


def pytest_sessionfinish(session, exitstatus):
    """Keeps the seconds of a run that passed; before forks, frees them of looking for garbage."""
    if session.config.option.collectonly:
        gc.collect()
        gc.freeze()
    elif exitstatus == 0:
        seconds = _known_seconds() | session.config.stash.get(SPENT, {})
        Path(os.environ["SECONDS_OF_TESTS"]).write_text(json.dumps(seconds), encoding="utf-8")


def _known_seconds():
    path = Path(os.environ["SECONDS_OF_TESTS"])
    return json.loads(path.read_text("utf-8")) if path.exists() else {}
