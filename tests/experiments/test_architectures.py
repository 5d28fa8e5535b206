"""Are architectures compared at equal excess loss, and do the words follow the numbers?"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy.optimize import brentq

import estimators as es
import latentgen as lg
from experiments.architectures import EXPERIMENT, PAPER, cells
from experiments.architectures.cell import ORACLE, ArchitecturesCell, compute, shape
from experiments.architectures.claims import CLAIMS
from experiments.architectures.finding import finding
from experiments.architectures.networks import (
    EQUAL,
    LEVELS,
    Training,
    at_levels,
    predictor,
    train,
)
from experiments.architectures.tables import comparable, pairs, shrinkages, spread, worlds
from experiments.architectures.worlds import BAGS, CHAIN, seen, world
from experiments.experiment import CellRecord
from experiments.log_or_belief.cell import LogOrBeliefCell
from experiments.log_or_belief.cell import compute as compute_oracle
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results, write_table
from experiments.store import canonical
from paper_figs.architectures import draw

SHORT = Training(num_steps=250)
PANEL = replace(PAPER, diagonal=((CHANNEL, 0.001, 4), (CHANNEL, 0.5, 8), (RANDOM, 3.0, 8)))
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


def test_noise_of_the_same_excess_loss_moves_no_law_ahead_of_the_other():
    """What trained networks differ in from the perfect predictor is more than some error."""
    for seed, rate in ((0, 0.001), (1, 0.5)):
        found = seen_by(replace(CHAIN_CELL, context_length=7, sharpness=rate), seed)
        exact, weight = found.instance.log_predictive, found.instance.weight
        noise = np.random.default_rng(seed).normal(size=exact.shape)

        def noisy(size, exact=exact, noise=noise):
            logits = exact + size * noise
            return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

        def share(size, exact=exact, weight=weight, noisy=noisy):
            information = es.mutual_information(exact, weight)
            return es.excess_loss(exact, noisy(size), weight) / information

        size = brentq(lambda size: share(size) - LEVELS["trained"], 1e-6, 3.0)
        differences = []
        for log_predicted in (exact, noisy(size)):
            log, belief = (
                es.law_score(phi, log_predicted, weight, groups=found.groups).population
                for phi in found.laws().values()
            )
            differences.append(log - belief)
        assert abs(differences[1] - differences[0]) < 0.01


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


ORACLE_USUAL = {
    "num_contexts.exact": 100.0,
    "token_information.exact": 0.5,
    "concept_information.exact": 0.6,
    "score_argmax.oracle.population": 0.8,
    "log10_rho.oracle": -2.0,
}
LEARNT = {"early": 0.09, "trained": 0.009, "late": 0.0009}


def usual(cell):
    """Made-up metrics of a cell: log p holds for all, and nothing differs."""
    scores = {"log_posterior": 0.998, "belief": 0.94, "rho": 0.999}
    nulls = {"raw_input": 0.0, "permuted": -0.3}
    estimates = ("held_out", "population")
    if cell.training is None:
        found = dict(ORACLE_USUAL)
        sources, read = ("oracle",), ("oracle", "raw_input", "permuted")
    else:
        found = {"num_parameters.trained": 3000.0, "diverged.trained": 0.0}
        found["log10_rho.trained"] = -2.0
        sources, read = (*LEARNT, "untrained"), (*LEARNT, "untrained", "permuted")
        for source, share in LEARNT.items():
            found |= {f"excess_share.{source}": share, f"explained.{source}": 1 - share}
            found |= {f"equal.{source}": 1.0, f"counted.{source}": 1.0, f"step.{source}": 50.0}
            found[f"oracle_gap.{source}.held_out"] = 0.0
    for estimate in estimates:
        for source in sources:
            found[f"score_difference.{source}.{estimate}"] = 0.058
            for law, value in (scores | nulls).items():
                found[f"score_{law}.{source}.{estimate}"] = value
        for source in read:
            found[f"readout.{source}.{estimate}"] = 0.0 if source == "permuted" else 0.9
    return found


def records(value=lambda cell, name: None, config=PANEL):
    """Made-up records; value(cell, name) gives another number, None for the usual."""
    spread_of, found = np.random.default_rng(0), []
    for cell in cells(config):
        metrics = {}
        for name, common in usual(cell).items():
            given = value(cell, name)
            fixed = name.startswith(("equal", "counted", "step", "num", "diverged"))
            noise = 0 if fixed else 1e-4 * spread_of.normal(size=len(cell.seeds))
            middle = common if given is None else given
            metrics[name] = (np.zeros(len(cell.seeds)) + middle + noise).tolist()
        found.append(CellRecord(canonical(cell), metrics))
    return found


def words_of(made_up, evidence=True):
    told = finding(made_up, evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def gru_differs(cell, name):
    if cell.architecture != "gru":
        return None
    if name.startswith("score_difference.trained"):
        return 0.158
    return 0.1 if name.startswith("oracle_gap.trained") else None


def bilinear_is_not_trained(cell, name):
    if cell.architecture == "log_bilinear" and name.startswith(("equal", "counted")):
        return 0.0
    return 0.7 if cell.architecture == "log_bilinear" and name.startswith("explained") else None


def spread_shrinks(cell, name):
    if cell.architecture == "mlp" and name.startswith("score_difference.early"):
        return 0.2
    return None


def verdicts(made_up):
    return {claim.name: claim.judge(made_up).verdict for claim in CLAIMS}


def test_claims_are_judged_by_the_stored_numbers():
    alike = verdicts(records())
    assert alike["architectures-log"] == "holds"
    assert alike["architectures-belief"] == "fails"
    assert alike["architectures-alike"] == alike["architectures-oracle"] == "holds"
    assert alike["architectures-shrinks"] in ("undecided", "fails")
    assert alike["architectures-log-bilinear"] == "holds"
    differ = verdicts(records(gru_differs))
    assert differ["architectures-alike"] == differ["architectures-oracle"] == "fails"
    assert verdicts(records(spread_shrinks))["architectures-shrinks"] == "holds"
    assert verdicts(records(bilinear_is_not_trained))["architectures-log-bilinear"] == "fails"
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)


def test_a_law_that_the_raw_input_states_too_is_not_evidence():
    def raw(cell, name):
        return 0.99 if name.startswith("score_raw_input") else None

    assert verdicts(records(raw))["architectures-log"] == "not evidence"


@pytest.mark.parametrize(
    "hidden",
    [
        lambda cell, name: 0.0 if name.startswith(("equal", "counted")) else None,
        lambda cell, name: 0.995 if name.startswith("score_argmax") else None,
        lambda cell, name: np.nan if name.startswith(("score_", "equal", "oracle_gap")) else None,
    ],
)
def test_untrained_trivial_or_missing_networks_support_nothing(hidden):
    found = verdicts(records(hidden))
    assert "holds" not in {v for name, v in found.items() if name != "architectures-log-bilinear"}
    told, text = words_of(records(hidden))
    assert "no two architectures can be compared" in text
    assert told.headline


def test_with_few_seeds_there_is_no_verdict():
    few = records(config=PANEL.with_seeds(3))
    assert set(verdicts(few).values()) == {"not evidence"}
    told, text = words_of(few)
    assert not told.evidence
    assert "(holds)" not in text


def test_one_seed_that_misses_the_level_takes_its_network_out():
    made_up = records()
    for record in made_up:
        if record.config["architecture"] == "gru" and record.config["seeds"][0] == 0:
            record.metrics["equal.trained"][2] = 0.0
    results = Results(made_up)
    assert all("gru" not in (p.first, p.second) for p in pairs(results, "trained"))
    assert any("gru" in (p.first, p.second) for p in pairs(results, "early"))
    assert all("gru" not in comparable(results, w, "trained") for w in worlds(results))


def test_the_spread_is_the_largest_less_the_smallest_seed_by_seed():
    results = Results(records(gru_differs))
    place = worlds(results)[0]
    found = spread(results, place, ["mlp", "gru"], "trained")
    np.testing.assert_allclose(found, 0.1, atol=2e-3)
    assert not len(spread(results, place, ["mlp"], "trained"))
    before = Results(records(spread_shrinks))
    for _, change in shrinkages(before):
        assert change.mean == pytest.approx(0.142, abs=2e-3)


def test_the_words_follow_the_numbers():
    told, text = words_of(records())
    assert told.evidence
    assert "36 of 36 pairs lie within ±0.01" in text
    assert "GRU" in text
    _, text = words_of(records(gru_differs))
    assert "18 beyond it" in text
    _, text = words_of(records(bilinear_is_not_trained))
    assert "0.700 of 0.000 (not trained)" in text


def test_the_headline_says_when_architectures_differ_as_much_as_worlds():
    def moves(cell, name):
        weak = cell.sharpness == 0.5 and cell.words == CHAIN
        return -0.3 if weak and name.startswith("score_difference.oracle") else None

    told, _ = words_of(records(moves))
    assert "the world decides more than the architecture" in told.headline
    told, _ = words_of(records(gru_differs))
    assert "not known to decide less" in told.headline


def test_every_caption_has_its_figure(tmp_path):
    for config in (PANEL, EXPERIMENT.profiles["smoke"]):
        made_up = records(bilinear_is_not_trained, config)
        write_table(tmp_path / "architectures.csv", Results(made_up), "smoke")
        drawn = draw(tmp_path / "architectures.csv")
        assert drawn.keys() == finding(made_up, True).captions.keys()
        assert {claim.figure for claim in CLAIMS} <= drawn.keys()
