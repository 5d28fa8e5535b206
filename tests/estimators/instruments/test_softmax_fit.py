"""Does the softmax fit find the optimum of its convex problem, block by block?"""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

import estimators as es
from estimators.instruments.softmax_fit import _cross_entropy, log_softmax_blocks


def problem(seed, num_rows=40, num_regressors=2, num_outcomes=3):
    """Features, soft targets that no softmax of them explains, and weights that sum to one."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(num_rows, num_regressors))
    target = draw.dirichlet(np.ones(num_outcomes), num_rows)
    return features, target, draw.dirichlet(np.ones(num_rows))


def newton(features, target, weight, steps=50):
    """The least cross-entropy over U and v by Newton's method, the last outcome's row fixed at 0.

    Written with explicit loops over rows; the Hessian is exact and nothing is whitened.
    """
    design = np.column_stack([features, np.ones(len(features))])
    width, free = design.shape[1], target.shape[1] - 1

    def loss_at(u):
        logits = np.column_stack([design @ u.T, np.zeros(len(design))])
        return -float(weight @ (target * log_softmax(logits, axis=1)).sum(1)), logits

    u = np.zeros((free, width))
    for _ in range(steps):
        loss, logits = loss_at(u)
        gradient, hessian = np.zeros(free * width), np.zeros((free * width, free * width))
        for row, p, goal, w in zip(design, softmax(logits, axis=1), target, weight, strict=True):
            gradient += w * np.kron(p[:free] - goal[:free], row)
            curvature = np.diag(p[:free]) - np.outer(p[:free], p[:free])
            hessian += w * np.kron(curvature, np.outer(row, row))
        step = np.linalg.solve(hessian, gradient).reshape(free, width)
        size = 1.0
        while loss_at(u - size * step)[0] > loss and size > 1e-8:
            size /= 2
        u = u - size * step
    return loss_at(u)[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_reaches_the_optimum_that_newton_finds(seed):
    features, target, weight = problem(seed)
    best = newton(features, target, weight)
    fit = es.fit_softmax(features, target, weight)
    assert fit.converged
    assert best - 1e-12 <= fit.loss < best + 1e-9
    floor = float(weight @ (target * np.log(target)).sum(1))
    found = es.law_score(features, np.log(target), weight)
    assert floor + best >= 0  # a divergence is never negative
    assert abs(found.population - (1 - (floor + best) / found.information)) < 1e-7


def test_the_reported_loss_is_that_of_the_predictions():
    features, target, weight = problem(0)
    fit = es.fit_softmax(features, target, weight)
    log_model = fit.log_predict(features)
    np.testing.assert_allclose(np.exp(log_model).sum(1), 1)
    assert abs(fit.loss + weight @ (target * log_model).sum(1)) < 1e-12


def test_blocks_are_separate_fits():
    features, first, weight = problem(1)
    second = np.random.default_rng(2).dirichlet(np.ones(4), len(features))
    together = es.fit_softmax(features, np.hstack([first, second]), weight, sizes=(3, 4))
    alone = [es.fit_softmax(features, target, weight) for target in (first, second)]
    assert abs(together.loss - sum(fit.loss for fit in alone)) < 1e-9
    joined = np.hstack([fit.log_predict(features) for fit in alone])
    np.testing.assert_allclose(together.log_predict(features), joined, atol=1e-4)


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_the_penalty_is_on_the_coefficients_of_the_features_themselves(penalty):
    features, target, weight = problem(7)
    features = features * [5.0, 0.1] + 1
    fit = es.fit_softmax(features, target, weight, penalty=penalty, tolerance=1e-15)

    def objective(u, v):
        log_model = log_softmax(features @ u + v, axis=1)
        return -float(weight @ (target * log_model).sum(1)) + penalty / 2 * (u**2).sum()

    u = fit.whitening.basis @ fit.coefficient[:-1]
    v = fit.coefficient[-1] - fit.whitening.mean @ u
    assert abs(objective(u, v) - fit.loss) < 1e-12
    draw = np.random.default_rng(8)
    for _ in range(20):  # nowhere nearby is better
        step_u, step_v = 1e-2 * draw.normal(size=u.shape), 1e-2 * draw.normal(size=v.shape)
        assert objective(u + step_u, v + step_v) > fit.loss


def test_the_size_of_the_parts_does_not_change_the_fit(monkeypatch):
    features, target, weight = problem(9)
    whole = es.fit_softmax(features, target, weight)
    for size in (1, 50, 200):
        monkeypatch.setattr("estimators.instruments.softmax_fit.BLOCK_SIZE", size)
        parts = es.fit_softmax(features, target, weight)
        assert abs(parts.loss - whole.loss) < 1e-9
        np.testing.assert_allclose(parts.coefficient, whole.coefficient, atol=1e-4)


def test_constant_features_give_the_mean():
    _, target, weight = problem(3)
    fit = es.fit_softmax(np.ones((40, 2)), target, weight)
    assert fit.coefficient.shape == (1, 3)
    np.testing.assert_allclose(np.exp(fit.log_predict(np.ones((1, 2)))[0]), weight @ target)


def test_the_gradient_of_the_loss_agrees_with_finite_differences():
    _, target, weight = problem(4, num_rows=6, num_outcomes=5)
    target = np.hstack([target[:, :2] / target[:, :2].sum(1)[:, None], np.eye(3)[[0, 1, 2] * 2]])
    weighted, sizes = (weight[:, None] * target).T, (2, 3)
    logits = 3 * np.random.default_rng(5).normal(size=(5, 6))
    gradient = logits.copy()
    _cross_entropy(gradient, weighted, weight, sizes)
    step = 1e-6
    for index in np.ndindex(*logits.shape):
        above, below = logits.copy(), logits.copy()
        above[index] += step
        below[index] -= step
        change = _cross_entropy(above, weighted, weight, sizes)
        change -= _cross_entropy(below, weighted, weight, sizes)
        assert abs(change / (2 * step) - gradient[index]) < 1e-8


def test_the_loss_is_finite_at_any_scale_of_the_logits():
    weight, target = np.array([0.5, 0.5]), np.eye(2)
    logits = np.array([[1e5, -1e5], [-1e5, 1e5]])
    assert _cross_entropy(logits, (weight[:, None] * target).T, weight, (2,)) == 0
    np.testing.assert_array_equal(logits, 0)  # overwritten by its gradient


def test_log_softmax_acts_on_each_block():
    logits = np.random.default_rng(0).normal(size=(4, 5))
    expected = np.hstack([log_softmax(logits[:, :2], axis=1), log_softmax(logits[:, 2:], axis=1)])
    np.testing.assert_allclose(log_softmax_blocks(logits.copy(), (2, 3)), expected)


def test_a_fit_that_was_stopped_early_says_so(monkeypatch):
    features, target, weight = problem(6)
    monkeypatch.setattr("estimators.instruments.softmax_fit.MAX_ITERATIONS", 2)
    fit = es.fit_softmax(features, target, weight)
    assert not fit.converged
    assert np.isfinite(fit.loss)
    assert not es.law_score(features, np.log(target), weight).converged


def test_the_public_function_takes_what_all_others_take():
    draw = np.random.default_rng(0)
    features, target = draw.normal(size=(50, 2)), draw.dirichlet(np.ones(3), 50)
    equal = es.fit_softmax(features, target, np.ones(50))
    for fit in (es.fit_softmax(features, target), es.fit_softmax(features.tolist(), target)):
        np.testing.assert_allclose(fit.coefficient, equal.coefficient)
    whole = es.fit_softmax(np.eye(3, dtype=int)[draw.integers(3, size=50)], target)
    assert whole.whitening.rank == 2
    with pytest.raises(ValueError, match="features must be finite; row 1 is not"):
        es.fit_softmax([[0.0], [np.nan]], target[:2])
    with pytest.raises(ValueError, match="features has 50 rows and target has 49"):
        es.fit_softmax(features, target[1:])
    for wrong in (np.log(target), 2 * target, target - [1, 0, -1]):
        with pytest.raises(ValueError, match="target must hold probabilities that sum to 1"):
            es.fit_softmax(features, wrong)
    with pytest.raises(ValueError, match=r"split the 3 outcomes of the target; got \(2,\)"):
        es.fit_softmax(features, target, sizes=(2,))
    for rows in (features[0], features[:, :1]):
        with pytest.raises(ValueError, match="features must have"):
            equal.log_predict(rows)
