"""Does streaming lose anything: deep in log space, in small blocks, over a million terms?"""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import enumeration

SMALL = [1.0, 1e-30, 1e-100, 1e-200, 0.0]


@st.composite
def deep_tables(draw, shape):
    """Rows whose entries span 200 decimal orders."""
    size = int(np.prod(shape))
    table = np.array(draw(st.lists(st.sampled_from(SMALL), min_size=size, max_size=size)))
    table = table.reshape(shape)
    table[..., 0] += table.sum(-1) == 0
    return table / table.sum(-1, keepdims=True)


def exact_answers(prior, words, token, context):
    """log p(c|x) and log p(y|x) at 400 decimal digits, or None for an impossible context."""
    with mpmath.workdps(400):

        def log(number):
            return float(mpmath.log(number)) if number > 0 else -np.inf

        joint = []
        for c in range(len(prior)):
            weight = mpmath.mpf(float(prior[c]))
            for word in context:
                weight *= mpmath.mpf(float(words[c, word])) / mpmath.fsum(map(float, words[c]))
            joint.append(weight)
        total = mpmath.fsum(joint)
        if total == 0:
            return None
        rows = [[mpmath.mpf(float(p)) / mpmath.fsum(map(float, row)) for p in row] for row in token]
        predicted = [
            mpmath.fsum(weight * row[y] for weight, row in zip(joint, rows, strict=True)) / total
            for y in range(token.shape[1])
        ]
        return [log(weight / total) for weight in joint], [log(p) for p in predicted]


@given(st.data())
def test_answers_are_exact_however_deep_in_log_space(data):
    prior, words = data.draw(deep_tables((4,))), data.draw(deep_tables((4, 3)))
    token = data.draw(deep_tables((4, 3)))
    context = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=5))
    expected = exact_answers(prior, words, token, context)
    if expected is None:
        return
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2, 2)), prior, words, token)
    close = {"rtol": 1e-12, "atol": 1e-12}
    posterior, predicted = expected
    np.testing.assert_allclose(lg.log_posterior(model, [context])[0], posterior, **close)
    np.testing.assert_allclose(lg.log_predictive(model, [context])[0], predicted, **close)
    marginal = np.logaddexp.reduce(np.reshape(posterior, (2, 2)), axis=1)
    found = lg.log_concept_posterior(model, [context], 0)[0]
    np.testing.assert_allclose(found, marginal, **close)


def deep_world():
    """Two words 0 leave 1e-400 for configuration 1, the only one that can show token 1."""
    return lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)),
        [0.5, 0.5],
        [[1.0, 0.0], [1e-200, 1.0]],
        [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]],
    )


def test_sums_that_underflow_are_done_again_in_log_space(monkeypatch):
    again = []
    original = enumeration._mix_again
    monkeypatch.setattr(
        enumeration,
        "_mix_again",
        lambda *arguments: (again.append(arguments[3].copy()), original(*arguments)),
    )
    found = lg.log_predictive(deep_world(), [[0, 0], [0, 1]])
    expected = [[0.0, 2 * np.log(1e-200) - np.log(2), -np.inf], [-np.log(2), -np.log(2), -np.inf]]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    # Only what was lost: not what some configuration allows in no way (token 2).
    assert [mask.tolist() for mask in again] == [[[False, True, False], [False, False, False]]]


@pytest.mark.parametrize("depth", [80, 84, 105, 106, 107, 120])
def test_sums_that_lose_digits_before_they_underflow_are_done_again_as_well(depth):
    # 1e-318 is a subnormal number with five digits left.
    rare = 10.0**-depth
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], [[1.0, 0.0], [rare, 1 - rare]], np.eye(2)
    )
    found = lg.log_predictive(model, [[0, 0, 0]])[0, 1]
    np.testing.assert_allclose(found, -3 * depth * np.log(10), rtol=1e-14)


def test_without_the_second_pass_the_rare_token_would_be_lost(monkeypatch):
    monkeypatch.setattr(enumeration, "UNDERFLOW", 0.0)
    assert np.isneginf(lg.log_predictive(deep_world(), [[0, 0]])[0, 1])


def test_a_posterior_of_1e_290_is_reached():
    for length in (1, 2, 3):
        found = lg.log_posterior(deep_world(), [[0] * length])[0, 1]
        np.testing.assert_allclose(found, length * np.log(1e-200), rtol=1e-13)
    many = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], [[1.0, 0.0], [1e-10, 1 - 1e-10]], np.eye(2)
    )
    found = lg.log_predictive(many, [[0] * 29])[0, 1]
    np.testing.assert_allclose(found, 29 * np.log(1e-10), rtol=1e-13)


@pytest.mark.parametrize("block_bytes", [1, 40, 200])
@pytest.mark.parametrize("sample_block", [1, 3])
def test_answers_do_not_depend_on_the_size_of_blocks(monkeypatch, block_bytes, sample_block):
    deep = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 3)),
        np.full(6, 1 / 6),
        np.array([[1.0, 0.0], [1e-200, 1.0], [0.5, 0.5], [1e-150, 1.0], [0.2, 0.8], [1e-90, 1.0]]),
        np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]),
    )
    context = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
    echo, every = lg.worlds.named("echo"), lg.enumerate_contexts(lg.worlds.named("echo"), 4)

    def answers():
        return [
            lg.log_predictive(deep, context),
            lg.log_concept_posterior(deep, context, 1),
            lg.log_evidence(deep, context),
            lg.log_posterior(deep, context),
            lg.log_predictive(echo, every.context),
            lg.log_concept_posterior(echo, every.context, 0),
            lg.enumerate_contexts(echo, 4).log_weight,
        ]

    whole = answers()
    monkeypatch.setattr(enumeration, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(enumeration, "SAMPLE_BLOCK", sample_block)
    for found, expected in zip(answers(), whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_a_better_configuration_in_a_later_block_rescales_the_sum(monkeypatch):
    monkeypatch.setattr(enumeration, "BLOCK_BYTES", 1)  # one configuration a block
    prior = np.array([0.0, 1e-300, 1e-3, 1.0, 1e-100, 0.0, 1e-3, 0.0])
    token = np.tile(np.eye(2), (4, 1))
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2, 2)), prior / prior.sum(), np.ones((8, 1)), token
    )
    found = np.exp(lg.log_predictive(model, [[0]])[0])
    np.testing.assert_allclose(found, np.array([2e-3 + 1e-100, 1.0]) / 1.002, rtol=1e-13)


def test_a_million_configurations_agree_with_the_product_of_their_factors():
    # Independent concepts, each with its own word, and a token that shows concept 7: every
    # answer is a product of twenty answers about one binary concept.
    generator = np.random.default_rng(0)
    prior, word = generator.uniform(0.1, 0.9, (2, 20))
    flip = np.array([[0.9, 0.1], [0.3, 0.7]])
    graph = lg.random_dag(np.zeros(2, np.uint32), 20, 0)
    words = [((k,), np.stack([[1 - w, w], [w, 1 - w]])) for k, w in enumerate(word)]
    model = lg.ConceptModel.from_graph(
        graph, (2,) * 20, np.stack([1 - prior, prior], 1), words, ((7,), flip)
    )
    context = generator.integers(0, 2, (3, 20))
    one = np.where(context == 0, word, 1 - word) * prior
    zero = np.where(context == 0, 1 - word, word) * (1 - prior)
    belief = one / (one + zero)
    close = {"rtol": 1e-10, "atol": 1e-10}
    found = np.exp(lg.log_concept_posterior(model, context, 7))
    np.testing.assert_allclose(found, np.stack([1 - belief, belief], -1)[:, 7], **close)
    np.testing.assert_allclose(np.exp(lg.log_predictive(model, context)), found @ flip, **close)
    np.testing.assert_allclose(lg.log_evidence(model, context), np.log(one + zero).sum(1), **close)
