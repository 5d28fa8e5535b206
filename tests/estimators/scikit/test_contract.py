"""Do the two maps keep scikit-learn's contract, every check of it?"""

import numpy as np
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import estimators as es

MAPS = [es.AffineMap(), es.AffineMap(ridge=0.5), es.LinearProbe(), es.LinearProbe(C=1.0)]


@parametrize_with_checks(MAPS)
def test_the_maps_pass_every_check_of_scikit_learn(estimator, check):
    check(estimator)


def test_a_clone_has_the_parameters_and_nothing_learnt():
    fitted = es.LinearProbe(C=2.0).fit(np.eye(4), [0, 1, 0, 1])
    copy = clone(fitted)
    assert copy.get_params() == {"C": 2.0, "tolerance": 1e-9}
    assert not hasattr(copy, "coef_")
