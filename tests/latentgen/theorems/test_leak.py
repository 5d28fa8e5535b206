"""What does a token that reads the context add to the identity, exactly?"""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.leak import leak, mask_world
from tests import oracles


@st.composite
def cases(draw, **choices):
    world = draw(lg.strategies.integer_worlds(**choices))
    return world, draw(lg.strategies.contexts(world.model()))


@given(cases(saturated=False, token=False, interacting=True, alike=False, num_positions=3))
def test_what_is_left_over_is_the_mean_log_ratio_of_the_two_tables(case):
    world, context = case
    found = leak(world.model(), context)
    target(found.worst)
    event(f"leaks: {not found.applies}")
    emission = oracles.token_emission(world, context[0].tolist())
    every = oracles.configurations(world)
    beliefs = np.array([oracles.posterior(world, words) for words in context.tolist()], float)
    given_both = np.array(
        [
            [
                [
                    float(oracles.emission_of(emission, c, words, y))
                    for y in range(found.defined.shape[1])
                ]
                for c in every
            ]
            for words in context.tolist()
        ]
    )
    for row, token in np.argwhere(found.defined):
        table = table_without_leak(beliefs, given_both)
        joint = np.array(oracles.prior(world), float) * table[:, token]
        weight = joint / joint.sum()
        terms = [
            w * np.log(given_both[row, c, token] / table[c, token])
            for c, w in enumerate(weight)
            if w
        ]
        assert found.residual[row, token] == pytest.approx(sum(terms), abs=1e-9)


def table_without_leak(beliefs, given_both):
    """p(y|c) [configuration, token], the mean over the contexts by their posterior given c."""
    total = beliefs.sum(0)
    share = np.where(total > 0, beliefs / np.where(total > 0, total, 1), 1 / len(beliefs))
    return (share[:, :, None] * given_both).sum(0)


@given(cases())
def test_it_stays_within_its_bound_and_vanishes_without_a_leak(case):
    world, context = case
    model = world.model()
    found = leak(model, context)
    target(found.worst)
    assert found.holds
    np.testing.assert_allclose(found.residual, found.quantity - found.claimed, atol=1e-9)
    parts = (found.residual, found.low, found.high, *found.terms.values())
    assert not any(np.isnan(array).any() for array in parts)
    if not model.token_factor(context.shape[1]).reads:
        assert found.worst < 1e-12


@given(cases(saturated=False, token=False, interacting=True, alike=False, num_positions=3))
def test_no_term_exceeds_what_the_configuration_tells_of_the_context(case):
    world, context = case
    context = np.unique(context, axis=0)
    found = leak(world.model(), context)
    belief = np.exp(lg.log_posterior(world.model(), context))
    share = belief / np.where(belief.sum(0) > 0, belief.sum(0), 1)
    with np.errstate(divide="ignore"):
        limit = -np.log(np.where(share > 0, share, 1).min(1))
    assert (found.high <= limit[:, None] + 1e-9).all()


def noisy_reader(strength):
    """One concept, one word; the token mixes what tells c with what repeats the word."""
    given_c, repeat = np.array([[0.9, 0.1], [0.2, 0.8]]), np.eye(2)
    table = (1 - strength) * given_c[:, None, :] + strength * repeat[None]
    words = [lg.Emission((0,), lg.flip_channel(0.3)), lg.Emission((0,), table, reads=(0,))]
    return lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.4, 0.6]], words)


def test_it_grows_with_the_strength_of_the_leak_and_is_named():
    found = [leak(noisy_reader(strength), [[0], [1]]) for strength in (0.0, 0.1, 0.4)]
    assert [theorem.applies for theorem in found] == [True, False, False]
    assert found[0].worst < 1e-14
    assert found[1].worst < found[2].worst
    information = [float(theorem.terms["information"][0]) for theorem in found]
    assert information[0] < 1e-15 < information[1] < information[2]
    spread = [theorem.terms["offset_spread"].max() for theorem in found]
    assert spread[0] < 1e-28 < spread[1] < spread[2]


def test_the_bound_is_reached_when_the_token_fixes_the_configuration():
    """q_y is one configuration, so that the mean of the log ratios is the only one."""
    table = np.zeros((2, 2, 4))
    table[0, :, :2] = [[0.9, 0.1], [0.3, 0.7]]
    table[1, :, 2:] = [[0.6, 0.4], [0.5, 0.5]]
    words = [lg.Emission((0,), lg.flip_channel(0.3)), lg.Emission((0,), table, reads=(0,))]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.4, 0.6]], words)
    found = leak(model, [[0], [1]])
    assert found.worst > 0.1
    np.testing.assert_allclose(found.low, found.high, atol=1e-12)


def test_a_token_forbidden_by_the_context_is_undefined_there():
    words = [lg.Emission((0,), lg.flip_channel(0.3)), lg.Emission((), np.eye(2), reads=(0,))]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.4, 0.6]], words)
    found = leak(model, [[0], [1]])
    np.testing.assert_array_equal(found.defined, np.eye(2, dtype=bool))
    belief = np.exp(lg.log_posterior(model, [[0], [1]]))
    share = belief / belief.sum(0)  # p(y|c) too, as y repeats the word
    weight = share * [0.4, 0.6] / (share @ [0.4, 0.6])[:, None]
    expected = -(weight * np.log(share)).sum(1)
    np.testing.assert_allclose(found.residual[found.defined], expected)


def test_one_context_hides_the_leak():
    """I(x; y|c) is measured over the contexts given: of a single one there is nothing to tell."""
    found = leak(noisy_reader(0.4), [[0]])
    assert found.applies
    assert found.worst < 1e-14


def mask_setting(num_masked=1, **options):
    graph = nx.DiGraph([(0, 1), (1, 2)])
    tables = [[0.3, 0.7], [[0.6, 0.4], [0.2, 0.8]], [[0.8, 0.2], [0.3, 0.7]]]
    digits = np.indices((2, 2, 2)).reshape(3, 8).T
    digits = np.concatenate([digits, digits[:, :1] ^ digits[:, 1:2]], 1)
    masks = options.pop("masks", list(itertools.combinations(range(4), num_masked)))
    return mask_world(graph, tables, digits, masks, **options), digits


def test_a_mask_drawn_afresh_leaks_and_a_fixed_one_does_not():
    for mask, leaks in ((None, True), (2, False)):
        model, _ = mask_setting(num_masked=2, mask=mask)
        every = lg.enumerate_contexts(model)
        found = leak(model, every.context, every.log_weight)
        assert found.applies is not leaks
        assert (found.worst > 0.1) is leaks
        assert found.holds


@pytest.mark.parametrize("num_masked", [1, 2, 4])
def test_the_masked_digits_are_what_comes_next(num_masked):
    model, digits = mask_setting(num_masked=num_masked, flip_rate=0.0)
    masks = list(itertools.combinations(range(4), num_masked))
    rows = [
        [index, *(2 if place in hidden else digit for place, digit in enumerate(row))]
        for row in digits.tolist()
        for index, hidden in enumerate(masks)
    ]
    assert {tuple(row) for row in lg.enumerate_contexts(model).context.tolist()} == {
        tuple(row) for row in rows
    }
    allowed = ~np.isneginf(lg.log_predictive(model, rows))
    for row, tokens in zip(rows, allowed, strict=True):
        hidden = masks[row[0]]
        possible = {
            int("".join(str(other[place]) for place in hidden), 2)
            for other in digits.tolist()
            if all(word in (2, digit) for word, digit in zip(row[1:], other, strict=True))
        }
        assert set(np.flatnonzero(tokens)) == possible


def test_a_noisy_mask_world_has_the_joint_of_its_digits():
    """p(mask, digits shown, digits hidden) is uniform over masks times the flipped digits'."""
    model, digits = mask_setting(num_masked=1, flip_rate=0.1)
    every = lg.enumerate_contexts(model)
    joint = np.exp(every.log_weight[:, None] + lg.log_predictive(model, every.context))
    prior = np.exp(lg.log_prior(model))
    for row, probability in zip(every.context.tolist(), joint, strict=True):
        for hidden in (0, 1):
            seen = [hidden if word == 2 else word for word in row[1:]]
            likelihood = np.where(digits == seen, 0.9, 0.1).prod(1)
            assert probability[hidden] == pytest.approx(prior @ likelihood / 4, abs=1e-12)


def test_hidden_digits_may_have_noise_of_their_own():
    model, digits = mask_setting(mask=0, flip_rate=0.4, hidden_flip_rate=0.0)
    told = np.exp(lg.log_token_given_context(model, [[0, 2, 0, 0, 0]]))[0]
    np.testing.assert_allclose(told, np.eye(2)[digits[:, 0]])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"masks": [(0, 4)]}, "equally many of the places 0 … 3"),
        ({"masks": [(0, 1), (2,)]}, "equally many"),
        ({"masks": [(1, 1)]}, "each once"),
        ({"masks": []}, "at least one"),
        ({"mask": 4}, "mask must lie in 0 … 3"),
    ],
)
def test_masks_that_do_not_exist_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        mask_setting(**options)


def test_digits_are_zero_or_one():
    graph = nx.DiGraph()
    graph.add_node(0)
    with pytest.raises(ValueError, match="digits must be 0 or 1"):
        mask_world(graph, [[0.5, 0.5]], [[0, 2], [1, 1]], [(0,)])


def test_4096_configurations_one_token_and_1e_290():
    space = lg.ConceptSpace((2,) * 12)
    share = np.linspace(0.1, 0.9, 4096)
    large = lg.ConceptModel.from_tables(
        space,
        np.full(4096, 1 / 4096),
        np.stack([share, 1 - share], 1),
        np.stack([1 - share, share], 1),
    )
    assert leak(large, [[0], [1]]).worst < 1e-12
    silent = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], lg.flip_channel(0.1), np.ones((2, 1))
    )
    assert leak(silent, [[0]]).worst == 0
    table = [[[1 - 1e-290, 1e-290], [0.5, 0.5]]] * 2
    words = [lg.Emission((0,), lg.flip_channel(0.3)), lg.Emission((0,), table, reads=(0,))]
    tiny = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.4, 0.6]], words)
    found = leak(tiny, [[0], [1]])
    assert found.worst > 600
    assert found.holds


def test_relabelling_and_an_idle_word_change_nothing():
    found = leak(noisy_reader(0.4), [[0], [1]])
    given_c, repeat = np.array([[0.9, 0.1], [0.2, 0.8]]), np.eye(2)
    table = 0.6 * given_c[::-1, None, ::-1] + 0.4 * repeat[None, :, ::-1]
    words = [lg.Emission((0,), lg.flip_channel(0.3)[::-1]), lg.Emission((), [1.0])]
    words.append(lg.Emission((0,), table, reads=(0,)))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.6, 0.4]], words)
    again = leak(model, [[0, 0], [1, 0]])
    np.testing.assert_allclose(again.residual[:, ::-1], found.residual, atol=1e-12)
