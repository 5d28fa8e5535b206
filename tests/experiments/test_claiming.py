"""Is a cell computed by one process at a time, and free again when its holder is gone?"""

import multiprocessing
import os
import signal
from dataclasses import dataclass

import pytest

from experiments.store import Store


@dataclass(frozen=True)
class Cell:
    size: int = 2


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out" / "store")


def test_a_cell_is_claimed_once_and_free_again_afterwards(store):
    folder, other = store.folder("toy", Cell(), "abc"), store.folder("toy", Cell(size=3), "abc")
    with store.claimed(folder) as mine, store.claimed(folder) as theirs:
        assert (mine, theirs) == (True, False)
        with store.claimed(other) as another:
            assert another
    with Store(store.root).claimed(folder) as mine:
        assert mine
    assert not store.has(folder)


def _claim_and_wait(root, folder, ready):
    with Store(root).claimed(folder) as mine:
        ready.put(mine)
        signal.pause()


@pytest.mark.skipif(os.name != "posix", reason="no process can be killed like this elsewhere")
def test_a_claim_dies_with_its_holder(store):
    folder = store.folder("toy", Cell(), "abc")
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Queue()
    holder = spawn.Process(target=_claim_and_wait, args=(store.root, folder, ready))
    holder.start()
    assert ready.get(timeout=60)
    with store.claimed(folder) as mine:
        assert not mine
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(60)
    with store.claimed(folder) as mine:
        assert mine
