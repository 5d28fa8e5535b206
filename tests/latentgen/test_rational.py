"""Is a world in fractions read and written without loss, and refused when it is none?"""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import rational

COIN = rational.RationalWorld(
    "a coin",
    (2,),
    (Fraction(1, 3), Fraction(2, 3)),
    (((Fraction(1), Fraction(0)), (Fraction(1, 7), Fraction(6, 7))),),
    ((Fraction(3, 7), Fraction(4, 7)), (Fraction(1, 2), Fraction(1, 2))),
)


def changed(**values):
    """The text of the coin with some entries replaced."""
    return json.dumps(json.loads(COIN.json()) | values)


def rows(size):
    """Fractions that sum to one."""
    weights = st.lists(st.integers(0, 9), min_size=size, max_size=size).filter(any)
    return weights.map(lambda numbers: tuple(Fraction(n, sum(numbers)) for n in numbers))


@given(st.data())
def test_a_world_written_and_read_is_the_same_to_the_last_digit(data):
    table = st.tuples(rows(3), rows(3))
    words = data.draw(st.lists(table, min_size=1, max_size=2))
    world = rational.RationalWorld(
        data.draw(st.text(max_size=5)), (2,), data.draw(rows(2)), tuple(words), data.draw(table)
    )
    assert rational.read(world.json()) == world


def test_its_model_has_its_probabilities():
    model = COIN.model()
    np.testing.assert_allclose(np.exp(lg.log_prior(model)), [1 / 3, 2 / 3], rtol=1e-15)
    np.testing.assert_allclose(np.exp(lg.log_token_given(model))[0], [3 / 7, 4 / 7], rtol=1e-15)
    posterior = np.exp(lg.log_posterior(model, [[0], [1]]))
    np.testing.assert_allclose(posterior, [[7 / 9, 2 / 9], [0, 1]], rtol=1e-14)


def test_every_stored_world_has_a_name_among_the_frozen_ones():
    assert set(rational.stored_names()) <= set(lg.worlds.names())
    for name in rational.stored_names():
        assert lg.worlds.named(name) == rational.stored(name).model()
        assert rational.stored(name).note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is not JSON"),
        ("[]", "this text has not"),
        (changed(format="else"), "this text has not"),
        (changed(version=2), "reads rational worlds of version 1; got 2"),
        (changed(prior=["1/3", "1/3"]), "prior .* they sum to 2/3"),
        (changed(prior=["1/3", "2/3", "0"]), "prior must have 2 entries, .*got 3"),
        (changed(prior=["4/3", "-1/3"]), "prior must hold probabilities"),
        (changed(prior=["a", "1"]), 'prior must hold fractions such as "3/7"'),
        (changed(token=[["1", "0"]]), "token must have 2 rows"),
        (changed(token=[["1", "0"], ["1"]]), "rows of token must be equally long"),
        (json.dumps({"format": rational.FORMAT, "version": 1}), "needs cardinalities, prior"),
    ],
)
def test_a_text_that_is_no_world_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        rational.read(text)


def test_positions_with_different_numbers_of_words_are_refused():
    two = (*COIN.words, ((Fraction(1),), (Fraction(1),)))
    with pytest.raises(ValueError, match=r"as many words; got \[2, 1\]: add words"):
        COIN._replace(words=two).model()


def test_rounding_keeps_the_sum_and_the_support():
    row = rational.rounded_row([1.2345e-7, 0.04321, 0.95678987655], 2)
    assert row == (
        Fraction(12, 10**8),
        Fraction(43, 1000),
        1 - Fraction(12, 10**8) - Fraction(43, 1000),
    )
    assert rational.rounded_row([0.0, 1.0], 1) == (0, 1)
    with pytest.raises(ValueError, match="1 digits leave nothing"):
        rational.rounded_row([0.17] + [0.16] * 5 + [0.03], 1)  # five times .2
    with pytest.raises(ValueError, match="at least 1; got 0"):
        rational.rounded_row([0.5, 0.5], 0)
