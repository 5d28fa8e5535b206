"""Does a sample come back bit for bit, and does a table of it hold the exact answers?"""

import importlib
import json
import pickle
import zipfile

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("samples")


def same(one, two):
    return all(
        np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b)
        for a, b in zip(one, two, strict=True)
    )


@pytest.fixture(scope="module")
def drawn():
    return lg.sample(jax.random.key(0), lg.worlds.named("sprinkler"), 50)


@given(model=lg.strategies.models(), num_samples=st.integers(0, 3))
def test_a_sample_comes_back_bit_for_bit(folder, model, num_samples):
    length = 2 if model.num_positions is None else None
    sample = lg.sample(jax.random.key(1), model, num_samples, length)
    sample.save(folder / "sample.npz")
    back = lg.load_sample(folder / "sample.npz")
    assert isinstance(back, lg.Sample)
    assert same(back, sample)


def test_nothing_is_left_beside_the_file_and_a_new_one_replaces_it(tmp_path, drawn):
    drawn.save(tmp_path / "s")  # no suffix is added
    other = lg.Sample(*(array[:3] for array in drawn))
    other.save(str(tmp_path / "s"))
    assert same(lg.load_sample(tmp_path / "s"), other)
    assert list(tmp_path.iterdir()) == [tmp_path / "s"]


def test_plain_numpy_reads_the_arrays(tmp_path, drawn):
    drawn.save(tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["context"], drawn.context)
        assert json.loads(str(archive["header"])) == {"format": "latentgen.Sample", "version": 1}


@given(data=st.data())
def test_a_truncated_file_is_refused(folder, drawn, data):
    drawn.save(folder / "whole")
    whole = (folder / "whole").read_bytes()
    (folder / "cut").write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ValueError, match=r"cut is not a sample saved by Sample\.save"):
        lg.load_sample(folder / "cut")


class Trap:
    """A pickle that tells on whoever opens it."""

    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


def test_foreign_files_are_refused_and_never_unpickled(tmp_path):
    (tmp_path / "pickle").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "text").write_text("a sample")
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    np.savez(tmp_path / "objects.npz", header=np.array([Trap()], object))
    np.savez(tmp_path / "list.npz", header=np.array("[1]"))
    lg.save(lg.worlds.named("echo"), tmp_path / "world")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("header.npy", "no array")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ValueError, match=rf"{path.name} (is not a sample|holds)"):
            lg.load_sample(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"token": np.zeros(2, int)}, "values has 3 samples and token has 2"),
        ({"context": np.zeros((3, 2))}, "context must be integers with 2 axes; got float64"),
        ({"values": np.zeros(3, int)}, "values must be integers with 2 axes"),
    ],
)
def test_arrays_that_are_no_sample_are_neither_written_nor_read(tmp_path, arrays, message):
    good = {"values": np.zeros((3, 1), int), "context": np.zeros((3, 2), int)}
    good |= {"token": np.zeros(3, int)} | arrays
    with pytest.raises(ValueError, match=message):
        lg.Sample(**good).save(tmp_path / "w.npz")
    header = np.array(json.dumps({"format": "latentgen.Sample", "version": 1}))
    np.savez(tmp_path / "w.npz", header=header, **good)
    with pytest.raises(ValueError, match=f"is damaged: {message}"):
        lg.load_sample(tmp_path / "w.npz")


def test_a_newer_version_is_refused_with_the_remedy(tmp_path, drawn):
    header = np.array(json.dumps({"format": "latentgen.Sample", "version": 2}))
    np.savez(tmp_path / "w.npz", header=header, **drawn._asdict())
    with pytest.raises(ValueError, match=r"version 2; this version .* load it with the version"):
        lg.load_sample(tmp_path / "w.npz")


def test_without_pandas_the_remedy_is_named(drawn, monkeypatch):
    def missing(name):
        raise ImportError(f"no module {name}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install pandas, or use Sample\.save"):
        drawn.to_pandas()


def test_a_table_holds_the_draws_and_the_exact_answers_of_each_context(drawn):
    pytest.importorskip("pandas")
    model = lg.worlds.named("sprinkler")
    frame = drawn.to_pandas(model)
    assert list(drawn.to_pandas().columns) == list(frame.columns)[:6]
    assert list(frame.columns)[:6] == [
        *("concept_0", "concept_1", "concept_2", "word_0", "word_1", "token")
    ]
    np.testing.assert_array_equal(frame[["word_0", "word_1"]], drawn.context)
    np.testing.assert_array_equal(frame["token"], drawn.token)
    for name, exact in {
        "log_posterior": lg.log_posterior(model, drawn.context),
        "log_predictive": lg.log_predictive(model, drawn.context),
        "log_concept_posterior_1": lg.log_concept_posterior(model, drawn.context, 1),
    }.items():
        columns = [f"{name}_{index}" for index in range(exact.shape[1])]
        np.testing.assert_allclose(frame[columns], exact, atol=1e-12)
    assert frame.shape == (50, 6 + 8 + 2 + 3 * 2)


def test_a_table_of_another_model_is_refused(drawn):
    pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="2 concepts and the sample has 3: give the model"):
        drawn.to_pandas(lg.worlds.named("echo"))


def changed(sample, **changes):
    """The sample with a row of an array set to a number."""
    arrays = {name: np.array(array) for name, array in sample._asdict().items()}
    for name, (row, number) in changes.items():
        arrays[name][row] = number
    return lg.Sample(**arrays)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": ((7, 1), 2)}, r"values of concept 1 lie in 0 … 1 .* row 7 .* has 2"),
        ({"values": ((7, 2), -1)}, r"values of concept 2 lie in 0 … 1 .* row 7 .* has -1"),
        ({"token": (9, 2)}, r"tokens lie in 0 … 1 .* row 9 .* has 2"),
        ({"token": (9, -1)}, r"tokens lie in 0 … 1 .* row 9 .* has -1"),
        ({"context": ((3, 1), 9)}, r"words at position 1 lie in 0 … [0-9]; row 3 .* has 9"),
    ],
)
def test_numbers_outside_the_model_are_refused_with_the_remedy(drawn, changes, said):
    pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=f"{said}: give the model that it was drawn from"):
        changed(drawn, **changes).to_pandas(lg.worlds.named("sprinkler"))


def test_more_words_than_the_model_has_and_rows_that_disagree_are_refused(drawn):
    pytest.importorskip("pandas")
    model = lg.worlds.named("sprinkler")
    context = np.asarray(drawn.context)
    longer = drawn._replace(context=np.hstack([context, context]))
    with pytest.raises(ValueError, match=r"at most 2 positions .* got 4: give the model"):
        longer.to_pandas(model)
    with pytest.raises(ValueError, match="token has 4: keep the same samples"):
        drawn._replace(token=drawn.token[:4]).to_pandas(model)
    with pytest.raises(ValueError, match=r"values must be integers .*: give what lg\.sample drew"):
        drawn._replace(values=drawn.values + 0.5).to_pandas(model)


def test_shorter_contexts_are_draws_of_the_model():
    pytest.importorskip("pandas")
    model = lg.worlds.named("sprinkler")
    shorter = lg.sample(jax.random.key(2), model, 20, 1)
    frame = shorter.to_pandas(model)
    exact = lg.log_predictive(model, shorter.context)
    np.testing.assert_allclose(frame[["log_predictive_0", "log_predictive_1"]], exact, atol=1e-12)


def test_configurations_beyond_32_bits_are_numbered_on_the_host():
    graph = lg.chain_dag(40)
    tables = lg.bernoulli_concept_tables(jax.random.key(0), graph)
    coin = np.full((2, 2), 0.5)
    model = lg.ConceptModel.from_graph(graph, (2,) * 40, tables, [((0,), coin)], ((1,), coin))
    drawn = lg.sample(jax.random.key(1), model, 20)
    digits = ["".join(map(str, row)) for row in np.asarray(drawn.values)]
    assert drawn.configuration(model.space).tolist() == [int(digit, 2) for digit in digits]
    small = lg.worlds.named("sprinkler")
    drawn = lg.sample(jax.random.key(1), small, 20)
    traced = jax.jit(lambda draws: draws.configuration(small.space))(drawn)
    np.testing.assert_array_equal(traced, drawn.configuration(small.space))
