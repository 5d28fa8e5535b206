"""Is the probe the multinomial logistic regression that it says it is?"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import estimators as es


def problem(seed, num_classes=3, num_rows=200):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(num_rows, 3)) @ draw.normal(size=(3, 3)) + 2
    logits = X @ draw.normal(size=(3, num_classes))
    label = (logits - logits.mean(0) + draw.gumbel(size=logits.shape)).argmax(1)
    return X, label, draw.dirichlet(np.ones(num_rows)) * num_rows


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("C", [np.inf, 1.0, 1e-3])
def test_the_probe_is_that_of_logistic_regression(num_classes, C):
    X, y, weight = problem(0, num_classes)
    ours = es.LinearProbe(C=C, tolerance=1e-14).fit(X, y, weight)
    theirs = LogisticRegression(C=C, tol=1e-10, max_iter=10000).fit(X, y, weight)
    assert ours.converged_
    assert ours.coef_.shape == theirs.coef_.shape
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.decision_function(X).shape, theirs.decision_function(X).shape)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    if np.isinf(C):
        assert ours.loss_ == pytest.approx(log_loss(y, ours.predict_proba(X), sample_weight=weight))
        assert ours.loss_ <= log_loss(y, theirs.predict_proba(X), sample_weight=weight) + 1e-12


def test_without_penalty_the_gauge_of_the_features_does_not_matter():
    X, y, _ = problem(1)
    gauge = np.random.default_rng(2).normal(size=(3, 3)) * [1e3, 1, 1e-3]
    plain, mixed = es.LinearProbe().fit(X, y), es.LinearProbe().fit(X @ gauge + 5, y)
    np.testing.assert_allclose(
        plain.predict_proba(X), mixed.predict_proba(X @ gauge + 5), atol=1e-4
    )
    shrunk = [es.LinearProbe(C=1e-2).fit(Z, y).loss_ for Z in (X, 1e-2 * X)]
    assert shrunk[1] > shrunk[0] + 1e-3  # with a penalty it does


def test_labels_of_any_kind_are_named_again():
    X, y, _ = problem(3)
    names = np.array(["red", "green", "blue"], object)[y]
    probe = es.LinearProbe().fit(X, names)
    assert list(probe.classes_) == ["blue", "green", "red"]
    assert set(probe.predict(X)) <= set(names)
    assert probe.score(X, names) == pytest.approx(es.LinearProbe().fit(X, y).score(X, y))


def test_a_soft_target_is_what_many_labelled_samples_give():
    X, _, weight = problem(4)
    probability = np.random.default_rng(5).dirichlet(np.ones(3), len(X))
    soft = es.LinearProbe(tolerance=1e-13).fit_soft(X, probability, weight)
    rows, labels = np.repeat(X, 3, axis=0), np.tile(np.arange(3), len(X))
    hard = es.LinearProbe(tolerance=1e-13).fit(
        rows, labels, np.repeat(weight, 3) * probability.reshape(-1)
    )
    np.testing.assert_array_equal(soft.classes_, [0, 1, 2])
    np.testing.assert_allclose(soft.predict_proba(X), hard.predict_proba(X), atol=1e-5)
    assert soft.loss_ == pytest.approx(hard.loss_, abs=1e-10)


def test_certain_soft_targets_are_labels():
    X, y, _ = problem(6)
    soft = es.LinearProbe().fit_soft(X, np.eye(3)[y])
    np.testing.assert_allclose(soft.coef_, es.LinearProbe().fit(X, y).coef_)


def test_separated_classes_end_with_a_loss_near_zero():
    X = np.linspace(-1, 1, 20)[:, None]
    probe = es.LinearProbe().fit(X, X[:, 0] > 0)
    assert probe.score(X, X[:, 0] > 0) == 1
    assert 0 <= probe.loss_ < 1e-6
    assert np.isfinite(probe.predict_log_proba(1e6 * X)).all()


def test_it_is_a_step_of_a_pipeline_and_of_a_grid_search():
    X, y, _ = problem(7)
    pipeline = make_pipeline(StandardScaler(), es.LinearProbe())
    search = GridSearchCV(pipeline, {"linearprobe__C": [1e-6, np.inf]}, cv=3).fit(X, y)
    assert search.best_params_ == {"linearprobe__C": np.inf}


@pytest.mark.parametrize("weight", [None, [1.0, 1.0, 0.0]])
def test_one_class_is_refused_with_a_remedy(weight):
    labels = [1, 1, 1] if weight is None else [1, 1, 0]
    with pytest.raises(ValueError, match=r"y has one class, .*1.*: .* leave it out"):
        es.LinearProbe().fit(np.eye(3), labels, weight)


@pytest.mark.parametrize("params", [{"C": 0.0}, {"C": -1.0}, {"C": np.nan}, {"tolerance": 0.0}])
def test_a_setting_that_cannot_be_is_refused_by_name(params):
    with pytest.raises(ValueError, match=f"{next(iter(params))} must be positive"):
        es.LinearProbe(**params).fit(np.eye(3), [0, 1, 1])


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        ([[0.5, 0.4]] * 3, "sum to 1; row 0"),
        ([[1.5, -0.5]] * 3, "no negative number"),
        (np.log([[0.5, 0.5]] * 3), "not their logarithms"),
        ([[1.0]] * 3, "at least two classes"),
        ([1.0] * 3, "at least two classes"),
        ([[np.nan, 1.0]] * 3, "NaN"),
    ],
)
def test_soft_targets_that_are_no_distributions_are_refused(probability, said):
    with pytest.raises(ValueError, match=said):
        es.LinearProbe().fit_soft(np.eye(3), probability)


@pytest.mark.parametrize("params", [{"C": None}, {"C": "a"}, {"tolerance": None}])
def test_a_penalty_or_tolerance_that_is_no_number_is_refused(params):
    with pytest.raises(ValueError, match=f"{next(iter(params))} must be a number; got"):
        es.LinearProbe(**params).fit(np.eye(4), [0, 1, 0, 1])
