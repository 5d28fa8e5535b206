"""Is the law read off the table the one that holds, and no smaller one?"""

from fractions import Fraction

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given

import estimators as es
import latentgen as lg
from latentgen.theorems.converse import (
    converse,
    law_features,
    law_of,
    law_of_table,
    proportional_rows,
)
from latentgen.theorems.projection import fisher_projection
from tests.latentgen.theorems.belief_world import (
    WORLDS,
    aim_at_violation,
    assert_sound,
    belief_world,
    generic_beliefs,
    log,
    many_configurations,
    noisy_names,
)


def named(table, cardinalities=None):
    table = np.asarray(table, np.float64)
    space = lg.ConceptSpace(cardinalities or (len(table),))
    return law_of_table(log(table), space, np.ones(len(table), bool))


@given(WORLDS, st.data())
def test_the_identity_holds_in_every_world_where_the_token_reads_c_alone(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = converse(model, context)
    assert_sound(found)
    aim_at_violation(found)
    leaks = any("x ⊥ y" in name for name in found.broken)
    assert leaks or found.holds


@given(st.data(), st.sampled_from([(2, 3), (3, 4), (4, 2)]))
def test_members_are_the_distinct_rows_in_fractions(data, shape):
    weights = data.draw(lg.strategies.weights(shape))
    law = named(weights / weights.sum(1, keepdims=True))
    # stupid: rows r and s are proportional iff every 2 × 2 minor is zero, in exact fractions
    table = [[Fraction(int(w), int(row.sum())) for w in row] for row in weights]
    columns = list(zip(*table, strict=True))

    def proportional(first, second):
        size = range(len(first))
        return all(first[i] * second[j] == first[j] * second[i] for i in size for j in size)

    ones = [Fraction(1)] * shape[0]
    for y, column in enumerate(columns):
        assert (law.member[y] == -1) == (not any(column) or proportional(column, ones))
        for z, other in enumerate(columns):
            if law.member[y] >= 0 and law.member[z] >= 0:
                assert (law.member[y] == law.member[z]) == proportional(column, other)
    assert len(law.log_members) == law.member.max() + 1
    assert len(law.log_members) != 1  # as the rows sum to 1
    assert len(law.kinds) == len(law.rho) == len(law.log_members)


@pytest.mark.parametrize(
    ("table", "cardinalities", "name"),
    [
        (np.eye(3), (3,), "log p(c|x)"),
        (noisy_names(3, 0.1), (3,), "log(p(c|x) + ρ)"),
        ([[0.5, 0, 0.5], [0, 0.5, 0.5]], (2,), "log p(c|x)"),
        (np.full((4, 3), 1 / 3), (2, 2), "constant"),
        (np.ones((4, 1)), (2, 2), "constant"),
        (np.eye(2)[[0, 0, 1, 1]], (2, 2), "stacked log p(c_k|x)"),
        (np.eye(2)[[0, 0, 1, 1]] * 0.8 + 0.1, (2, 2), "stacked log(p(c_k|x) + ρ)"),
        (np.eye(2)[[0, 1, 1, 0]], (2, 2), "log p(group|x)"),
        (np.eye(2)[[0, 1, 1, 0]] * 0.8 + 0.1, (2, 2), "log(p(group|x) + ρ)"),
        ([[1, 0], [0.5, 0.5], [0, 1]], (3,), "log⟨s, p⟩ of no named kind"),
    ],
)
def test_laws_are_named(table, cardinalities, name):
    assert named(table, cardinalities).name == name


def test_one_concept_shown_at_random_is_the_stack_of_log_marginals():
    values = np.indices((2, 3)).reshape(2, -1).T
    table = np.concatenate([0.4 * np.eye(2)[values[:, 0]], 0.6 * np.eye(3)[values[:, 1]]], 1)
    law = named(table, (2, 3))
    assert law.name == "stacked log p(c_k|x)"
    assert law.kinds == ("value",) * 5
    np.testing.assert_allclose(np.exp(law.log_scale), [0.4, 0.4, 0.6, 0.6, 0.6])


def test_rho_is_read_off_each_row():
    table = np.array([[0.6, 0.1, 0.3], [0.1, 0.6, 0.3], [0.1, 0.1, 0.8]])
    law = named(table)
    assert law.name == "log(p(c|x) + ρ)"
    np.testing.assert_allclose(law.rho, [0.2, 0.2, 0.6])
    law = named(noisy_names(4, 0.2))
    np.testing.assert_allclose(law.rho, 0.2 / (4 * 0.8))


def test_impossible_configurations_do_not_count():
    table = np.array([[1.0, 0], [0, 1.0], [0.3, 0.7]])
    assert named(table).name == "log⟨s, p⟩ of no named kind"
    model, context, _ = belief_world([[0.5, 0.5, 0], [0.1, 0.9, 0]], table)
    assert law_of(model, 1).name == "log p(c|x)"
    assert converse(model, context).applies
    larger = np.array([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]])
    law = law_of(belief_world([[0.5, 0.5, 0], [0.1, 0.9, 0]], larger)[0], 1)
    np.testing.assert_allclose(np.exp(law.log_scale), [0.5, 0.8])
    assert np.isneginf(law.log_members[:, 2]).all()


@given(st.integers(0, 2**16), st.integers(2, 4), st.integers(2, 5))
def test_on_its_own_features_the_law_leaves_nothing(seed, num_configurations, num_tokens):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(num_tokens), num_configurations)
    belief = generic_beliefs(seed, 40, num_configurations)
    law = named(table)
    features = law_features(log(belief), law.log_members)
    assert fisher_projection(features, log(belief @ table)).share < 1e-15


def test_the_law_score_of_its_own_features_is_one_and_of_the_rivals_is_not():
    rng = np.random.default_rng(1)
    table, belief = rng.dirichlet(np.ones(4), 3), generic_beliefs(1, 60, 3)
    model, context, _ = belief_world(belief, table)
    log_predictive = lg.log_predictive(model, context)
    law = law_of(model, 1)
    assert law.kinds == ("other",) * 4
    own = law_features(lg.log_posterior(model, context), law.log_members)
    assert es.law_score(own, log_predictive).population > 1 - 1e-6
    for rival in (belief, np.log(belief)):
        assert es.law_score(rival, log_predictive).population < 1 - 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_every_member_is_needed_on_generic_beliefs(seed):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(4), 4)
    table = np.concatenate([table[:, :3] * 0.8, table[:, 3:] * 0.8, np.full((4, 1), 0.2)], 1)
    belief = generic_beliefs(seed, 200, 4)
    law, log_predictive = named(table), log(belief @ table)
    assert len(law.log_members) == 4
    features = law_features(log(belief), law.log_members)
    assert fisher_projection(features, log_predictive).share < 1e-15
    for left_out in range(4):
        kept = np.delete(features, left_out, axis=1)
        assert fisher_projection(kept, log_predictive).share > 1e-4
        assert es.law_score(kept, log_predictive).population < 1 - 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_it_is_affine_in_the_belief_only_if_it_is_constant(seed):
    rng = np.random.default_rng(seed)
    belief = generic_beliefs(seed, 100, 3)
    shares = []
    for strength in (1.0, 0.1, 0.01):
        table = np.full((3, 4), 0.25) + strength * 0.2 * rng.uniform(-1, 1, (3, 4))
        table /= table.sum(1, keepdims=True)
        shares.append(fisher_projection(belief, log(belief @ table)).share)
    assert all(share > 1e-9 for share in shares)  # never exactly …
    assert shares[2] < 1e-2 * shares[0]  # … but ever more nearly
    constant = fisher_projection(belief, log(np.full((100, 4), 0.25)))
    assert constant.share == 0
    assert constant.divergence < 1e-30


def test_few_contexts_cannot_tell_and_the_answer_says_so():
    belief = generic_beliefs(0, 2, 4)
    table = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    few = converse(*belief_world(belief, table))
    assert few.broken == ("beliefs span all directions, as an open set does: missed",)
    assert few.assumptions[1].value == 2
    assert few.terms["rank"] == 1
    assert few.holds  # the "if" half needs no open set
    enough = converse(*belief_world(generic_beliefs(0, 4, 4), table))
    assert enough.applies


def test_proportionality_is_scale_free_and_sharp():
    row = np.array([0.3, 0.5, 1.0, 0.0])
    nearby = [row + np.array([1e-9, 0, 0, 0]), row + np.array([0, 0, 0, 1e-290])]
    rows = log(np.stack([row, row * (1 + 1e-15), *nearby]))
    first, cluster = proportional_rows(rows)
    assert first.tolist() == [0, 2, 3]
    assert cluster.tolist() == [0, 0, 1, 2]
    scaled = named([[0.3e-290, 0.6e-290, 1.0], [0.5e-290, 1e-290, 1.0]])
    assert scaled.member[0] == scaled.member[1] != -1
    assert scaled.member[2] == -1  # constant to within rounding
    assert named([[1e-290, 1.0], [3e-290, 1.0]]).rho[0] == pytest.approx(0.5)


def test_many_tokens_cost_no_comparison_of_all_pairs():
    rng = np.random.default_rng(0)
    shapes = rng.dirichlet(np.ones(300), 4)
    table = np.repeat(shapes, 10, axis=1) / 10
    law = named(table)
    assert len(law.log_members) == 300
    assert (law.member == np.repeat(np.arange(300), 10)).all()


def test_4096_configurations_and_a_token_that_reads_two_concepts():
    shown = np.stack([np.eye(4)[:2], np.eye(4)[2:]]) * 0.6 + 0.1
    model, context = many_configurations(shown)
    law = law_of(model, 12)
    assert law.name == "log(p(group|x) + ρ)"
    np.testing.assert_allclose(law.rho, 1 / 6)
    found = converse(model, context)
    assert found.holds
    assert found.broken == ("beliefs span all directions, as an open set does: missed",)


def test_one_token_one_context_and_posteriors_down_to_1e_290():
    one = converse(*belief_world(generic_beliefs(0, 1, 3), np.ones((3, 1))))
    assert_sound(one)
    assert str(one.terms["law"]) == "constant"
    assert one.terms["log_members"].shape == (0, 3)
    table = np.array([[0.5, 0.5, 0], [0, 0.5, 0.5]])
    found = converse(*belief_world([[1e-290, 1.0], [0.5, 0.5]], table))
    assert_sound(found)
    assert found.applies
    assert found.holds
    with mpmath.workdps(320):
        expected = float(mpmath.log(mpmath.mpf(1e-290) / 2))
    np.testing.assert_allclose(found.claimed[0, 0], expected, rtol=1e-12)


def test_merging_splitting_and_relabelling_change_the_set_as_the_theory_says():
    table = noisy_names(3, 0.3)
    assert len(named(table).log_members) == 3
    merged = named(table @ [[1, 0], [0, 1], [0, 1]])
    assert merged.name == "log(p(group|x) + ρ)"
    split_token = named(np.concatenate([table[:, :2], table[:, 2:] * [0.3, 0.7]], 1))
    assert split_token.member.tolist() == [0, 1, 2, 2]
    assert split_token.name == named(table).name
    split = named(np.repeat(table, 2, axis=0), (3, 2))
    assert split.name == "stacked log(p(c_k|x) + ρ)"
    np.testing.assert_allclose(split.rho, named(table).rho)
    order = [2, 0, 1]
    relabelled = named(table[order])
    np.testing.assert_allclose(relabelled.log_members, named(table).log_members[:, order])


def test_a_token_that_reads_the_words_has_no_law_of_the_belief_alone():
    model = lg.worlds.named("echo")
    assert law_of(model, 7).name == "log(p(c|x) + ρ)"
    words = [
        lg.Emission((0,), np.full((2, 2), 0.5)),
        lg.Emission((0,), [[[0.2, 0.8], [0.8, 0.2]], [[0.8, 0.2], [0.2, 0.8]]], reads=(0,)),
    ]
    graph = model.graph.subgraph([0])
    leaking = lg.ConceptModel.from_graph(graph, (2,), [[0.5, 0.5]], words)
    with pytest.raises(ValueError, match="reads the words"):
        law_of(leaking, 1)
    found = converse(leaking, [[0], [1]])
    assert_sound(found)
    assert any("x ⊥ y" in name for name in found.broken)
