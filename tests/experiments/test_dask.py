"""Do dask's workers compute cells, and does one that is killed cost only what it had in hand?"""

import io
import os
import signal
import sys
import threading
import time
from concurrent.futures import CancelledError

import pytest
from rich.console import Console

from experiments import executors, registry, runner
from experiments.store import Store
from experiments.view import View
from tests.experiments.test_executors import noted_files

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX"),
    # What dask says when a worker is lost, and while it closes, is no concern of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield made


def cells():
    """Nine real cells without training, of different shapes."""
    chosen = registry.experiment("simulation")
    exact = [c for c in chosen.cells(chosen.profiles["paper"]) if c.training is None]
    return chosen, [c for c in exact if c.panel == "size" and c.num_context_bits <= 8][:9]


def compute(store, pool, number):
    chosen, wanted = cells()
    planned = runner.tasks(chosen, wanted, store)
    view = View(Console(file=io.StringIO()))
    runner.compute_missing(planned, store, pool, view, "c", num_workers=number)
    return [store.read(task.folder) for task in planned]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("undisturbed"))
    with executors.local(1) as pool:
        return compute(store, pool, 1)


def test_workers_have_the_options_of_the_run(cluster, monkeypatch):
    monkeypatch.setenv("XLA_OF_THE_RUN", "here")
    with executors.dask(cluster.scheduler_address) as (pool, _):
        assert pool.submit(os.getenv, "XLA_OF_THE_RUN").result(60) == "here"


def test_workers_note_the_sources_before_they_get_work(cluster):
    with executors.dask(cluster.scheduler_address) as (pool, _):
        assert pool.submit(noted_files).result(60) > 100


def _lose_the_project():
    lost = [name for name in sys.modules if name.split(".")[0] == "experiments"]
    sys.modules.update(dict.fromkeys(lost))


def test_a_worker_that_cannot_import_the_project_is_named_in_one_line():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as without:
        with distributed.Client(without, set_as_default=False) as client:
            client.run(_lose_the_project)
        with (
            pytest.raises(
                executors.WorkersLost, match=r"cannot import experiments.*: install the same"
            ),
            executors.dask(without.scheduler_address),
        ):
            pass


def _wait_for(path, given_up):
    began = time.monotonic()
    while not path.exists():
        if time.monotonic() > began + 20:
            given_up.touch()
            return
        time.sleep(0.02)


def test_an_interrupted_run_waits_for_no_worker(cluster, tmp_path):
    go_on, given_up = tmp_path / "go_on", tmp_path / "given_up"

    def interrupted():
        with executors.dask(cluster.scheduler_address) as (pool, _):
            pool.submit(_wait_for, go_on, given_up)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not given_up.exists()
    go_on.touch()


def test_a_scheduler_that_leaves_is_named_in_one_line(cluster):
    address = cluster.scheduler_address
    with (
        pytest.raises(executors.WorkersLost, match=f"scheduler at {address} was lost"),
        executors.dask(address),
    ):
        raise CancelledError


def test_a_scheduler_without_workers_is_named_once_and_does_not_hold_up(monkeypatch, capsys):
    monkeypatch.setattr(executors, "WORKERLESS_SECONDS", 0)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        executors.dask(empty.scheduler_address) as (_, number),
    ):
        assert number() == 1
    assert capsys.readouterr().err.count("no workers yet at tcp://") == 1


def test_a_worker_that_is_killed_costs_only_its_cell(cluster, tmp_path, undisturbed):
    store, killed = Store(tmp_path), []

    def kill():
        while not list(store.root.glob("simulation/[!.]*")):
            time.sleep(0.02)
        pid = next(iter(cluster.workers.values())).pid
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill)
    with executors.dask(cluster.scheduler_address) as (pool, number):
        assert number() == 2
        killer.start()
        found = compute(store, pool, number)
    killer.join()
    assert killed
    assert found == undisturbed


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(ValueError, match=r"no dask scheduler answers at tcp://127.0.0.1:9 "),
        executors.dask("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8786", "localhost:8786x", "localhost", "tcp://", ""]
)
def test_what_is_no_address_is_refused_before_a_client_is_made(address, monkeypatch):
    made = []
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: made.append(1))
    with (
        pytest.raises(ValueError, match=rf"such as tcp://HOST:8786; got '{address}' \("),
        executors.dask(address),
    ):
        pass
    assert not made
