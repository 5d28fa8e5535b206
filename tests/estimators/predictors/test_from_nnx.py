"""Can a user's own nnx network be a predictor, and are those that cannot be refused?"""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import estimators as es

KEY = jax.random.key(3)
CONTEXT = jnp.array([[0, 1, 2], [4, 4, 0]])


class Tied(nnx.Module):
    """A mean of embeddings whose unembedding is the same table."""

    def __init__(self, rngs):
        self.embed = nnx.Embed(5, 3, rngs=rngs)

    @property
    def unembedding(self):
        return 2 * self.embed.embedding[...]

    def __call__(self, context):
        return self.embed(context).mean(1)


def test_it_computes_what_the_module_computes():
    predictor = es.from_nnx(Tied, 5)
    params, module = predictor.init(KEY), Tied(nnx.Rngs(KEY))
    assert np.array_equal(predictor.represent(params, CONTEXT), module(CONTEXT))
    assert np.array_equal(predictor.unembedding(params), module.unembedding)
    assert (predictor.num_words, predictor.num_tokens, predictor.dim) == (5, 5, 3)
    changed = jax.tree.map(lambda leaf: leaf + 1, params)
    np.testing.assert_allclose(
        predictor.represent(changed, CONTEXT), module(CONTEXT) + 1, atol=1e-6
    )


def test_equal_builds_make_equal_predictors_and_others_do_not():
    predictor = es.from_nnx(Tied, 5)
    assert predictor == es.from_nnx(Tied, 5)
    assert hash(predictor) == hash(es.from_nnx(Tied, 5))
    assert predictor != es.from_nnx(lambda rngs: Tied(rngs), 5)
    assert predictor != es.from_nnx(Tied, 6)


def test_prefixes_ask_for_a_method_of_the_module():
    predictor = es.from_nnx(Tied, 5)
    with pytest.raises(TypeError, match=r"a method prefixes.* Tied has none: add it"):
        predictor.represent_prefixes(predictor.init(KEY), CONTEXT)


@pytest.mark.parametrize(
    ("part", "kind", "path"),
    [
        (lambda rngs: nnx.Dropout(0.5, rngs=rngs), "RngCount", "part.rngs.count"),
        (lambda rngs: nnx.BatchNorm(3, rngs=rngs), "BatchStat", "part.mean"),
        (lambda rngs: jnp.ones(3), "ArrayImpl", "part"),
        (lambda rngs: np.ones(3), "ndarray", "part"),
    ],
)
def test_state_that_is_no_parameter_is_refused(part, kind, path):
    class Stateful(Tied):
        def __init__(self, rngs):
            super().__init__(rngs)
            self.part = part(rngs)

    with pytest.raises(ValueError, match=f"must be nnx.Param; Stateful holds {kind} at {path}: "):
        es.from_nnx(Stateful, 5)


def test_a_module_needs_an_unembedding_of_two_axes():
    with pytest.raises(ValueError, match=r"unembedding \[token, dim\]; Linear has none: add"):
        es.from_nnx(lambda rngs: nnx.Linear(3, 3, rngs=rngs), 5)

    class Flat(nnx.Module):
        def __init__(self, rngs):
            self.unembedding = nnx.Param(jnp.ones(3))

    with pytest.raises(ValueError, match=r"Flat has one of shape \(3,\): add"):
        es.from_nnx(Flat, 5)

    class Listed(nnx.Module):
        unembedding = ((1.0, 2.0), (3.0, 4.0))

        def __init__(self, rngs):
            pass

    with pytest.raises(ValueError, match=r"Listed has one of class tuple, no array: add"):
        es.from_nnx(Listed, 5)
    with pytest.raises(ValueError, match="num_words of a predictor from nnx must be"):
        es.from_nnx(Tied, 0)


@pytest.mark.parametrize(
    ("layer", "table"),
    [
        (lambda rngs: nnx.Linear(3, 4, rngs=rngs), "kernel[...].T"),
        (lambda rngs: nnx.Embed(4, 3, rngs=rngs), "embedding[...]"),
    ],
)
def test_a_layer_in_place_of_an_unembedding_is_refused_and_the_remedy_works(layer, table):
    class Layer(nnx.Module):
        def __init__(self, rngs):
            self.unembedding = layer(rngs)

    said = rf"Layer has one of class \w+, no array: .* self\.readout\.{re.escape(table)}; f·g"
    with pytest.raises(ValueError, match=said):
        es.from_nnx(Layer, 5)

    class Named(nnx.Module):
        unembedding = property(lambda self: eval(f"self.readout.{table}"))

        def __init__(self, rngs):
            self.readout = layer(rngs)

    predictor = es.from_nnx(Named, 5)
    assert (predictor.num_tokens, predictor.dim) == (4, 3)


def test_a_module_in_place_of_what_builds_it_is_refused_by_its_class():
    with pytest.raises(TypeError, match=r"what builds a module.* of class Tied: give the class"):
        es.from_nnx(Tied(nnx.Rngs(0)), 5)
    with pytest.raises(TypeError, match=r"build\(rngs\) is an nnx.Module; it is a ModuleMeta: "):
        es.from_nnx(lambda rngs: Tied, 5)


def test_a_representation_of_another_shape_is_refused():
    class Wide(Tied):
        def __call__(self, context):
            return self.embed(context).reshape(len(context), -1)

        def prefixes(self, context):
            return self.embed(context)

    predictor = es.from_nnx(Wide, 5)
    params = predictor.init(KEY)
    with pytest.raises(ValueError, match=r"shape \(2, 3\), .* got \(2, 9\): change"):
        predictor.represent(params, CONTEXT)
    with pytest.raises(ValueError, match=r"shape \(2, 4, 3\), .* got \(2, 3, 3\): change"):
        predictor.represent_prefixes(params, CONTEXT)
