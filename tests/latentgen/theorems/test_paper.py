"""Are the paper's L, A, β and h what one computes by hand, and is our bound of h one?"""

import mpmath
import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.paper import paper_theorem
from tests import theorem_oracles
from tests.theorem_cases import HALF, case, cases, joint_world

NAMES = ("logit_difference", "log_belief_part", "offset", "remainder")


def any_reference(data, case):
    return data.draw(st.integers(0, len(case.truth.tokens) - 1))


@given(cases(), st.data())
def test_every_term_is_the_one_of_fractions(case, data):
    reference = any_reference(data, case)
    found = paper_theorem(*case.arguments, reference=reference)
    expected = theorem_oracles.paper(case.truth, reference)
    for x, y in case.truth.pairs():
        assert found.defined[x, y] == (expected[x][y] is not None)
        values = [found.terms[name][x, y] for name in NAMES]
        np.testing.assert_allclose(values, expected[x][y] or [0] * 4, rtol=1e-9, atol=1e-11)
    exact = np.array(theorem_oracles.diversity(case.truth, reference), np.float64)
    np.testing.assert_allclose(found.terms["diversity_matrix"], exact, atol=1e-14)
    variation = np.abs(exact).sum(1) / 2
    np.testing.assert_allclose(found.terms["total_variation"], variation, atol=1e-14)
    largest = [[float(1 - max(p)) if any(p) else 0.0 for p in rows] for rows in case.truth.both]
    np.testing.assert_allclose(found.terms["epsilon"], largest, rtol=1e-12, atol=1e-300)


@given(cases(), st.data())
def test_without_h_the_residual_is_minus_h_and_with_it_nothing(case, data):
    reference = any_reference(data, case)
    without = paper_theorem(*case.arguments, reading="v3", reference=reference)
    scale = np.maximum(1, without.terms["scale"] + without.terms["scale"][:, [reference]])
    assert (np.abs(without.residual + without.terms["remainder"]) <= 1e-13 * scale).all()
    kept = paper_theorem(*case.arguments, reading="v4", reference=reference)
    target(min(kept.violation, 1.0))
    assert kept.holds
    assert kept.worst <= 1e-13 * scale.max()


@given(cases(), st.data())
def test_h_is_at_most_coverage_plus_variation_times_spread(case, data):
    reference = any_reference(data, case)
    found = paper_theorem(*case.arguments, reference=reference)
    assert found.holds
    shares = [0.0]
    for x, y in zip(*np.nonzero(found.defined), strict=True):
        bound = theorem_oracles.remainder_bound(case.truth, x, y, reference)
        assert found.high[x, y] == pytest.approx(bound, rel=1e-9, abs=1e-11)
        assert found.low[x, y] == -found.high[x, y]
        h = theorem_oracles.paper(case.truth, reference)[x][y][3]
        assert abs(h) <= bound * (1 + 1e-12) + 1e-13
        shares.append(abs(h) / bound if 1e-9 < bound < np.inf else 0.0)
    target(max(shares))


@pytest.mark.parametrize("forbids", [0, 1])
def test_a_token_that_forbids_what_the_other_allows_is_covered_by_nothing(forbids):
    token = [[1, 1], [1, 1]]
    token[1][forbids] = 0
    found = paper_theorem(joint_world([1, 1], [[1], [1]], token).model(), [[0]], reading="v3")
    assert found.terms["coverage"].tolist() == [[0.0, np.inf]]


def test_the_bound_is_attained_where_words_leak():
    """Token and reference tell c apart in one context only; in the other, δ = 0 and ℓ = 2."""
    table = lg.strategies.WeightTable
    first = table((0,), (), np.array([[1, 3], [2, 1]]))
    second = table((0,), (0,), np.array([[[1, 1], [4, 1]], [[1, 1], [1, 4]]]))
    world = lg.strategies.IntegerWorld(
        (2,), ((),), (np.array([1, 1]),), (first, second), False, None
    )
    tried = case(world, [[0], [1]])
    found = paper_theorem(*tried.arguments)
    assert found.terms["coverage"][0, 1] == 0
    assert abs(found.residual[0, 1]) > 0.1
    assert abs(found.residual[0, 1]) == pytest.approx(found.high[0, 1], rel=1e-13)
    assert abs(found.residual[1, 1]) < 0.9 * found.high[1, 1]


def test_the_bound_is_attained_in_the_limit_of_informative_contexts_without_a_leak():
    world = joint_world([1, 1], [[9, 1], [1, 9]], [[5, 4], [4, 5]])
    shares = []
    for length in (1, 10, 300):
        found = paper_theorem(world.model(), np.zeros((1, length), int))
        shares.append(abs(found.residual[0, 1]) / found.high[0, 1])
    assert shares[0] < shares[1] < shares[2] < 1
    assert shares[2] > 0.99


def test_h_of_a_world_small_enough_for_paper_and_pencil():
    """p(c) = (1/4, 3/4), p(y|c) = (3/4, 1/4) and (1/4, 3/4), one word with p(x|c) = 1/3 and 2/3."""
    world = joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]])
    found = paper_theorem(world.model(), [[0]])
    log = mpmath.log
    mpmath.mp.dps = 40
    belief = [mpmath.mpf(1) / 7, mpmath.mpf(6) / 7]
    both = [[mpmath.mpf(1) / 3, mpmath.mpf(2) / 3], [mpmath.mpf(1) / 19, mpmath.mpf(18) / 19]]
    given = [[mpmath.mpf(3) / 4, mpmath.mpf(1) / 4], [mpmath.mpf(1) / 4, mpmath.mpf(3) / 4]]
    posterior = [[mpmath.mpf(1) / 2, mpmath.mpf(1) / 2], [mpmath.mpf(1) / 10, mpmath.mpf(9) / 10]]
    mean = [
        [
            sum(q * log(p) for q, p in zip(posterior[y], column, strict=True))
            for column in (belief, [row[y] for row in given], both[y])
        ]
        for y in (0, 1)
    ]
    expected = [float(b - a) for a, b in zip(mean[0], mean[1], strict=True)]
    values = [found.terms[name][0, 1] for name in NAMES[1:]]
    np.testing.assert_allclose(values, expected, rtol=1e-14)
    np.testing.assert_allclose(found.terms["diversity_matrix"], [[0, 0], [-0.4, 0.4]], atol=1e-15)
    assert found.quantity[0, 1] == pytest.approx(np.log(19 / 9), rel=1e-14)


@given(cases(full_support=True), st.integers(0, 2**16), st.data())
def test_the_mixing_matrix_of_any_perfect_predictor_reproduces_it(case, seed, data):
    """A log p(c|x) + (L̂ᵀ)⁺(β − h) = f on what is identified, in any gauge and dimension."""
    reference, rng = any_reference(data, case), np.random.default_rng(seed)
    num_tokens = len(case.truth.tokens)
    extra = data.draw(st.integers(0, 2))
    oracle = lg.oracle_representation(case.model, case.context, num_tokens - 1 + extra)
    dim = num_tokens - 1 + extra
    gauge = np.eye(dim) + 0.3 * rng.uniform(-1, 1, (dim, dim)) / dim
    representation, unembedding = (
        oracle.representation @ gauge.T,
        oracle.unembedding @ np.linalg.inv(gauge),
    )
    found = paper_theorem(
        *case.arguments, reading="v4", reference=reference, unembedding=unembedding
    )
    matrix = found.terms["mixing_matrix"]
    assert matrix.shape == (dim, len(case.truth.prior))
    np.testing.assert_allclose(matrix.sum(1), 0, atol=1e-10)  # A·1 = 0
    differences = unembedding - unembedding[reference]
    inverse = np.linalg.pinv(differences)
    rest = (found.terms["offset"] - found.terms["remainder"]) @ inverse.T
    in_f = found.terms["offset_in_f"] - found.terms["remainder_in_f"]
    np.testing.assert_allclose(in_f, rest, rtol=1e-9, atol=1e-10)
    built = lg.log_posterior(case.model, case.context) @ matrix.T + rest
    identified = inverse @ differences
    np.testing.assert_allclose(built, representation @ identified.T, rtol=1e-9, atol=1e-10)


def permuted(world, order):
    """A joint world of one concept with its values renumbered."""
    order = np.array(order)
    words = tuple(w._replace(weights=w.weights[order]) for w in world.words)
    token = world.token._replace(weights=world.token.weights[order])
    prior = (world.concept_weights[0][order],)
    return world._replace(concept_weights=prior, words=words, token=token)


@HALF
@given(
    cases(leaking=False, saturated=True, token=True, cardinalities=(3,)), st.permutations(range(3))
)
def test_renumbering_configurations_permutes_the_columns_of_l_alone(case, order):
    before = paper_theorem(*case.arguments)
    changed = permuted(case.world, order).model()
    after = paper_theorem(changed, case.context, case.log_weight)
    columns = before.terms["diversity_matrix"][:, list(order)]
    np.testing.assert_allclose(after.terms["diversity_matrix"], columns, atol=1e-15)
    for name in NAMES:
        np.testing.assert_allclose(after.terms[name], before.terms[name], rtol=1e-9, atol=1e-11)


@given(st.lists(st.integers(1, 4), min_size=20, max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_splitting_a_configuration_shifts_h_and_the_log_posterior_by_the_same_constant(
    numbers, left, right
):
    """c_0 in shares t, 1 − t: L log p and h both change by L_j0 [t log t + (1 − t) log(1 − t)]."""
    numbers = np.array(numbers)
    prior, words, token = numbers[:3], numbers[3:9].reshape(3, 2), numbers[9:18].reshape(3, 3)
    twice = [0, 0, 1, 2]
    shares = np.array([left, right, left + right, left + right])
    model = joint_world(prior, words, token).model()
    split = joint_world(prior[twice] * shares, words[twice], token[twice]).model()
    before, after = (
        paper_theorem(
            m,
            [
                [0],
                [1],
                [
                    0,
                ],
            ],
        )
        for m in (model, split)
    )
    t = left / (left + right)
    shift = before.terms["diversity_matrix"][:, 0] * (t * np.log(t) + (1 - t) * np.log(1 - t))
    for name, change in (("log_belief_part", shift), ("remainder", shift), ("offset", 0.0)):
        np.testing.assert_allclose(
            after.terms[name] - before.terms[name], np.broadcast_to(change, (3, 3)), atol=1e-12
        )
    np.testing.assert_allclose(after.quantity, before.quantity, atol=1e-13)


def test_tokens_with_proportional_rows_have_the_same_l_and_h():
    world = joint_world([1, 2, 3], [[1, 2], [2, 1], [3, 1]], [[1, 4, 2], [2, 1, 4], [3, 2, 6]])
    found = paper_theorem(world.model(), [[0], [1]])
    np.testing.assert_allclose(found.terms["diversity_matrix"][2], 0, atol=1e-15)
    np.testing.assert_allclose(found.terms["remainder"][:, 2], 0, atol=1e-15)
    np.testing.assert_allclose(found.terms["offset"][:, 2], np.log(2), rtol=1e-14)


def test_the_diversity_of_tokens_that_never_occur_is_none():
    world = joint_world([1, 1], [[1, 2], [2, 1]], [[1, 0, 1], [1, 0, 1]])
    for reference in range(3):
        found = paper_theorem(world.model(), [[0]], reference=reference)
        assert not found.terms["diversity_matrix"].any()
        assert "diversity: rank L is ℓ − 1 = 1" in found.broken
    world = joint_world([1, 1], [[1, 2], [2, 1]], [[1, 0, 2], [2, 0, 1]])
    found = paper_theorem(world.model(), [[0]])
    assert "diversity: rank L is ℓ − 1 = 1" not in found.broken


@given(cases())
def test_each_assumption_is_met_exactly_where_fractions_say_so(case):
    found = paper_theorem(*case.arguments)
    truth, size = case.truth, len(case.truth.prior)
    independent, support, many, diverse, vanishing = found.assumptions
    leaks = any(
        truth.beliefs[x][c] and truth.beliefs[z][c] and truth.given[x][c] != truth.given[z][c]
        for x in truth.contexts
        for z in truth.contexts
        for c in truth.configurations
    )
    assert independent.met == (not leaks)
    assert (independent.value > 1e-6) == leaks
    undefined = sum(row.count(None) for row in theorem_oracles.paper(truth))
    assert support.value == pytest.approx(undefined / found.quantity.size)
    assert support.met == (undefined == 0)
    assert many.met == (len(truth.tokens) > size)
    assert diverse.value == theorem_oracles.rank(theorem_oracles.diversity(truth))
    assert diverse.met == (diverse.value == size - 1)
    certain = all(max(row) in (0, 1) for rows in truth.both for row in rows)
    assert vanishing.met == certain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reading": "v5"}, r"reading must be one of .*'v4-limit'.*; got 'v5'"),
        ({"reference": 2}, r"reference token must lie in 0 … 1; got 2"),
        ({"reference": -1}, r"reference token must lie in 0 … 1; got -1"),
        ({"unembedding": np.eye(3)}, r"axes \[token, dim\] with 2 tokens; got shape \(3, 3\)"),
        ({"unembedding": np.ones(2)}, r"axes \[token, dim\] with 2 tokens; got shape \(2,\)"),
        (
            {"unembedding": [[1, np.inf], [0, 1]]},
            r"finite numbers; the row of token 0 is .*leave out",
        ),
    ],
)
def test_options_of_the_wrong_kind_are_refused(options, message):
    model = joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]).model()
    with pytest.raises(ValueError, match=message):
        paper_theorem(model, [[0]], **options)


def test_each_version_names_the_limit_that_it_claims():
    model = lg.worlds.named("echo")
    contexts = lg.enumerate_contexts(model)
    found = {
        reading: paper_theorem(model, *contexts, reading=reading)
        for reading in ("v1", "v2", "v3", "v4-limit", "v4")
    }
    for reading in ("v1", "v2", "v3"):
        assert found[reading].source == f"arXiv:2503.08980{reading}, Theorem 3.1"
        np.testing.assert_array_equal(found[reading].residual, found["v4-limit"].residual)
        assert [name for name in found[reading].broken if "→ 0" in name] == [
            "ε → 0: the largest 1 − max_c p(c|x,y) is 0"
        ]
    limits = [a for a in found["v4-limit"].assumptions if "→ 0" in a.name]
    terms = found["v4-limit"].terms
    expected = [terms["epsilon"].max(), terms["coverage"].max(), terms["total_variation"].max()]
    assert [a.value for a in limits] == expected
    assert not any("→ 0" in a.name for a in found["v4"].assumptions)
    # the bound is ours: nobody may take it for the claim
    assert "bound (ours)" in str(found["v3"])
    assert "within its bounds" in str(found["v3"])
