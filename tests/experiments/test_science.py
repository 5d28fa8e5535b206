"""Do the instruments say of the paper's world what the theory says of it?

y is c's digits but for a uniform token with probability η, so a perfect predictor's representation
is exactly affine in log(p(c|x) + ρ), ρ = η / (ℓ (1 − η)), and nearly so in log p(c|x).
"""

import jax
import numpy as np
import pytest

import estimators as es
import latentgen as lg

REPLACED, NUM_CONFIGURATIONS = 0.01, 16
OFFSET = REPLACED / (NUM_CONFIGURATIONS * (1 - REPLACED))


class World:
    """A named world's contexts, enumerated, with what is exactly known of them."""

    def __init__(self, name):
        self.model = lg.worlds.named(name)
        self.context, log_weight = lg.enumerate_contexts(self.model)
        self.weight = np.exp(log_weight)
        self.log_posterior = lg.log_posterior(self.model, self.context)
        self.log_predictive = lg.log_predictive(self.model, self.context)

    def score(self, features):
        return es.law_score(features, self.log_predictive, self.weight)

    def oracle(self):
        return lg.oracle_representation(self.model, self.context).representation


@pytest.fixture(scope="module")
def paper():
    return World("paper-er1-m4")


@pytest.fixture(scope="module")
def coarse():
    return World("paper-er1-m4-coarse-token")


def test_the_law_with_the_worlds_own_offset_is_exact(paper):
    found = paper.score(np.log(np.exp(paper.log_posterior) + OFFSET))
    assert abs(found.score - 1) < 1e-6
    assert abs(found.population - 1) < 1e-6
    assert not found.saturated


def test_the_law_is_nearly_exact_for_an_anchored_token_and_not_for_a_coarse_one(paper, coarse):
    anchored, loose = (world.score(world.log_posterior) for world in (paper, coarse))
    assert 0.9 < anchored.score < 0.999
    assert 0.9 < anchored.population < 0.999
    assert loose.score < anchored.score - 0.03
    assert loose.population < anchored.population - 0.02


def test_which_law_is_the_better_one_is_read_off_the_token(paper, coarse):
    gain = [
        world.score(world.log_posterior).score - world.score(np.exp(world.log_posterior)).score
        for world in (paper, coarse)
    ]
    assert gain[0] > 0.005  # the token pins c
    assert gain[1] < -0.3  # it does not, and p(c|x) describes the predictor better


def test_exchanged_contexts_score_about_zero(paper):
    assert paper.score(es.permute_contexts(paper.log_posterior)).score < 0.02


def log_ratios(world):
    """log p(c|x) less its first entry: what a softmax sees of it."""
    return world.log_posterior[:, 1:] - world.log_posterior[:, :1]


def test_the_raw_input_is_a_perfect_null_where_words_are_independent(paper):
    raw = 2.0 * paper.context - 1
    assert abs(es.affine_r2(raw, log_ratios(paper), paper.weight).score - 1) < 1e-9
    assert paper.score(raw).population <= paper.score(paper.log_posterior).population + 1e-6


def test_words_that_interact_take_that_null_away():
    world = World("echo")
    raw = 2.0 * world.context - 1
    assert es.affine_r2(raw, log_ratios(world), world.weight).population < 0.7


def test_the_oracle_is_an_affine_image_of_centred_log_predictions(paper):
    centred = paper.log_predictive - paper.log_predictive.mean(1, keepdims=True)
    for source, target in ((paper.oracle(), centred), (centred, paper.oracle())):
        found = es.affine_r2(source, target, paper.weight)
        assert abs(found.score - 1) < 1e-8
        assert (found.source_rank, found.target_rank) == (15, 15)


def test_the_oracle_predicts_all_there_is_to_predict(paper):
    assert abs(paper.score(paper.oracle()).score - 1) < 1e-6


@pytest.mark.parametrize(("rate", "holds"), [(1e-4, True), (0.3, False)])
def test_a_linear_reader_of_the_oracle_misses_most_where_the_law_holds(rate, holds):
    """The same contexts tell as much in both; only the form of the representation differs."""
    model = lg.worlds.permuted_bits(jax.random.key(0), num_context_bits=8, replace_rate=rate)
    context, log_weight = lg.enumerate_contexts(model)
    weight = np.exp(log_weight)
    score = es.law_score(
        lg.log_posterior(model, context), lg.log_predictive(model, context), weight
    )
    assert (score.population > 0.9999) is holds
    log_concepts = [lg.log_concept_posterior(model, context, k) for k in range(4)]
    oracle = lg.oracle_representation(model, context).representation
    bayes = np.mean([lg.bayes_accuracy(model, context, k, log_weight) for k in range(4)])
    missed = bayes - es.best_linear_accuracy(oracle, log_concepts, weight).mean()
    assert missed > 0.02 if holds else 0 <= missed < 0.005
    belief = np.exp(lg.log_posterior(model, context))
    assert bayes - es.best_linear_accuracy(belief, log_concepts, weight).mean() < 0.002


def test_the_bayes_accuracy_beside_a_probe_is_the_worlds(paper):
    log_concepts = [lg.log_concept_posterior(paper.model, paper.context, k) for k in range(4)]
    probed = es.probe_accuracy(paper.oracle(), log_concepts, paper.weight)
    bayes = [
        lg.bayes_accuracy(paper.model, paper.context, k, np.log(paper.weight)) for k in range(4)
    ]
    np.testing.assert_allclose(probed.bayes, bayes, atol=1e-12)
    assert (probed.score > probed.majority).all()


def test_the_readout_of_the_posterior_from_its_own_logarithm_is_perfect(paper):
    found = es.readout_score(paper.log_posterior, paper.log_posterior, paper.weight)
    assert abs(found.score - 1) < 1e-6
