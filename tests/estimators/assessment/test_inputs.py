"""Do arrays of any library give the same answer, and is what does not fit refused with a remedy?"""

import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es
from estimators.assessment.arrays import as_rows, as_seeds, kept
from estimators.assessment.features import argmax_one_hot, log_concept_posteriors, one_hots
from estimators.assessment.settings import (
    checked_layers,
    checked_random_state,
    checked_rho,
    checked_sizes,
)
from tests.estimators.assessment.made_up import Tensor, believing, posterior

LOG_POSTERIOR = posterior(0, 100)
F, G = (array.astype(np.float32) for array in believing(LOG_POSTERIOR))


@pytest.fixture(scope="module")
def of_numpy():
    return es.assess(F, G, LOG_POSTERIOR, log_predictive=LOG_POSTERIOR, rho=0.1)


@pytest.mark.parametrize("convert", [jnp.asarray, Tensor], ids=["jax", "torch"])
def test_every_kind_of_array_gives_the_same_table(of_numpy, convert):
    found = es.assess(
        convert(F), convert(G), LOG_POSTERIOR, log_predictive=Tensor(LOG_POSTERIOR), rho=0.1
    )
    assert found.reading == of_numpy.reading
    for one, two in zip(found.rows, of_numpy.rows, strict=True):
        assert one[:4] == two[:4]
        assert one.score == pytest.approx(two.score, abs=1e-6, nan_ok=True)


def test_a_real_torch_tensor_gives_the_same_table(of_numpy):
    torch = pytest.importorskip("torch")
    f = torch.tensor(F, requires_grad=True)
    found = es.assess(f, torch.tensor(G), LOG_POSTERIOR, log_predictive=LOG_POSTERIOR, rho=0.1)
    assert found.table() == of_numpy.table()
    half = torch.tensor(F, dtype=torch.bfloat16)
    assert as_rows(half, "f").eps == 2**-7


@pytest.mark.parametrize("convert", [jnp.asarray, Tensor], ids=["jax", "torch"])
def test_half_precision_is_read_and_its_rounding_is_not_taken_for_rank(convert):
    line = np.outer(np.linspace(-1, 1, 100), np.linspace(1, 2, 7))
    if convert is jnp.asarray:
        half = jnp.asarray(line, jnp.bfloat16)
    else:
        half = Tensor(np.asarray(jnp.asarray(line, jnp.bfloat16), np.float32), "torch.bfloat16")
    rows = as_rows(half, "f")
    assert rows.values.dtype == np.float32
    assert kept(rows, np.full(100, 0.01)).values.shape == (100, 1)
    assert es.fit_whitening(rows.values, np.full(100, 0.01)).rank > 1
    found = es.assess(half, np.eye(4, 7), LOG_POSTERIOR, rho=0.1)
    assert found.row("readout", "representation").num_regressors == 1


def test_seeds_come_as_an_axis_or_as_a_sequence_of_any_dims():
    stack = np.zeros((3, 5, 2))
    for given in (stack, list(stack), tuple(stack), Tensor(stack), stack.tolist()):
        assert [rows.values.shape for rows in as_seeds(given, "f")] == [(5, 2)] * 3
    assert len(as_seeds([np.zeros((5, 2)), np.zeros((5, 3))], "f")) == 2
    assert [rows.values.shape for rows in as_seeds(list(stack[0]), "f")] == [(5, 2)]


def test_words_become_one_hots_position_by_position():
    context = np.array([[0, 7], [1, 7], [0, 9]])
    np.testing.assert_array_equal(one_hots(context), [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])


def test_the_likeliest_has_a_column_where_it_is_that_of_some_row_and_no_other():
    log_posterior = np.log([[0.1, 0.2, 0.1, 0.6], [0.1, 0.7, 0.1, 0.1], [0.2, 0.1, 0.1, 0.6]])
    expected = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(argmax_one_hot(log_posterior), expected)
    np.testing.assert_array_equal(argmax_one_hot(log_posterior[:, None]), expected[:, None])


@pytest.mark.parametrize("seed", range(5))
def test_the_columns_of_the_likeliest_span_what_all_configurations_do(seed):
    draw = np.random.default_rng(seed)
    log_posterior = np.log(draw.dirichlet(np.ones(5), 40))
    log_predictive = np.log(draw.dirichlet(np.ones(3), 40))
    every = np.eye(5)[log_posterior.argmax(1)]
    first, second = (
        es.law_score(f, log_predictive) for f in (every, argmax_one_hot(log_posterior))
    )
    assert first.num_regressors == second.num_regressors
    assert first.saturated == second.saturated
    assert first.population == pytest.approx(second.population, abs=1e-9)
    assert first.score == pytest.approx(second.score, abs=1e-9)


def test_marginals_are_summed_row_major_with_the_last_concept_fastest():
    log_posterior = np.log(np.random.default_rng(0).dirichlet(np.ones(6), 3))
    first, second = log_concept_posteriors(log_posterior, (2, 3))
    belief = np.exp(log_posterior)
    np.testing.assert_allclose(np.exp(first[:, 1]), belief[:, 3] + belief[:, 4] + belief[:, 5])
    np.testing.assert_allclose(np.exp(second[:, 2]), belief[:, 2] + belief[:, 5])


GOOD = {"representation": F, "unembedding": G, "log_posterior": LOG_POSTERIOR}
NAN = np.where(np.arange(400).reshape(100, 4) == 41, np.nan, F)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_posterior": LOG_POSTERIOR[:99]}, r"log_posterior must .* the 100 rows"),
        ({"log_posterior": np.exp(LOG_POSTERIOR)}, "log_posterior must hold log-prob.*nats"),
        ({"log_posterior": LOG_POSTERIOR + 0.1}, "sums to 1.1.*give logarithms"),
        ({"unembedding": G.T[:3].T}, r"must have one dim; .*\(100, 4\) and \(4, 3\).*transpose"),
        ({"log_predictive": LOG_POSTERIOR[:, :3]}, "one vocabulary.*got 4 rows and 3 columns"),
        ({"log_predictive": LOG_POSTERIOR[:50]}, "log_predictive must .* the 100 rows"),
        ({"representation": NAN}, "representation must be finite; row 10 is not"),
        ({"unembedding": G * np.inf}, "unembedding must be finite"),
        ({"representation": F[0]}, r"representation must have axes \[row, column\]"),
        ({"representation": F.astype(complex)}, "must hold real numbers; got an array of complex"),
        ({"representation": []}, "must hold at least one array"),
        ({"representation": F[None][:0]}, "must hold at least one seed"),
        ({"representation": [F, F]}, "must have the same seeds; got 2 and 1: give one for each"),
        ({"representation": [F, F[:9]], "unembedding": [G, G]}, "same rows and tokens.*apart"),
        ({"weight": -np.ones(100)}, "weights must be finite, not negative"),
        ({"weight": np.ones(99)}, r"weight must have shape \(100,\)"),
        ({"groups": np.ones(99)}, r"groups must have shape \(100,\)"),
        ({"cardinalities": (2, 3)}, r"whose product is the number.*got \(2, 3\) for 4"),
        ({"groups": np.array([1, "a"] * 50, dtype=object)}, "groups must be labels that can be so"),
        ({"raw_input": np.zeros((99, 2), int)}, r"raw_input must have axes.*the 100 rows"),
        ({"raw_input": np.full((100, 2), np.nan)}, "raw_input must be finite"),
        ({"untrained": F[:50]}, "untrained representation must have the 100 rows.*same contexts"),
        ({"untrained": [F, F]}, "one seed or as many as the representation, 1; got 2"),
        ({"untrained_unembedding": G}, "needs the untrained representation"),
        ({"layers": {"deep": F[:3]}}, "layer 'deep' must have the 100 rows"),
        ({"rho": 0.0}, "rho must be positive and finite; got 0.0: leave it out"),
        ({"num_folds": 1}, "num_folds must be a whole number of at least 2; got 1"),
    ],
)
def test_what_does_not_fit_is_refused_with_rule_value_and_remedy(changes, message):
    with pytest.raises(ValueError, match=message):
        es.assess(**GOOD | changes)


@pytest.mark.parametrize(
    ("check", "given", "message"),
    [
        (
            lambda given: checked_sizes(given, 4),
            4,
            r"whole numbers, one a concept.*got 4 for 4: give",
        ),
        (lambda given: checked_sizes(given, 4), (2, 2.5), r"got \(2, 2.5\) for 4: give a sequence"),
        (checked_layers, [F], "layers must be a mapping.*got list: give"),
        (checked_random_state, None, "random_state must be a whole number.*got None"),
        (checked_random_state, -1, "must be a whole number of at least 0; got -1"),
        (checked_rho, "a", "rho must be positive and finite; got 'a': leave it out"),
    ],
)
def test_settings_of_another_kind_are_refused(check, given, message):
    with pytest.raises(ValueError, match=message):
        check(given)


def test_an_empty_context_is_a_constant_raw_input():
    found = es.assess(**GOOD, raw_input=np.zeros((100, 0), int), rho=0.1)
    assert abs(found.row("readout", "representation", "raw_input").score) < 0.05
