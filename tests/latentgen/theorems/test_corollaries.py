"""Which edits of a context move the representation along one concept's direction?"""

import tracemalloc

import networkx as nx
import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen import host
from latentgen.theorems.corollaries import corollary_directions, counterfactual_pairs
from tests import oracles

EDITED = "p(c_−k|c_k, x) is the same in both, nats"
REMAINDER = "Δh = 0, where it is defined: largest |Δh|, nats"
LEAK = "x ⊥ y | c: I(x; y | c) in nats is 0"


@st.composite
def cases(draw, **choices):
    world = draw(lg.strategies.integer_worlds(**choices))
    context = draw(lg.strategies.contexts(world.model()))
    return world, context, draw(st.integers(0, len(world.cardinalities) - 1))


def plain(world, first, second, concept, token):
    """Both sides of the corollary for one pair and token, by sums over configurations."""
    model = world.model()
    by_token = np.exp(lg.log_token_posterior(model, len(first)))
    values = [c[concept] for c in oracles.configurations(world)]
    moved, along = 0.0, 0.0
    for words, sign in ((second, 1), (first, -1)):
        predictive = oracles.predictive(world, words)
        moved += sign * (oracles.log(predictive[token]) - oracles.log(predictive[0]))
        belief = oracles.posterior(world, words)
        for share, value in zip(by_token[token] - by_token[0], values, strict=True):
            told = sum(p for p, other in zip(belief, values, strict=True) if other == value)
            along += sign * share * oracles.log(told) if share else 0.0
    return moved, along


@given(cases(interacting=False))
def test_both_sides_are_what_plain_sums_say(case):
    world, context, concept = case
    found = corollary_directions(world.model(), context, concept=concept)
    for pair, token in np.argwhere(found.defined):
        first, second = context[found.terms["pairs"][pair]].tolist()
        moved, along = plain(world, first, second, concept, token)
        assert found.quantity[pair, token] == pytest.approx(moved, abs=1e-9)
        assert found.claimed[pair, token] == pytest.approx(along, abs=1e-9)


@given(cases())
def test_what_is_left_over_is_the_conditional_part_less_the_change_of_h(case):
    """The algebra of item 11: exact iff A Δ log p(c_−k|c_k, x) = (L̂ᵀ)⁻¹ Δh."""
    world, context, concept = case
    found = corollary_directions(world.model(), context, concept=concept)
    target(found.worst)
    terms = found.terms
    parts = terms["conditional_part"] - terms["remainder_part"] + terms["offset_part"]
    both = found.defined & terms["parts_defined"]
    np.testing.assert_allclose(found.residual[both], parts[both], atol=1e-9)
    assert not any(np.isnan(array).any() for array in (found.residual, *terms.values()))
    event(f"met: {found.applies}, exact: {found.holds}")
    if found.applies:
        assert found.holds


def one_word_a_concept(graph, token, flip_rate=0.2, readers=((0,), (1,))):
    """Two binary concepts; word i reads the concepts readers[i] through noise."""
    second = [[0.7, 0.3], [0.2, 0.8]] if graph.number_of_edges() else [0.4, 0.6]
    words = []
    for scope in readers:
        heard = np.indices((2,) * len(scope)).reshape(len(scope), 2 ** len(scope)).sum(0) % 2
        words.append(lg.Emission(scope, lg.flip_channel(flip_rate)[heard]))
    return lg.ConceptModel.from_graph(
        graph, (2, 2), [[0.3, 0.7], second], words, lg.Emission((0, 1), token)
    )


def chain():
    return nx.DiGraph([(0, 1)])


NAMED = np.eye(4)
NOISY = lg.through_channel(np.eye(4), lg.uniform_channel(4, 0.1))
SOFT = np.array(
    [[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1], [0.3, 0.3, 0.1, 0.3], [0.1] * 3 + [0.7]]
)


def edits(model, position, **options):
    context = lg.enumerate_contexts(model).context
    pairs = counterfactual_pairs(context, position)
    return corollary_directions(model, context, concept=position, pairs=pairs, **options)


@pytest.mark.parametrize("position", [0, 1])
def test_a_word_that_reads_the_concept_alone_and_a_token_that_tells_it_are_exact(position):
    """Whatever the graph: the edited word is all that counts."""
    found = edits(one_word_a_concept(chain(), NAMED), position)
    assert found.applies
    assert found.worst < 1e-12
    assert np.abs(found.quantity).max() > 1


def test_the_conditional_part_vanishes_for_any_graph_but_the_remainder_need_not():
    found = edits(one_word_a_concept(chain(), SOFT), 0)
    assert np.abs(found.terms["conditional_part"]).max() < 1e-14
    assert found.broken == (REMAINDER,)
    assert found.worst > 0.05


def test_the_parts_add_up_when_none_of_them_vanishes():
    model = one_word_a_concept(chain(), SOFT, readers=((0, 1), (1,)))
    found = edits(model, 0)
    conditional, remainder = (found.terms[f"{p}_part"] for p in ("conditional", "remainder"))
    assert min(np.abs(part[:, 1:]).max() for part in (conditional, remainder)) > 0.1
    assert found.terms["parts_defined"].all()
    np.testing.assert_allclose(found.residual, conditional - remainder, atol=1e-12)


def test_noise_on_the_token_breaks_the_remainder():
    assert edits(one_word_a_concept(chain(), NOISY), 0).broken == (REMAINDER,)


def test_editing_a_word_that_reads_another_concept_too_breaks_the_first_part():
    model = one_word_a_concept(chain(), NAMED, readers=((0, 1), (1,)))
    found = edits(model, 0)
    assert found.broken == (EDITED,)
    assert found.worst > 0.1


def test_twin_sampling_breaks_it():
    """Contexts drawn apart for configurations that differ in c_0: the word of c_1 differs too."""
    model = one_word_a_concept(chain(), NAMED)
    found = corollary_directions(model, [[0, 0], [1, 1]], concept=0)
    assert EDITED in found.broken
    assert found.worst > 0.5


def test_setting_a_concept_by_hand_breaks_it_when_others_descend_from_it():
    """do(c_0) changes c_1 and with it the word of c_1; without the edge that word stays."""
    model = one_word_a_concept(chain(), NAMED)
    follow = lg.ConceptModel.from_graph(
        chain(), (2, 2), [[0.3, 0.7], np.eye(2)], [lg.Emission((k,), np.eye(2)) for k in (0, 1)]
    )
    twins = [lg.enumerate_contexts(lg.intervene(follow, {0: v}), 2).context for v in (0, 1)]
    context = np.concatenate(twins)
    assert context.tolist() == [[0, 0], [1, 1]]
    found = corollary_directions(model, context, concept=0)
    assert EDITED in found.broken
    assert found.worst > 0.5
    alone = corollary_directions(model, [[0, 0], [1, 0]], concept=0)
    assert alone.applies


def test_two_wrongs_may_cancel():
    """When y tells c_0 and nothing else f is log p(c_0|x), exactly, after any edit at all."""
    model = one_word_a_concept(chain(), [[1.0, 0.0]] * 2 + [[0.0, 1.0]] * 2)
    found = corollary_directions(model, [[0, 0], [1, 1], [0, 1]], concept=0)
    assert set(found.broken) == {EDITED, REMAINDER}
    assert found.worst < 1e-12


def test_a_leak_is_named_and_its_part_shown():
    reads = lg.Emission((0,), [[[0.9, 0.1], [0.6, 0.4]], [[0.2, 0.8], [0.1, 0.9]]], reads=(0,))
    model = lg.ConceptModel.from_graph(
        lg.chain_dag(1), (2,), [[0.4, 0.6]], [lg.Emission((0,), lg.flip_channel(0.2)), reads]
    )
    found = corollary_directions(model, [[0], [1]])
    assert LEAK in found.broken
    assert np.abs(found.terms["offset_part"]).max() > 0.1


def test_configurations_that_only_one_context_allows_break_the_first_assumption():
    words = [lg.Emission((0, 1), [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])]
    model = lg.ConceptModel.from_graph(
        chain(), (2, 2), [[0.5, 0.5], [[0.5, 0.5]] * 2], words, lg.Emission((0, 1), NOISY)
    )
    found = corollary_directions(model, [[0], [1]], concept=0)
    by_name = {assumption.name: assumption for assumption in found.assumptions}
    assert by_name[EDITED].value == np.inf
    assert not by_name[EDITED].met


def test_a_zero_in_what_is_compared_leaves_it_undefined():
    model = one_word_a_concept(chain(), NAMED, flip_rate=0.0)
    found = edits(model, 0)
    assert not found.defined[:, 1:].any()
    assert not np.isnan(found.residual).any()


@pytest.mark.parametrize(
    ("pairs", "said"),
    [([[0, 9]], "rows 0 … 3"), ([[0.5, 1]], "integers"), ([0, 1], r"\[pair, 2\]")],
)
def test_pairs_that_are_none_are_refused(pairs, said):
    with pytest.raises(ValueError, match=said):
        corollary_directions(
            one_word_a_concept(chain(), NAMED), np.indices((2, 2)).reshape(2, 4).T, pairs=pairs
        )


def test_one_context_has_no_pair_and_one_token_no_direction():
    found = corollary_directions(one_word_a_concept(chain(), NAMED), [[0, 0]])
    assert found.residual.shape == (0, 4)
    assert found.holds
    silent = one_word_a_concept(chain(), np.ones((4, 1)))
    assert corollary_directions(silent, [[0, 0], [1, 0]]).worst == 0


def test_pairs_differ_at_the_position_and_nowhere_else():
    context = np.array([[0, 0], [0, 1], [1, 1], [2, 1]])
    assert counterfactual_pairs(context, 0).tolist() == [[1, 2], [1, 3], [2, 3]]
    assert counterfactual_pairs(context, 1).tolist() == [[0, 1]]


def test_4096_configurations_and_posteriors_of_1e_290():
    space = lg.ConceptSpace((2,) * 12)
    first = space.values(np.arange(4096))[:, 0]
    model = lg.ConceptModel.from_tables(
        space, np.full(4096, 1 / 4096), lg.flip_channel(0.3)[first], lg.flip_channel(0.0)[first]
    )
    found = corollary_directions(model, [[0], [1]])
    assert found.worst < 1e-12
    tiny = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [1e-290, 1.0], lg.flip_channel(0.1), np.eye(2)
    )
    found = corollary_directions(tiny, [[0], [1]])
    assert found.defined.all()
    assert found.applies
    assert found.holds


def test_relabelling_merging_and_an_idle_word_change_nothing():
    model = one_word_a_concept(chain(), SOFT)
    found = edits(model, 0)
    order = [0, 3, 1, 2]  # the reference stays first
    renamed = edits(one_word_a_concept(chain(), SOFT[:, order]), 0)
    np.testing.assert_allclose(renamed.residual, found.residual[:, order], atol=1e-12)
    split = np.concatenate([SOFT[:, :3], SOFT[:, 3:] * [0.25, 0.75]], 1)
    parts = edits(one_word_a_concept(chain(), split), 0)
    np.testing.assert_allclose(parts.residual[:, [0, 1, 2, 4]], found.residual, atol=1e-12)
    idle = one_word_a_concept(chain(), SOFT, readers=((0,), (1,), ()))
    longer = corollary_directions(idle, [[0, 0, 0], [1, 0, 1]])
    shorter = corollary_directions(model, [[0, 0], [1, 0]])
    np.testing.assert_allclose(longer.residual, shorter.residual, atol=1e-12)


@given(st.integers(0, 2**16))
def test_counterfactual_pairs_are_those_of_all_pairs(seed):
    drawn = np.random.default_rng(seed)
    context = drawn.integers(3, size=(drawn.integers(0, 12), drawn.integers(1, 4)))
    position = int(drawn.integers(context.shape[1]))
    expected = [
        [first, second]
        for first in range(len(context))
        for second in range(first + 1, len(context))
        if np.flatnonzero(context[first] != context[second]).tolist() == [position]
    ]
    assert counterfactual_pairs(context, position).tolist() == expected


def test_counterfactual_pairs_of_many_contexts_take_little_memory():
    context = np.indices((2,) * 14).reshape(14, -1).T
    tracemalloc.start()
    try:
        pairs = counterfactual_pairs(context, 3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(pairs) == 2**13
    assert peak < 64 * 2**20


@pytest.mark.parametrize("position", [-1, 2])
def test_a_position_that_contexts_do_not_have_is_refused(position):
    with pytest.raises(ValueError, match=rf"positions 0 … 1; there is no {position}"):
        counterfactual_pairs([[0, 1]], position)


def test_what_has_no_pairs_or_too_many_is_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"two axes \[sample, position\]"):
        counterfactual_pairs([0, 1], 0)
    monkeypatch.setattr(host, "MAX_OUTPUT_BYTES", 16 * 4)
    assert len(counterfactual_pairs([[0], [1]] * 2, 0)) == 4
    with pytest.raises(
        ValueError, match=r"counterfactual_pairs would return .*\(9, 2\).*: use each"
    ):
        counterfactual_pairs([[0], [1]] * 3, 0)
