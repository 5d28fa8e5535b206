"""Does a saved estimator come back bit for bit, and nothing else in its place?"""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import estimators as es
from estimators.predictors.mlp import MLP
from estimators.scikit import storage

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(40, 3)), DRAW.normal(size=(40, 2))
CONTEXT, TOKEN = DRAW.integers(3, size=(40, 2)), np.arange(40) % 4
FAST = {"num_steps": 5, "batch_size": 16}
PREDICTOR = MLP(context_length=2, num_tokens=4, dim=3, num_words=3, hidden=(4, 3))


def fitted(kind):
    return {
        "map": lambda: es.AffineMap(ridge=np.float64(0.5), tolerance=None).fit(X, Y),
        "map of one target": lambda: es.AffineMap().fit(X, Y[:, 0]),
        "probe": lambda: es.LinearProbe(C=np.inf).fit(X, np.arange(40) % 3),
        "probe of names": lambda: es.LinearProbe().fit(X, np.array(["a", "bc"] * 20, object)),
        "network": lambda: es.NextTokenPredictor(
            options={"hidden": (4, 3)}, bias=True, random_state=3, **FAST
        ).fit(CONTEXT, TOKEN),
    }[kind]()


KINDS = ["map", "map of one target", "probe", "probe of names", "network"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_estimator_comes_back_bit_for_bit(kind, tmp_path):
    made = fitted(kind)
    made.save(tmp_path / "it")
    found = type(made).load(tmp_path / "it")
    assert [each.name for each in tmp_path.iterdir()] == ["it"]
    assert found.get_params() == made.get_params()
    rows = CONTEXT if isinstance(made, es.NextTokenPredictor) else X
    np.testing.assert_array_equal(found.predict(rows), made.predict(rows))
    assert vars(found).keys() == vars(made).keys()
    for name in ("coef_", "intercept_", "classes_", "unembedding_", "loss_", "rank_"):
        if hasattr(made, name):
            np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
            assert np.asarray(getattr(found, name)).dtype == np.asarray(getattr(made, name)).dtype
    found.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "it").read_bytes()


def test_the_output_chosen_comes_back(tmp_path):
    for made, rows in ((fitted("map"), X), (fitted("network"), CONTEXT)):
        made.save(tmp_path / "array")
        made.set_output(transform="pandas").save(tmp_path / "table")
        table = type(made).load(tmp_path / "table")
        assert table._sklearn_output_config == {"transform": "pandas"}
        table.set_output(transform="default")
        assert isinstance(table.transform(rows), np.ndarray)
        assert not hasattr(type(made).load(tmp_path / "array"), "_sklearn_output_config")


def test_column_names_come_back(tmp_path):
    made = es.AffineMap().fit(X, Y)
    made.feature_names_in_ = np.array(["a", "b", "c"], object)
    made.save(tmp_path / "it")
    names = es.AffineMap.load(tmp_path / "it").feature_names_in_
    assert names.dtype == object
    assert list(names) == ["a", "b", "c"]


def test_a_predictor_of_the_users_own_is_given_again(tmp_path):
    made = es.NextTokenPredictor(PREDICTOR, bias=True, **FAST)
    made.set_params(progress=lambda told: None).fit(CONTEXT, TOKEN)
    made.save(tmp_path / "it")
    found = es.NextTokenPredictor.load(tmp_path / "it", architecture=PREDICTOR)
    np.testing.assert_array_equal(found.transform(CONTEXT), made.transform(CONTEXT))
    assert found.progress is None  # code is not saved
    for other in (None, MLP(context_length=2, num_tokens=4, dim=3, num_words=3, hidden=(4, 4))):
        with pytest.raises(
            ValueError, match=r"was trained with MLP.* give load an equal predictor"
        ):
            es.NextTokenPredictor.load(tmp_path / "it", architecture=other)
    fitted("network").save(tmp_path / "named")
    with pytest.raises(ValueError, match="names its architecture, mlp: load it without"):
        es.NextTokenPredictor.load(tmp_path / "named", architecture=PREDICTOR)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_cut_short_is_refused(share, tmp_path):
    path = tmp_path / "it"
    fitted("map").save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="it"):
        es.AffineMap.load(path)


def test_a_file_with_a_byte_changed_is_refused(tmp_path):
    path = tmp_path / "it"
    fitted("map").save(path)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        es.AffineMap.load(path)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "it"
    fitted("map").save(path)
    with pytest.raises(ValueError, match=r"holds AffineMap version 1; this is LinearProbe\.load"):
        es.LinearProbe.load(path)
    np.savez(tmp_path / "table.npz", X)
    with pytest.raises(ValueError, match="begins with"):
        es.AffineMap.load(tmp_path / "table.npz")
    with pytest.raises(FileNotFoundError):
        es.AffineMap.load(tmp_path / "nothing")


def test_a_file_of_another_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "VERSION", 2)
    fitted("map").save(tmp_path / "it")
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"AffineMap version 2; .* version 1: .* that wrote it"):
        es.AffineMap.load(tmp_path / "it")


def test_parameters_that_no_longer_exist_are_refused(tmp_path, monkeypatch):
    made = fitted("map")
    monkeypatch.setattr(made, "get_params", lambda deep: {"slope": 1.0}, raising=False)
    made.save(tmp_path / "it")
    with pytest.raises(ValueError, match="a parameter slope that AffineMap does not know"):
        es.AffineMap.load(tmp_path / "it")


def test_what_only_pickle_could_keep_is_refused_before_anything_is_written(tmp_path):
    made = fitted("network").set_params(random_state=np.random.RandomState(0))
    with pytest.raises(ValueError, match=r"random_state = .* set_params\(random_state=…\)"):
        made.save(tmp_path / "it")
    labels = np.array([(0,), (1,)], "O,")
    probe = fitted("probe")
    probe.classes_ = labels
    with pytest.raises(ValueError, match=r"classes_ holds .* cannot be saved without pickle"):
        probe.save(tmp_path / "it")
    with pytest.raises(NotFittedError):
        es.AffineMap().save(tmp_path / "it")
    assert not list(tmp_path.iterdir())
