"""Is every number of the table what stupid enumeration gives, and is the table one?"""

import tracemalloc
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, target

import latentgen as lg
from tests import oracles, theorem_oracles
from tests.theorem_cases import HALF, case, cases, joint_world

CLOSE = {"rel": 1e-9, "abs": 1e-12}
PAIRS = {
    "epsilon_context",
    "epsilon_token",
    "epsilon",
    "total_variation",
    "coverage",
    "anchor",
    "posterior_entropy",
    "dependence",
}


def expected_fields(truth):
    """What enumeration in fractions gives for the fields that need no singular values."""
    return {
        **theorem_oracles.epsilon_fields(truth),
        "leak": theorem_oracles.leak(truth),
        "num_tokens": len(truth.tokens),
        "num_configurations": len(truth.prior),
        "rank": theorem_oracles.rank(occurring_diversity(truth)),
        "total_variation": theorem_oracles.total_variation(truth),
        "coverage": mean_and_worst(truth, lambda x: theorem_oracles.coverage(truth, x)),
        "anchor": theorem_oracles.mean_and_worst(anchors(truth), truth.prior),
        "posterior_entropy": mean_and_worst(truth, lambda x: oracles.entropy(truth.beliefs[x])),
        "dependence": mean_and_worst(truth, lambda x: theorem_oracles.dependence(truth, x)),
    }


def mean_and_worst(truth, of_context):
    values = [of_context(x) if truth.weights[x] else 0.0 for x in truth.contexts]
    return theorem_oracles.mean_and_worst(values, truth.weights)


def anchors(truth):
    return [theorem_oracles.anchor(truth, c) if truth.prior[c] else 0 for c in truth.configurations]


def occurring_diversity(truth):
    """p(c|y) of the tokens that occur in the contexts, less its mean over them, in fractions."""
    weight = theorem_oracles.token_weights(truth)
    occurring = [y for y in truth.tokens if weight[y]]
    matrix = theorem_oracles.diversity(truth, occurring[0])
    rows = [matrix[y] for y in occurring]
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return [[entry - m for entry, m in zip(row, mean, strict=True)] for row in rows]


@given(cases())
def test_every_field_is_that_of_enumeration(case):
    found, truth = lg.conditions(*case.arguments), case.truth
    gaps = [0.0]
    for name, expected in expected_fields(truth).items():
        assert getattr(found, name) == pytest.approx(expected, **CLOSE), name
        if name in PAIRS and np.isfinite(expected).all():
            gaps.append(np.abs(np.subtract(getattr(found, name), expected)).max())
    target(max(gaps))
    least, most = theorem_oracles.beyond_anchor(truth)
    assert least - 1e-12 <= found.beyond_anchor <= most + 1e-12  # p(c|x) = ρ may round either way
    matrix = np.array(occurring_diversity(truth), np.float64)
    singular = np.linalg.svd(matrix, compute_uv=False)
    if np.abs(singular - 0.01 * singular.max()).min() > 1e-9 or not matrix.any():
        assert found.numerical_rank == (singular > 0.01 * singular.max()).sum()
    full = found.rank == len(truth.prior) - 1
    condition = singular[0] / singular[len(truth.prior) - 2] if full else np.inf
    assert found.condition_number == pytest.approx(condition, rel=1e-9)


@given(cases())
def test_no_number_is_nan_or_negative_and_no_mean_exceeds_its_worst_case(case):
    found = lg.conditions(*case.arguments)
    for name, value in found._asdict().items():
        assert not np.isnan(value).any(), name
        assert np.min(value) >= 0, name
        assert not np.signbit(value).any(), name
    for name in PAIRS:
        mean, worst = getattr(found, name)
        assert mean <= worst + 1e-12, name
    assert found.numerical_rank <= found.rank <= found.num_configurations - 1
    assert found.epsilon[1] <= 1
    assert found.epsilon[0] <= found.epsilon_context[0] + 1e-12  # the token can only help


def test_a_world_one_can_compute_by_hand():
    """p(c) = (1/4, 3/4), p(y|c) = (3/4, 1/4) and (1/4, 3/4); p(c|x) = (1/7, 6/7)."""
    found = lg.conditions(joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]).model(), [[0]])
    p_first = 1 / 7 * 3 / 4 + 6 / 7 * 1 / 4
    assert found.epsilon_context == pytest.approx((1 / 7, 1 / 7))
    assert found.epsilon_token == pytest.approx((p_first / 2 + (1 - p_first) / 10, 1 / 2))
    assert found.epsilon == pytest.approx((1 / 7, 1 / 3))  # 3/28 · 1 + 1/28 either way
    assert found.total_variation == pytest.approx((0.4, 0.4))
    assert found.anchor == pytest.approx((1 / 3, 1 / 3))
    assert found.beyond_anchor == 0.5
    assert found.coverage[0] == pytest.approx(np.log((1 / 3) / (1 / 19)))
    assert (found.rank, found.numerical_rank, found.condition_number) == (1, 1, 1)
    assert (found.num_tokens, found.num_configurations, found.leak) == (2, 2, 0)


def test_concepts_that_a_word_ties_together_are_dependent_given_it():
    """Two fair bits and a word that tells their parity: each stays fair, together not."""
    parity = [[1, 0], [0, 1], [0, 1], [1, 0]]
    world = joint_world([1] * 4, parity, [[1, 1]] * 4, cardinalities=(2, 2))
    assert lg.conditions(world.model(), [[0]]).dependence == pytest.approx((np.log(2), np.log(2)))
    apart = joint_world(
        [1] * 4, [[1, 0], [1, 0], [0, 1], [0, 1]], [[1, 1]] * 4, cardinalities=(2, 2)
    )
    assert lg.conditions(apart.model(), [[0]]).dependence == (0, 0)


def test_tokens_that_tell_nothing_have_rank_zero_and_no_anchor():
    world = joint_world([1, 3, 7, 9], [[1, 2], [2, 1], [1, 1], [3, 1]], [[3, 7, 11]] * 4)
    found = lg.conditions(world.model(), [[0], [1]])
    assert (found.rank, found.numerical_rank, found.condition_number) == (0, 0, np.inf)
    assert found.anchor == pytest.approx((1, 1))
    assert found.total_variation == pytest.approx((0, 0), abs=1e-15)
    assert found.beyond_anchor == 1


@pytest.mark.parametrize("length", [40, 304])
def test_an_epsilon_below_rounding_is_still_exact(length):
    model = joint_world([1, 1], [[9, 1], [1, 9]], [[2, 1], [1, 2]]).model()
    found = lg.conditions(model, np.zeros((1, length), int))
    assert found.epsilon_context[0] == pytest.approx(9.0**-length, rel=1e-11)
    assert found.epsilon[0] == pytest.approx(9.0**-length, rel=1e-11)
    assert found.posterior_entropy[0] > 0


EDGES = {
    "one token": joint_world([1, 3], [[1, 2], [2, 1]], [[1], [1]]),
    "a token that never occurs": joint_world([1, 3], [[1, 2], [2, 1]], [[0, 3, 1], [0, 1, 3]]),
    "everything certain": joint_world([1, 0], [[1, 0], [1, 0]], [[1, 0], [1, 0]]),
    "tokens that name c": joint_world([1, 3], [[1, 2], [2, 1]], [[1, 0], [0, 1]]),
}


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_have_no_nan_and_print(edge):
    found = lg.conditions(*case(EDGES[edge], [[0], [0]], [0, 1]).arguments)
    assert not any(np.isnan(value).any() for value in found._asdict().values())
    assert "nan" not in str(found)


def test_4096_configurations_take_little_memory():
    chain = [[0.6, 0.4]] + [[[0.7, 0.3], [0.2, 0.8]]] * 11
    words = [((k,), [[0.9, 0.1], [0.3, 0.7]]) for k in range(12)]
    token = ((0, 11), 0.6 * np.eye(4) + 0.1)
    model = lg.ConceptModel.from_graph(lg.chain_dag(12), (2,) * 12, chain, words, token)
    tracemalloc.start()
    try:
        found = lg.conditions(model, np.array([[0] * 12, [1] * 12, [0, 1] * 6]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    assert (found.num_configurations, found.num_tokens, found.rank) == (4096, 4, 3)
    assert found.anchor == pytest.approx((1, 1))  # the token tells two of twelve concepts


@HALF
@given(cases())
def test_it_prints_as_a_table_of_names_and_numbers_and_as_well_formed_html(case):
    found = lg.conditions(*case.arguments)
    rows, lines = found.rows(), str(found).splitlines()
    assert len(lines) == len(rows) + 1
    assert len({len(line) for line in lines}) == 1  # one width
    assert lines[0].split() == ["mean", "worst"]
    table = ElementTree.fromstring(found._repr_html_())
    cells = [[cell.text or "" for cell in row] for row in table.iter("tr")]
    assert cells[0] == ["condition", "mean", "worst"]
    for row, line, (name, mean, worst) in zip(rows, lines[1:], cells[1:], strict=True):
        assert name == row.name
        assert line.startswith(row.name)
        assert float(mean) == pytest.approx(row.mean, rel=1e-3)
        assert (
            worst == ""
            if np.isnan(row.worst)
            else float(worst) == pytest.approx(row.worst, rel=1e-3)
        )
        assert line.split()[-1] == (worst or mean)
    shown = [row.mean for row in rows]
    flat = [value for field in found for value in (field if isinstance(field, tuple) else [field])]
    assert set(shown) <= set(flat)
    assert found.num_configurations not in shown or found.num_configurations in flat


def test_the_table_names_what_it_shows():
    world = joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]])
    assert [row.name for row in lg.conditions(world.model(), [[0]]).rows()] == [
        "ε through x: 1 − max p(c|x)",
        "ε through y: 1 − max p(c|y)",
        "ε through both: 1 − max p(c|x,y)",
        "leak I(x;y|c), nats",
        "tokens (the paper asks for ℓ + 1 = 3)",
        "rank of L (at most ℓ − 1 = 1)",
        "numerical rank of L (above 1 %)",
        "condition number of L",
        "TV of p(c|y) between tokens",
        "coverage δ, nats",
        "anchors: ρ of the best token",
        "share of (x, c) with p(c|x) ≤ ρ",
        "posterior entropy H(c|x), nats",
        "dependence of concepts given x, nats",
    ]


def test_names_with_angle_brackets_are_escaped(monkeypatch):
    from latentgen.conditions import Conditions, Row

    monkeypatch.setattr(Conditions, "rows", lambda self: [Row("p < q & <b>", 1.0, 2.0)])
    found = lg.conditions(joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]).model(), [[0]])
    assert "<td>p &lt; q &amp; &lt;b&gt;</td>" in found._repr_html_()
    assert ElementTree.fromstring(found._repr_html_()) is not None


def test_bad_input_is_refused():
    model = joint_world([1, 0], [[1, 0], [0, 1]], [[1, 1], [1, 1]]).model()
    with pytest.raises(ValueError, match=r"row 1 of the context, \[1\], has probability zero"):
        lg.conditions(model, [[0], [1]])
    with pytest.raises(ValueError, match=r"at least one context; got none"):
        lg.conditions(model, np.zeros((0, 1), int))
    with pytest.raises(ValueError, match=r"not all zero, none of them NaN"):
        lg.conditions(model, [[0]], [-np.inf])
