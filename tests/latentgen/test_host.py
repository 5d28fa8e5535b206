"""Is what cannot be a context, or would not fit, refused with rule, value and remedy?"""

import jax
import numpy as np
import pytest

import latentgen as lg
from latentgen import host


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ([[0, 1], [0]], r"one array \[sample, position\]; its rows differ in length"),
        ([0, 1], r"two axes \[sample, position\]; got shape \(2,\)"),
        ([[0.0, 1.0]], "must hold integers; got dtype float64"),
        ([["a"]], "must hold integers; got dtype <U1"),
        ([[True]], "must hold integers; got dtype bool"),
        ([[0, 3]], r"words at position 1 lie in 0 … 2; row 0 of the context has 3"),
        ([[0, 0], [-1, 0]], r"words at position 0 lie in 0 … 1; row 1 of the context has -1"),
        ([[0, 0, 0]], "at most 2 positions in this world; got 3"),
    ],
)
def test_what_is_no_context_is_refused(context, message):
    with pytest.raises(ValueError, match=message):
        lg.log_posterior(lg.worlds.named("sprinkler"), context)


@pytest.mark.parametrize("kind", [np.int8, np.uint64, np.int32])
def test_contexts_of_any_integer_type_and_of_jax_are_taken(kind):
    model = lg.worlds.named("sprinkler")
    expected = lg.log_posterior(model, [[1, 2]])
    np.testing.assert_array_equal(lg.log_posterior(model, np.array([[1, 2]], kind)), expected)
    np.testing.assert_array_equal(lg.log_posterior(model, jax.numpy.array([[1, 2]])), expected)


def test_an_answer_of_exactly_one_gibibyte_is_not_refused():
    host.refuse_large_output("f", (2**27,), "remedy")
    with pytest.raises(ValueError, match=r"f would return .* shape \(134217729,\), .*: remedy"):
        host.refuse_large_output("f", (2**27 + 1,), "remedy")


def test_as_many_configurations_as_the_limit_are_not_refused():
    host.refuse_large_enumeration("f", 2**26)
    with pytest.raises(ValueError, match=rf"f visits .* {2**26 + 1} .* \(2\^26\): use fewer"):
        host.refuse_large_enumeration("f", 2**26 + 1)


def test_only_tracers_are_refused():
    host.refuse_tracers("f", 0, None, np.zeros(2), jax.numpy.zeros(2))
    with pytest.raises(TypeError, match=r"f is an exact host function .* use latentgen\.kernels"):
        jax.vmap(lambda x: host.refuse_tracers("f", x))(jax.numpy.zeros(2))
