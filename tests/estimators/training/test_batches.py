"""Do the data modes draw what they say, and does each train towards its own optimum?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es
from estimators.training.loop import batch_loss
from tests.estimators.training.cases import (
    CONFIG,
    CONTEXT,
    KEYS,
    PREDICTOR,
    SAMPLERS,
    WORLDS,
    excess,
    sample_batch,
)

WEIGHT = np.array([8, 4, 2, 1, 1, 0, 0, 0]) / 16
POPULATION = es.population(CONTEXT, WORLDS[0], WEIGHT)
KEY = jax.random.key(7)
NUM_DRAWS = 40_000


def sample(num_samples):
    """Samples of world 0, and how often each (context, token) occurs among them."""
    rng = np.random.default_rng(1)
    row = rng.integers(0, 8, num_samples)
    token = np.array([rng.choice(4, p=np.exp(WORLDS[0, r])) for r in row])
    return es.finite_sample(CONTEXT[row], token)


def number_of(context):
    return np.asarray(context) @ [4, 2, 1]


def test_batches_of_a_finite_sample_are_its_rows_each_equally_often():
    found = sample(8)
    rows = np.column_stack([found.context, found.token])
    context, token = es.finite_batch(KEY, 8, found)
    drawn = np.column_stack([context, token])
    assert all((row == rows).all(1).any() for row in drawn)
    numbered = es.finite_sample(np.arange(50)[:, None], np.arange(50))
    keys = jax.random.split(KEY, NUM_DRAWS // 50)
    _, token = jax.vmap(lambda key: es.finite_batch(key, 50, numbered))(keys)
    counts = np.bincount(np.asarray(token).reshape(-1), minlength=50)
    assert np.abs(counts - NUM_DRAWS / 50).max() < 5 * np.sqrt(NUM_DRAWS / 50)


def test_contexts_of_the_population_come_as_often_as_they_are_likely():
    context, target = es.population_batch(KEY, NUM_DRAWS, POPULATION)
    number = number_of(context)
    counts = np.bincount(number, minlength=8)
    assert (counts[WEIGHT == 0] == 0).all()
    assert (np.abs(counts - NUM_DRAWS * WEIGHT) <= 5 * np.sqrt(NUM_DRAWS * WEIGHT)).all()
    np.testing.assert_allclose(target, np.exp(WORLDS[0])[number], rtol=1e-6)


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(any))
def test_thresholds_give_every_context_its_share_of_the_integers(weights):
    found = es.population(CONTEXT, WORLDS[0], weights)
    share = np.diff(np.concatenate([[0], found.threshold.astype(np.float64)])) / 2**31
    np.testing.assert_allclose(share, np.array(weights) / sum(weights), atol=2**-30)
    assert (share[np.array(weights) == 0] == 0).all()


def test_the_whole_population_gives_the_exact_cross_entropy():
    params = PREDICTOR.init(KEY)
    log_model = np.asarray(es.log_predict(PREDICTOR, params, jnp.asarray(CONTEXT)), np.float64)
    expected = -sum(
        WEIGHT[x] * np.exp(WORLDS[0, x, y]) * log_model[x, y] for x in range(8) for y in range(4)
    )
    batch = es.whole_population(KEY, 1, POPULATION)
    assert float(batch_loss(CONFIG, params, *batch)) == pytest.approx(expected, rel=1e-5)
    excess_now = float(es.population_excess(PREDICTOR, params, POPULATION))
    bayes = -float(WEIGHT @ (np.exp(WORLDS[0]) * WORLDS[0]).sum(1))
    assert excess_now == pytest.approx(expected - bayes, abs=1e-5)


def test_a_zero_in_the_population_costs_nothing():
    log_predictive = np.full((8, 4), -np.inf)
    log_predictive[:, 0] = 0.0
    found = es.population(CONTEXT, log_predictive)
    params = PREDICTOR.init(KEY)
    log_model = es.log_predict(PREDICTOR, params, jnp.asarray(CONTEXT))
    expected = -float(np.asarray(log_model)[:, 0].mean())
    assert float(es.population_excess(PREDICTOR, params, found)) == pytest.approx(expected, 1e-5)


def test_exact_targets_come_nearer_to_the_truth_than_fresh_samples_and_these_than_few_samples():
    """The order that tells sampling error apart from the rest."""
    everything = es.stack_seeds([es.population(CONTEXT, WORLDS[0])])
    few = es.stack_seeds([sample(128)])
    exact, soft, fresh, finite = (
        excess(es.train(CONFIG, KEYS[:1], mode, data).params, 0)
        for mode, data in (
            (es.whole_population, everything),
            (es.population_batch, everything),
            (sample_batch, SAMPLERS[:1]),
            (es.finite_batch, few),
        )
    )
    assert exact < soft < fresh < finite
    # 24 free probabilities from 128 samples: about 24 / (2 · 128) nats above the truth.
    assert 0.25 < finite / (24 / 256) < 4


def test_every_prefix_predicts_every_next_word_and_then_the_token():
    predictor = es.MLP(context_length=3, num_tokens=2, dim=2, hidden=(8,))
    config = replace(CONFIG, predictor=predictor, every_prefix=True)
    params = predictor.init(KEY)
    context = jnp.asarray(CONTEXT)
    token = jnp.asarray(CONTEXT[:, 0])
    log_model = np.asarray(es.log_predict_prefixes(predictor, params, context))
    words = np.column_stack([CONTEXT, CONTEXT[:, 0]])
    expected = -np.mean([[log_model[i, t, words[i, t]] for t in range(4)] for i in range(8)])
    assert float(batch_loss(config, params, context, token)) == pytest.approx(expected, rel=1e-5)
    soft = np.eye(2, dtype=np.float32)[words]
    again = float(batch_loss(config, params, context, jnp.asarray(soft)))
    assert again == pytest.approx(expected, rel=1e-5)
    log_soft = np.log(np.full((8, 4, 2), 0.5))
    prefixes = es.population(CONTEXT, log_soft)
    divergence = -np.log(2) - log_model.mean()
    measured = float(es.population_excess(predictor, params, prefixes))
    assert measured == pytest.approx(divergence, abs=1e-5)


def test_a_batch_larger_than_the_sample_is_refused():
    with pytest.raises(ValueError, match="batch of 128 needs as many samples; there are 100"):
        es.train(CONFIG, KEYS[:1], es.finite_batch, es.stack_seeds([sample(100)]))


def test_targets_over_another_vocabulary_are_refused():
    wrong = es.stack_seeds([es.population(CONTEXT, np.log(np.full((8, 3), 1 / 3)))])
    with pytest.raises(ValueError, match="sampler is over 3 tokens and the predictor over 4"):
        es.train(CONFIG, KEYS[:1], es.whole_population, wrong)


@pytest.mark.parametrize(
    ("context", "token", "message"),
    [
        (CONTEXT[0], [0], r"context must have axes \[sample, position\]; got shape \(3,\)"),
        (CONTEXT, [[0]], r"token must have axes \[sample\]; got shape \(1, 1\)"),
        (CONTEXT, [0, 1], "context has 8 rows and token has 2"),
        (CONTEXT * 0.5, np.zeros(8, int), "context must hold whole numbers from 0; got dtype"),
        (CONTEXT, np.arange(8) - 1, "token must hold numbers from 0; got -1 … 6"),
        (CONTEXT[:0], CONTEXT[:0, 0], "needs at least one row; got none"),
    ],
)
def test_samples_that_cannot_be_are_refused(context, token, message):
    with pytest.raises(ValueError, match=message):
        es.finite_sample(context, token)


@pytest.mark.parametrize(
    ("log_predictive", "weight", "message"),
    [
        (WORLDS[0][:5], None, r"with the 8 rows of context.* got shape \(5, 4\)"),
        (WORLDS[0] + 1, None, "exponentials sum to 1; they sum to 2.718"),
        (WORLDS[0] * np.nan, None, "exponentials sum to 1"),
        (WORLDS[0], np.ones(3), r"weight must hold one number a context.* got shape \(3,\)"),
        (WORLDS[0], -np.ones(8), "not negative and not all zero"),
        (WORLDS[0], np.zeros(8), "not negative and not all zero"),
    ],
)
def test_populations_that_cannot_be_are_refused(log_predictive, weight, message):
    with pytest.raises(ValueError, match=message):
        es.population(CONTEXT, log_predictive, weight)
