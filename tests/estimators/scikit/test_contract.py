"""Do the estimators keep scikit-learn's contract, every check of it but those named here?"""

import jax
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import estimators as es

MAPS = [es.AffineMap(), es.AffineMap(ridge=0.5), es.LinearProbe(), es.LinearProbe(C=1.0)]
NAMES = "what is X and y elsewhere is called context and token"
OWN_WORDS = "the message says what is wrong in our words"
UNTRAINED = "training is left out here"
EXPECTED = {
    "check_fit_score_takes_y": NAMES,
    "check_n_features_in_after_fitting": NAMES,
    "check_sample_weight_equivalence_on_dense_data": NAMES,
    "check_positive_only_tag_during_fit": OWN_WORDS,
    "check_classifiers_regression_target": OWN_WORDS,
    "check_estimators_empty_data_messages": "a context of no words can be predicted from",
    "check_classifiers_classes": "classes are numbers of tokens, so that unseen ones keep a column",
    "check_classifiers_one_label_sample_weights": "gives fractions for words",
    "check_classifiers_one_label": UNTRAINED,
    "check_classifiers_train": UNTRAINED,
    "check_do_not_raise_errors_in_init_or_set_params": "these tests execute every annotation",
    "check_supervised_y_2d": "a token is one number, so that a second axis is a mistake",
}


@parametrize_with_checks(MAPS)
def test_the_maps_pass_every_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def untrained(monkeypatch):
    """A predictor as it begins: the checks ask for the interface, and would compile for minutes."""

    def begun(config, random_state, draw, data, progress):
        draw(jax.random.key(0), config.batch_size, data)
        return config.predictor.init(jax.random.key(0)), np.zeros(10)

    monkeypatch.setattr("estimators.scikit.next_token_predictor.train_once", begun)


@parametrize_with_checks(
    [es.NextTokenPredictor("log_bilinear")], expected_failed_checks=lambda _: EXPECTED
)
@pytest.mark.usefixtures("untrained")
def test_the_predictor_passes_every_check_but_those_with_a_reason(estimator, check):
    check(estimator)


def test_a_clone_has_the_parameters_and_nothing_learnt():
    fitted = es.LinearProbe(C=2.0).fit(np.eye(4), [0, 1, 0, 1])
    copy = clone(fitted)
    assert copy.get_params() == {"C": 2.0, "tolerance": 1e-9}
    assert not hasattr(copy, "coef_")
