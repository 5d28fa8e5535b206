"""Does a world come back bit for bit, and is every other file refused?"""

import json
import pickle
import re
import zipfile

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("worlds")


@given(model=lg.strategies.models())
def test_a_world_comes_back_bit_for_bit(folder, model):
    lg.save(model, folder / "world.npz")
    back = lg.load(folder / "world.npz")
    assert back == model
    assert [f.scope for f in back.prior] == [f.scope for f in model.prior]
    assert back.graph is None if model.graph is None else back.graph.edges == model.graph.edges
    for one, two in zip(back.log_tables(), model.log_tables(), strict=True):
        np.testing.assert_array_equal(one, two)
        assert not one.flags.writeable


@pytest.mark.parametrize("name", lg.worlds.names())
def test_named_worlds_come_back_and_nothing_is_left_beside_them(tmp_path, name):
    path = tmp_path / "world"  # no suffix is added
    lg.save(lg.worlds.named(name), str(path))
    assert lg.load(path) == lg.worlds.named(name)
    assert list(tmp_path.iterdir()) == [path]


def test_saving_the_same_world_again_replaces_the_file(tmp_path):
    lg.save(lg.worlds.named("echo"), tmp_path / "w")
    lg.save(lg.worlds.named("sprinkler"), tmp_path / "w")
    assert lg.load(tmp_path / "w") == lg.worlds.named("sprinkler")


@pytest.fixture(scope="module")
def whole(folder):
    lg.save(lg.worlds.named("sprinkler"), folder / "whole")
    return (folder / "whole").read_bytes()


@given(data=st.data())
def test_a_truncated_file_is_refused(folder, whole, data):
    kept = data.draw(st.integers(0, len(whole) - 1))
    (folder / "cut").write_bytes(whole[:kept])
    with pytest.raises(ValueError, match=r"cut is not a world saved by lg\.save"):
        lg.load(folder / "cut")


def loaded(path):
    """The world in a file, or None and what was said instead."""
    try:
        return lg.load(path), ""
    except ValueError as error:
        return None, str(error)


@given(data=st.data())
def test_a_damaged_file_is_refused_or_comes_back_whole(folder, whole, data):
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[place] ^ data.draw(st.integers(1, 255))
    (folder / "bad").write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
    world, message = loaded(folder / "bad")
    refused = re.search("bad (is not a world|holds|is damaged)", message)
    assert refused or world == lg.worlds.named("sprinkler")


class Trap:
    """A pickle that tells on whoever opens it."""

    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


def test_foreign_files_are_refused_and_never_unpickled(tmp_path):
    (tmp_path / "pickle").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "text").write_text("a world")
    (tmp_path / "empty").write_bytes(b"")
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    np.savez(tmp_path / "objects.npz", header=np.array([Trap()], object))
    np.savez(tmp_path / "list.npz", header=np.array("[1]"))
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("header.npy", "no array")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ValueError, match=rf"{path.name} (is not a world|holds|is damaged)"):
            lg.load(path)


def rewritten(path, tables=None, **changes):
    """The sprinkler's file with another header or other tables."""
    model = lg.worlds.named("sprinkler")
    header = {"format": "latentgen.ConceptModel", "version": 1, **model.header()} | changes
    tables = model.log_tables() if tables is None else tables
    arrays = {f"table_{i}": table for i, table in enumerate(tables)}
    np.savez(path, header=np.array(json.dumps(header)), **arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, r"ConceptModel version 2; this version .* reads version 1: load it with"),
        ({"format": "other"}, r"holds other, and lg\.load reads .*: give the path of one"),
        ({"token": None}, "damaged: 6 tables for 5 factors"),
        ({"cardinalities": [2, 2, 3]}, "damaged: table 2 has shape"),
        ({"cardinalities": [2, 1, 2]}, "damaged"),
        ({"cardinalities": "two"}, "damaged"),
        ({"words": [[[7], []], [[0], []]]}, "damaged"),
        ({"prior": [[0], [0, 1], [0, 1]]}, "damaged"),
        ({"words": 3}, "damaged"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path, changes, message):
    rewritten(tmp_path / "w.npz", **changes)
    with pytest.raises(ValueError, match=message):
        lg.load(tmp_path / "w.npz")


@pytest.mark.parametrize("wrong", [np.zeros(2), np.full(2, np.nan), np.zeros(2, np.float32)])
def test_tables_that_are_no_distributions_are_refused(tmp_path, wrong):
    rewritten(tmp_path / "w.npz", [wrong, *lg.worlds.named("sprinkler").log_tables()[1:]])
    with pytest.raises(ValueError, match="is damaged: table 0"):
        lg.load(tmp_path / "w.npz")


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        lg.load(tmp_path / "none.npz")


def test_an_unwritable_place_leaves_nothing_behind(tmp_path):
    with pytest.raises(OSError, match="none"):
        lg.save(lg.worlds.named("echo"), tmp_path / "none" / "w.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_load_would_read_as_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"give a name that does not end in \.json"):
        lg.save(lg.worlds.named("echo"), tmp_path / "world.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_names_what_reads_it(tmp_path):
    model = lg.worlds.named("sprinkler")
    lg.save(model, tmp_path / "world")
    lg.sample(jax.random.key(0), model, 3).save(tmp_path / "sample")
    with pytest.raises(ValueError, match=r"holds latentgen\.Sample, and .*: use lg\.load_sample$"):
        lg.load(tmp_path / "sample")
    with pytest.raises(ValueError, match=r"holds latentgen\.ConceptModel, and .*: use lg\.load$"):
        lg.load_sample(tmp_path / "world")
