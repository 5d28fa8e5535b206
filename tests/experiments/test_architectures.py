"""Are architectures compared at equal excess loss, beside the right oracle and nulls?"""

from dataclasses import replace

import jax
import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.architectures import EXPERIMENT, PAPER, cells
from experiments.architectures.cell import ORACLE, ArchitecturesCell, compute, shape
from experiments.architectures.networks import (
    EQUAL,
    LEVELS,
    Training,
    at_levels,
    predictor,
    train,
)
from experiments.architectures.perturbed import perturbed
from experiments.architectures.worlds import BAGS, CHAIN, seen, world
from experiments.log_or_belief.cell import LogOrBeliefCell
from experiments.log_or_belief.cell import compute as compute_oracle
from experiments.log_or_belief.worlds import CHANNEL

SHORT = Training(num_steps=250)
BAG_CELL = ArchitecturesCell(BAGS, CHANNEL, 0.1, 3, 4, 0.01, ORACLE, None, (0, 1))
CHAIN_CELL = replace(BAG_CELL, words=CHAIN, context_length=6)


def seen_by(cell, seed):
    sizes = {"context_length": cell.context_length, "num_tokens": 4, "floor": 0.01}
    model = world(cell.words, seed, cell.family, cell.sharpness, **sizes)
    return seen(model, cell.words, cell.context_length, seed)


def test_the_oracle_of_the_bags_is_that_of_the_phase_diagram():
    found = compute(BAG_CELL).metrics
    there = compute_oracle(LogOrBeliefCell(CHANNEL, 0.1, 3, 4, 6, 0.01, (0, 1))).metrics
    for law in ("score_log_posterior", "score_belief", "score_rho", "log10_rho"):
        names = [name for name in there if name.startswith(f"{law}.oracle")]
        for name in set(names) & set(found):
            np.testing.assert_allclose(found[name], there[name], rtol=0, atol=1e-12)
        assert set(names) & set(found)


def test_a_chain_differs_from_the_bags_in_its_words_alone():
    bags, chain = (seen_by(cell, 1) for cell in (BAG_CELL, CHAIN_CELL))
    np.testing.assert_allclose(lg.log_prior(chain.model), lg.log_prior(bags.model), atol=1e-12)
    np.testing.assert_allclose(chain.instance.log_given, bags.instance.log_given, atol=1e-12)


def test_every_word_of_a_chain_alone_is_a_fair_coin_whatever_the_concepts_are():
    found = seen_by(CHAIN_CELL, 3)
    joint = found.instance.weight[:, None] * np.exp(found.instance.log_belief)
    given = joint / joint.sum(0)  # p(x|c)
    np.testing.assert_allclose(found.context.T @ given, 0.5, atol=1e-12)


def test_contexts_of_a_chain_are_held_out_together_when_their_beliefs_are_the_same():
    found = seen_by(CHAIN_CELL, 0)
    assert len(found.context) == 64
    flipped = 1 - found.context
    rows = {tuple(row): number for number, row in enumerate(found.context)}
    for number, row in enumerate(flipped):
        other = rows[tuple(row)]
        assert found.groups[number] == found.groups[other]
        np.testing.assert_allclose(
            found.instance.log_belief[number], found.instance.log_belief[other], atol=1e-12
        )
    assert len(np.unique(found.groups)) == 32


def test_an_affine_reader_of_a_chain_sees_nothing_and_of_bags_all_of_log_p():
    chain, bags = compute(CHAIN_CELL).metrics, compute(BAG_CELL).metrics
    assert np.abs(chain["score_raw_input.oracle.population"]).max() < 1e-6
    np.testing.assert_allclose(
        bags["score_raw_input.oracle.population"],
        bags["score_log_posterior.oracle.population"],
        atol=1e-4,
    )
    assert min(bags["readout.raw_input.population"]) > 1 - 1e-6


def test_a_level_is_met_by_the_first_kept_step_of_a_crossing():
    found = seen_by(BAG_CELL, 1000)
    network = train(predictor("mlp", SHORT, BAGS, 3, 4), SHORT, found, 1000)
    kept = network.trajectory
    assert kept is not None
    inside = found.instance
    information = es.mutual_information(inside.log_predictive, inside.weight)
    shares = []
    for number in range(len(kept.step)):
        params = jax.tree.map(lambda leaf, i=number: leaf[i], kept.params)
        both = es.represent_and_predict(network.predictor, params, found.context)
        log_predicted = np.asarray(both[1], np.float64)
        excess = es.excess_loss(inside.log_predictive, log_predicted, inside.weight)
        shares.append(excess / information)
    assert min(shares) < LEVELS["trained"]
    for name, reached in at_levels(network, found).items():
        number = int(np.flatnonzero(kept.step == reached.step)[0])
        if min(shares) <= LEVELS[name]:
            assert shares[number] <= LEVELS[name]
            assert shares[number - 1] > 0.9 * LEVELS[name]
        else:
            assert number == len(kept.step) - 1


@pytest.mark.parametrize("rate", [0.001, 0.5])
def test_an_error_that_nothing_learnt_has_the_excess_loss_of_a_trained_network(rate):
    found = seen_by(replace(CHAIN_CELL, sharpness=rate), 1)
    exact, weight = np.exp(found.instance.log_predictive), found.instance.weight
    mean = weight @ exact
    information = weight @ (exact * np.log(exact / mean)).sum(1)
    errors = perturbed(found)
    for log_predicted in errors.values():
        np.testing.assert_allclose(np.exp(log_predicted).sum(1), 1, atol=1e-12)
        excess = weight @ (exact * (np.log(exact) - log_predicted)).sum(1)
        np.testing.assert_allclose(excess / information, 0.0097, rtol=1e-6)
    log_odds = np.log(exact[:, 1:] / exact[:, :1])
    tempered = errors["tempered"][:, 1:] - errors["tempered"][:, :1]
    np.testing.assert_allclose(tempered, tempered.std() / log_odds.std() * log_odds, atol=1e-9)
    moved, whole = np.exp(errors["mixed"]) - exact, mean - exact
    np.testing.assert_allclose(moved, moved.std() / whole.std() * whole, atol=1e-9)


def test_an_error_is_put_beside_the_perfect_predictor_of_its_own_world():
    found = compute(replace(CHAIN_CELL, seeds=(3,))).metrics
    for error in ("noise", "mixed", "tempered"):
        for estimate in ("held_out", "population"):
            expected = np.subtract(
                found[f"score_difference.{error}.{estimate}"],
                found[f"score_difference.oracle.{estimate}"],
            )
            np.testing.assert_allclose(found[f"oracle_gap.{error}.{estimate}"], expected)
            assert np.abs(expected).max() > 0


@pytest.fixture(scope="module")
def trained():
    """One architecture that can learn the world and one that cannot."""
    cell = replace(BAG_CELL, sharpness=0.5, training=SHORT)
    return {
        name: compute(replace(cell, architecture=name)).metrics for name in ("mlp", "log_bilinear")
    }


def test_an_architecture_is_measured_where_its_excess_loss_meets_the_level(trained):
    found = trained["mlp"]
    for source in ("early", "trained"):
        share = np.array(found[f"excess_share.{source}"])
        assert found[f"equal.{source}"] == [1.0, 1.0]
        assert (share <= LEVELS[source]).all()
        assert (share >= EQUAL * LEVELS[source]).all()
    assert found["counted.trained"] == [1.0, 1.0]
    assert found["step.early"] < found["step.trained"]


def test_the_gap_is_the_difference_to_the_perfect_predictor(trained):
    oracle = compute(replace(BAG_CELL, sharpness=0.5)).metrics
    found = trained["mlp"]
    expected = np.subtract(
        found["score_difference.trained.held_out"], oracle["score_difference.oracle.held_out"]
    )
    np.testing.assert_allclose(found["oracle_gap.trained.held_out"], expected, atol=1e-12)


def test_a_sum_over_words_holds_log_p_whatever_it_has_learnt(trained):
    found = trained["log_bilinear"]
    assert found["equal.trained"] == [0.0, 0.0]
    assert min(found["score_log_posterior.trained.population"]) > 1 - 1e-5
    assert min(found["readout.untrained.population"]) > 1 - 1e-5


def test_a_seed_means_the_same_in_any_block(trained):
    cell = replace(BAG_CELL, sharpness=0.5, training=SHORT, architecture="mlp", seeds=(1,))
    for name, row in compute(cell).metrics.items():
        np.testing.assert_array_equal(row[0], trained["mlp"][name][1])


@pytest.mark.parametrize("words", [BAGS, CHAIN])
@pytest.mark.parametrize("architecture", PAPER.architectures)
def test_every_architecture_has_the_dimension_of_a_perfect_fit(architecture, words):
    chosen = predictor(architecture, SHORT, words, 3, 4)
    params = jax.eval_shape(chosen.init, jax.random.key(0))
    context = np.zeros((2, 3), np.int32)
    found = jax.eval_shape(es.represent_and_predict, chosen, params, context)
    assert [part.shape for part in found] == [(2, 3), (2, 4)]


def test_what_is_unknown_is_refused():
    with pytest.raises(ValueError, match=r"words must be 'bags' or 'chain'; got 'loud'"):
        world("loud", 0, CHANNEL, 0.1, context_length=3, num_tokens=4, floor=0.01)
    with pytest.raises(ValueError, match=r"architecture must be one of .*; got 'loud'"):
        predictor("loud", SHORT, BAGS, 3, 4)


def test_every_profile_covers_both_kinds_of_words_and_shares_compiled_loops():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {c.words for c in found} == {BAGS, CHAIN}
        assert {s for c in found if c.training for s in c.seeds} == set(range(config.num_trained))
        assert {s for c in found if not c.training for s in c.seeds} == set(
            range(config.num_worlds)
        )
    trained_cells = [c for c in cells(PAPER) if c.training]
    assert len({shape(c) for c in trained_cells}) == 12
