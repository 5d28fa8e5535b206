"""Every architecture there is, in sizes that compile quickly."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import estimators as es


class Averager(nnx.Module):
    """A user's own network: a layer on the mean of embeddings, tied to nothing of ours."""

    def __init__(self, rngs):
        self.embed = nnx.Embed(5, 6, rngs=rngs)
        self.project = nnx.Linear(6, 3, rngs=rngs)
        self.unembedding = nnx.Param(jax.random.normal(rngs.params(), (4, 3)))

    def __call__(self, context):
        return self.prefixes(context)[:, -1]

    def prefixes(self, context):
        total = jnp.pad(self.embed(context).cumsum(1), ((0, 0), (1, 0), (0, 0)))
        return self.project(jnp.tanh(total / np.maximum(1, np.arange(total.shape[1]))[:, None]))


# A new architecture joins this list and inherits every test of the contract.
PREDICTORS = {
    "log-bilinear": es.LogBilinear(num_words=5, num_tokens=4, dim=2),
    "MLP, binary words": es.MLP(context_length=3, num_tokens=4, dim=3, hidden=(8,)),
    "MLP, larger vocabulary": es.MLP(
        context_length=3, num_tokens=4, dim=2, num_words=5, hidden=(8,)
    ),
    "MLP, no hidden layer": es.MLP(context_length=3, num_tokens=5, dim=2, hidden=()),
    "MLP, empty context": es.MLP(context_length=0, num_tokens=4, dim=3, hidden=(8,)),
    "GRU": es.GRU(num_words=5, num_tokens=4, dim=3, width=8),
    "GRU, two layers": es.GRU(num_words=2, num_tokens=3, dim=4, width=6, num_layers=2),
    "transformer, rotary": es.Transformer(
        num_words=5, num_tokens=4, dim=3, context_length=4, width=8, num_heads=2
    ),
    "transformer, learned": es.Transformer(
        num_words=2,
        num_tokens=3,
        dim=2,
        context_length=3,
        width=6,
        num_layers=1,
        num_heads=2,
        mlp_ratio=2,
        positions="learned",
    ),
    "with bias": es.WithBias(es.LogBilinear(num_words=3, num_tokens=5, dim=2)),
    "nnx": es.from_nnx(Averager, 5),
}
