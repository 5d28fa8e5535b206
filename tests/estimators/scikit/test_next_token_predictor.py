"""Does the predictor keep the contract of a scikit-learn estimator, and its own?"""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

import estimators as es
from estimators.predictors.mlp import MLP

FAST = {"num_steps": 60, "batch_size": 32}
ARCHITECTURES = {
    "mlp": {"hidden": (8,)},
    "log_bilinear": None,
    "gru": {"width": 8},
    "transformer": {"width": 8, "num_heads": 2, "num_layers": 1},
}


def sample(num_samples=90, num_positions=3, num_words=3, num_tokens=4):
    draw = np.random.default_rng(0)
    context = draw.integers(num_words, size=(num_samples, num_positions))
    context[:num_words] = np.arange(num_words)[:, None]
    token = (context.sum(1) + draw.integers(2, size=num_samples)) % num_tokens
    return context, token


CONTEXT, TOKEN = sample()


@pytest.fixture(scope="module")
def fitted():
    return es.NextTokenPredictor(**FAST).fit(CONTEXT, TOKEN)


@pytest.mark.parametrize(
    ("architecture", "bias"),
    [("mlp", False), ("mlp", True), ("log_bilinear", False), ("gru", True), ("transformer", False)],
)
def test_every_architecture_keeps_the_contract(architecture, bias):
    options = ARCHITECTURES[architecture]
    made = es.NextTokenPredictor(architecture, dim=2, options=options, bias=bias, **FAST)
    assert made.fit(CONTEXT, TOKEN) is made
    f, g = made.transform(CONTEXT), made.unembedding_
    assert f.shape == (90, 2 + bias)
    assert g.shape == (4, 2 + bias)
    assert (f[:, -1] == 1).all() == bias
    log_model = made.predict_log_proba(CONTEXT)
    np.testing.assert_allclose(log_model, log_softmax(f.astype(float) @ g.T, axis=1), atol=1e-12)
    np.testing.assert_allclose(made.predict_proba(CONTEXT), np.exp(log_model))
    np.testing.assert_array_equal(made.predict(CONTEXT), log_model.argmax(1))
    assert made.score(CONTEXT, TOKEN) == pytest.approx(log_model[np.arange(90), TOKEN].mean())
    np.testing.assert_array_equal(made.classes_, np.arange(4))
    assert (made.num_tokens_, made.num_words_, made.n_features_in_) == (4, 3, 3)
    assert made.loss_.shape == (10,)
    assert made.loss_[-1] < made.loss_[0]  # and what is learnt ends in an underscore
    learnt = set(vars(made)) - set(made.get_params())
    assert all(name.endswith("_") and not name.startswith("_") for name in learnt)


def test_training_approaches_the_frequencies_in_the_sample():
    context = np.repeat([[0], [1]], 40, axis=0)
    token = np.concatenate([np.repeat([0, 1, 2], [20, 12, 8]), np.repeat([0, 1, 2], [4, 4, 32])])
    made = es.NextTokenPredictor(num_steps=1500, batch_size=80, learning_rate=1e-2)
    found = made.fit(context, token).predict_proba([[0], [1]])
    np.testing.assert_allclose(found, [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], atol=0.03)


def test_the_score_is_greatest_at_the_best_distribution_not_at_the_best_accuracy(fitted):
    weight = np.arange(90.0)
    log_model = fitted.predict_log_proba(CONTEXT)[np.arange(90), TOKEN]
    assert fitted.score(CONTEXT, TOKEN, weight) == pytest.approx(
        np.average(log_model, weights=weight)
    )
    assert fitted.score(CONTEXT, TOKEN) < 0


def test_the_result_depends_on_random_state_alone(fitted):
    def unembedding(random_state):
        made = es.NextTokenPredictor(random_state=random_state, **FAST)
        return made.fit(CONTEXT, TOKEN).unembedding_

    np.testing.assert_array_equal(unembedding(0), fitted.unembedding_)
    assert not np.array_equal(unembedding(1), fitted.unembedding_)
    stream = np.random.RandomState(0)
    np.testing.assert_array_equal(unembedding(stream), fitted.unembedding_)
    assert not np.array_equal(unembedding(stream), fitted.unembedding_)  # the stream went on


def test_a_clone_has_the_parameters_and_nothing_learnt(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(CONTEXT)
    assert copy.set_params(dim=2).fit(CONTEXT, TOKEN).transform(CONTEXT).shape == (90, 2)
    assert is_classifier(copy)
    predictor = MLP(context_length=3, num_tokens=4, dim=2, num_words=3, hidden=(8,))
    assert clone(es.NextTokenPredictor(predictor)).architecture == predictor


def test_it_is_a_step_of_a_pipeline():
    concept = CONTEXT[:, 0]
    frozen = FrozenEstimator(es.NextTokenPredictor(**FAST).fit(CONTEXT, TOKEN))
    probe = make_pipeline(frozen, es.LinearProbe()).fit(CONTEXT, concept)
    assert probe.score(CONTEXT, concept) > 1 / 3
    names = frozen.get_feature_names_out()
    assert list(names) == [f"nexttokenpredictor{i}" for i in range(3)]


def test_a_grid_search_looks_for_the_best_distribution():
    # a word is followed by itself in 60 % of the samples, which bounds the score by −H
    grid = {"learning_rate": [1e-9, 1e-2]}
    context = np.repeat(np.arange(3), 30)[:, None]
    token = np.where(np.arange(90) % 5 < 3, context[:, 0], 3)
    predictor = es.NextTokenPredictor(num_tokens=4, num_words=3, **FAST)
    search = GridSearchCV(predictor, grid, cv=KFold(2, shuffle=True, random_state=0))
    search.fit(context, token)
    assert search.best_params_ == {"learning_rate": 1e-2}
    assert -1 < search.best_score_ < 0.6 * np.log(0.6) + 0.4 * np.log(0.4) + 0.1


@pytest.mark.parametrize("counted", ["num_tokens", "num_words"])
def test_a_fold_without_the_largest_number_names_the_remedy_of_cross_validation(counted):
    context, token = CONTEXT.copy(), TOKEN.copy()
    (context[:, 0] if counted == "num_words" else token)[7] = 9  # in one of the folds alone
    predictor = es.NextTokenPredictor(**FAST)
    grid = {"learning_rate": [1e-9, 1e-2]}
    search = GridSearchCV(predictor, grid, cv=KFold(3), error_score="raise")
    with pytest.raises(ValueError, match=rf"{counted}=\.\.\. when cross-validating"):
        search.fit(context, token)
    search.set_params(estimator__num_tokens=10, estimator__num_words=10).fit(context, token)
    assert search.best_params_ == {"learning_rate": 1e-2}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_numbers_never_seen_keep_their_place():
    made = es.NextTokenPredictor(num_tokens=7, num_words=5, **FAST).fit(CONTEXT, TOKEN)
    assert made.predict_proba([[4, 4, 4]]).shape == (1, 7)
    gap = es.NextTokenPredictor(**FAST).fit(CONTEXT, np.where(TOKEN == 1, 3, TOKEN))
    np.testing.assert_array_equal(gap.classes_, np.arange(4))


def test_a_predictor_brings_its_own_sizes():
    predictor = MLP(context_length=3, num_tokens=6, dim=2, num_words=5, hidden=(8,))
    made = es.NextTokenPredictor(predictor, **FAST).fit(CONTEXT, TOKEN)
    assert (made.num_tokens_, made.num_words_) == (6, 5)
    assert made.predictor_ == predictor
    for params in ({"num_tokens": 4}, {"num_words": 3}, {"dim": 3}, {"options": {"hidden": (4,)}}):
        with pytest.raises(ValueError, match="None"):
            es.NextTokenPredictor(predictor, **params, **FAST).fit(CONTEXT, TOKEN)


def test_whole_numbers_of_any_type_are_the_same_contexts(fitted):
    for same in (CONTEXT.astype(float), CONTEXT.astype(np.uint8), CONTEXT.tolist()):
        np.testing.assert_array_equal(fitted.transform(same), fitted.transform(CONTEXT))


def test_contexts_of_no_words_are_predicted():
    made = es.NextTokenPredictor(**FAST).fit(np.zeros((90, 0), int), TOKEN)
    assert made.predict_proba(np.zeros((2, 0), int)).shape == (2, 4)


def test_a_batch_is_no_larger_than_the_sample():
    few = {**FAST, "batch_size": 256}
    made = es.NextTokenPredictor(**few).fit(CONTEXT, TOKEN)
    whole = es.NextTokenPredictor(**{**FAST, "batch_size": 90}).fit(CONTEXT, TOKEN)
    np.testing.assert_array_equal(made.unembedding_, whole.unembedding_)
    predictor = es.NextTokenPredictor(num_tokens=4, num_words=3, **few)
    assert np.isfinite(cross_val_score(predictor, CONTEXT, TOKEN, cv=2)).all()


SLOW = {"num_steps": 600, "batch_size": 120, "learning_rate": 2e-2}


def test_a_weight_counts_as_often_as_a_sample_that_is_repeated():
    context, token = np.repeat([[0], [1]], 3, axis=0), np.array([0, 1, 2, 0, 1, 2])
    weight = np.array([5, 3, 0, 1, 1, 8])
    made = es.NextTokenPredictor(num_tokens=3, **SLOW).fit(
        np.repeat(context, 20, axis=0), np.repeat(token, 20), np.repeat(weight, 20)
    )
    found = made.predict_proba([[0], [1]])
    np.testing.assert_allclose(found, [[0.625, 0.375, 0], [0.1, 0.1, 0.8]], atol=0.03)


def test_distributions_are_what_infinitely_many_tokens_would_give():
    probability = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    made = es.NextTokenPredictor(num_tokens=4, **SLOW)
    assert made.fit_soft([[0], [1], [2]], probability, [2, 1, 0]) is made
    np.testing.assert_allclose(
        made.predict_proba([[0], [1]]), np.pad(probability[:2], ((0, 0), (0, 1))), atol=0.01
    )
    only = es.NextTokenPredictor(**SLOW).fit_soft([[0], [1], [2]], probability, [0, 0, 1])
    assert only.predict_proba([[2]])[0, 0] > 0.99  # the others are never drawn


@pytest.mark.parametrize(
    ("probability", "weight", "said"),
    [
        (np.log([[0.5, 0.5]] * 3), None, "row 0 is .*: give probabilities, not their logarithms"),
        ([0, 1, 1], None, r"axes \[row, token\] with at least two classes; got shape \(3,\)"),
        (np.full((3, 5), 0.2), None, "token must hold numbers below num_tokens = 4"),
        (np.full((2, 2), 0.5), None, "context has 3 rows and token has 2"),
        (np.full((3, 2), 0.5), [1, -1, 1], "weight"),
        (None, None, "the target y is None: give the token after every context"),
    ],
)
def test_what_is_no_distribution_is_refused(probability, weight, said):
    made = es.NextTokenPredictor(num_tokens=4, **FAST)
    with pytest.raises(ValueError, match=said):
        made.fit_soft([[0], [1], [2]], probability, weight)


def test_numbers_may_come_as_objects(fitted):
    found = fitted.transform(CONTEXT.astype(object))
    np.testing.assert_array_equal(found, fitted.transform(CONTEXT))


def test_blocks_of_contexts_are_put_together(fitted, monkeypatch):
    whole = fitted.transform(CONTEXT)
    monkeypatch.setattr("estimators.scikit.network.BLOCK_ROWS", 40)
    np.testing.assert_allclose(fitted.transform(CONTEXT), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ([[0, 1]], "X has 2 features, but NextTokenPredictor is expecting 3 features"),
        ([[0, 1, 3]], "numbers below num_words = 3; row 0 has 3: fit with num_words of at least 4"),
        ([[0, 1, 2], [0, -1, 2]], "whole numbers from 0; row 1 has -1"),
        ([[0, 1, 0.5]], "whole numbers from 0; row 0 has 0.5"),
        ([["a", "b", "c"]], "whole numbers from 0; got dtype"),
        ([[0, 1, np.nan]], "NaN"),
        ([0, 1, 2], "2D array"),
    ],
)
def test_contexts_outside_the_vocabulary_are_refused(fitted, context, said):
    with pytest.raises(ValueError, match=said):
        fitted.transform(context)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (TOKEN + 1, "numbers below num_tokens = 4; row .* has 4"),
        (TOKEN[:5], "context has 90 rows and token has 5: give one token for every"),
        (TOKEN - 1, "whole numbers from 0; row .* has -1"),
        (TOKEN[:, None], r"must have axes \[sample\]; got shape \(90, 1\): .* token\.ravel\(\)"),
    ],
)
def test_tokens_outside_the_vocabulary_are_refused(fitted, token, said):
    with pytest.raises(ValueError, match=said):
        fitted.score(CONTEXT, token)
    with pytest.raises(ValueError, match=said):
        es.NextTokenPredictor(num_tokens=4, **FAST).fit(CONTEXT, token)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"num_words": 2}, "below num_words = 2"),
        ({"architecture": "perceptron"}, "one of gru, .* got 'perceptron'"),
        ({"architecture": 3}, "one of gru, .* got 3"),
        ({"options": {"depth": 3}}, "mlp has the options hidden; got depth"),
        ({"options": {"num_tokens": 3}}, "mlp has the options hidden; got num_tokens"),
        ({"dim": 0}, "dim of an MLP .* at least 1; got 0"),
        ({"num_steps": 0}, "num_steps must be a whole number, at least 1"),
        ({"schedule": "steep"}, "schedule must be one of"),
        ({"batch_size": None}, "batch_size must be a whole number, .* got None: set it by set_p"),
        ({"num_tokens": "5"}, "num_tokens must be a whole .*, or None; got '5': set it by"),
        ({"num_words": 3.0}, r"num_words must be a whole number, at least 1, or None; got 3\.0"),
        ({"dim": "2"}, "dim must be a whole number, at least 1, or None; got '2'"),
        ({"options": [8]}, r"options must be a dictionary, .*, or None; got \[8\]"),
        ({"learning_rate": "a"}, "learning_rate must be a positive number; got 'a': set it by"),
        ({"warmup_steps": None}, "warmup_steps must be a whole number, at least 0; got None"),
        ({"gradient_clip": "a"}, "gradient_clip must be a positive number, or None; got 'a'"),
        ({"learning_rate": 1e30}, "diverged: .* step [0-9]+: lower learning_rate"),
    ],
)
def test_settings_that_cannot_be_are_refused(params, said):
    made = es.NextTokenPredictor(**FAST).set_params(**params)
    with pytest.raises(ValueError, match=said):
        made.fit(CONTEXT, TOKEN)
    with pytest.raises(NotFittedError):
        made.predict(CONTEXT)


def test_progress_is_told():
    told = []
    es.NextTokenPredictor(progress=told.append, **FAST).fit(CONTEXT, TOKEN)
    assert [each.step for each in told] == list(range(6, 61, 6))
