"""What does a search need to know of a small world: how far the law is off, what is assumed?

Pure functions of log-tables, traceable, every context enumerated. Independent of the host's exact
functions, which the tests compare them with.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

RIDGE = 1e-9  # of the least squares, relative to the mean of the diagonal; the gauge is free
SMALL = 1e-300  # keeps logarithms of what may underflow finite


class Tables(NamedTuple):
    """A world in log-tables: prior [configuration], one [configuration, word] a position, token
    [configuration, token]."""

    prior: Any
    words: tuple[Any, ...]
    token: Any


class Measures(NamedTuple):
    """Scalars of one world; f is the vector of log p(y|x), centred over tokens.

    own_map: r = E_x|residual|²/E_x|f − E f|² of f ≈ A log p(c|x) + b with the A of
    arXiv:2503.08980, the best b. any_map: 1 − S(log p) to second order in the error, the best A
    and b. epsilon … beyond_argmax: as in `Limits`. token_information: I(x;y) in nats.
    """

    own_map: Any
    any_map: Any
    epsilon: Any
    worst_epsilon: Any
    anchor: Any
    coverage: Any
    variation: Any
    condition: Any
    context_epsilon: Any
    concept_information: Any
    token_share: Any
    beyond_argmax: Any
    token_information: Any


class _View(NamedTuple):
    """weight p(x) [x]; log p(c|x) [x, c]; log p(y|x) [x, y]; log p(c|x,y) [x, y, c]; log p(c|y)."""

    weight: Any
    belief: Any
    predictive: Any
    both: Any
    named: Any


def measures(tables: Tables, any_map_asked: Any = True) -> Measures:
    """All that is measured of one world; traceable. any_map is left at 1 where it is not asked."""
    view = _view(tables)
    rest = _rest(view.both, view.both)
    information = _information(view.weight, view.predictive)
    pairs = jnp.exp(view.named)[:, None] - jnp.exp(view.named)[None, :]
    anchors = jnp.broadcast_to(view.named, view.both.shape)
    return Measures(
        own_map=_own_map(view),
        any_map=jax.lax.cond(
            any_map_asked, lambda: _any_map(view) / information, lambda: jnp.ones_like(information)
        ),
        epsilon=(view.weight[:, None] * jnp.exp(view.predictive) * rest).sum(),
        worst_epsilon=rest.max(),
        anchor=_rest(view.both, anchors).max(),
        coverage=(view.both.max(1) - view.both.min(1)).max(),
        variation=0.5 * jnp.abs(pairs).sum(-1).max(),
        condition=_condition(view.named),
        context_epsilon=view.weight @ _rest(view.belief, view.belief),
        concept_information=_information(view.weight, view.belief),
        token_share=information / _named_information(tables),
        beyond_argmax=_within(view) / information,
        token_information=information,
    )


def _view(tables: Tables) -> _View:
    sizes = [table.shape[1] for table in tables.words]
    context = np.indices(sizes).reshape(len(sizes), -1)  # [position, context]
    joint = tables.prior + sum(
        table[:, word].T for table, word in zip(tables.words, context, strict=True)
    )
    evidence = jax.nn.logsumexp(joint, -1)
    belief = joint - evidence[:, None]
    seen = belief[:, None, :] + tables.token.T
    predictive = jax.nn.logsumexp(seen, -1)
    of_token = tables.prior + tables.token.T
    named = of_token - jax.nn.logsumexp(of_token, -1, keepdims=True)
    return _View(jnp.exp(evidence), belief, predictive, seen - predictive[..., None], named)


def _rest(log_probability: Any, choice: Any) -> Any:
    """1 − p at the configuration where `choice` is largest, summed over the others."""
    chosen = jax.nn.one_hot(jnp.argmax(choice, -1), choice.shape[-1], dtype=bool)
    return jnp.where(chosen, 0.0, jnp.exp(log_probability)).sum(-1) + SMALL


def _information(weight: Any, log_conditional: Any) -> Any:
    """I in nats of log-distributions [x, outcome]."""
    marginal = jnp.log(weight @ jnp.exp(log_conditional))
    return weight @ _divergence(log_conditional, marginal) + SMALL


def _divergence(log_first: Any, log_second: Any) -> Any:
    """KL in nats over the last axis, as Σ p (q/p − 1 − log q/p): no terms cancel when p ≈ q."""
    gap = log_second - log_first
    return (jnp.exp(log_first) * (jnp.expm1(gap) - gap)).sum(-1)


def _named_information(tables: Tables) -> Any:
    """I(c;y) in nats."""
    return _information(jnp.exp(tables.prior), tables.token)


def _own_map(view: _View) -> Any:
    """r: what E_{p(c|y)} log p(c|x,y) leaves, as a share of what f varies."""
    named = jnp.exp(view.named)
    residual = -(named * view.both).sum(-1)  # log p(y|x) − E_{p(c|y)}[log p(c|x)] − β_y
    return _total_variance(view.weight, residual) / _total_variance(view.weight, view.predictive)


def _total_variance(weight: Any, logits: Any) -> Any:
    centred = logits - logits.mean(-1, keepdims=True)
    centred = centred - weight @ centred
    return weight @ (centred**2).sum(-1) + SMALL


def _any_map(view: _View) -> Any:
    """min_{U,v} E_x ½ Var_{y|x}(log p(y|x) − U log p(c|x) − v): weighted least squares.

    U and v are held fixed under the gradient, which is right at the minimum.
    """
    target = view.predictive - view.weight @ view.predictive
    offset = jnp.ones((view.belief.shape[0], 1))
    features = view.belief - view.weight @ view.belief  # all of log p: A·1 = 0 is not asked
    spread = jnp.sqrt(view.weight @ features**2) + 1e-12
    design = jnp.concatenate([features / spread, offset], 1)
    probability = jnp.exp(view.predictive)
    metric = jax.vmap(lambda p: jnp.diag(p) - jnp.outer(p, p))(probability)
    weighted = view.weight[:, None, None] * metric
    num_tokens, num_features = probability.shape[1], design.shape[1]
    size = num_tokens * num_features
    normal = jnp.einsum("xab,xi,xj->aibj", weighted, design, design).reshape(size, size)
    right = jnp.einsum("xab,xi,xb->ai", weighted, design, target).reshape(size)
    normal = normal + RIDGE * jnp.trace(normal) / size * jnp.eye(size)
    best = jnp.linalg.solve(*jax.lax.stop_gradient((normal, right)))
    error = target - design @ best.reshape(num_tokens, num_features).T
    return 0.5 * jnp.einsum("xa,xab,xb->", error, weighted, error) + SMALL


def _condition(named: Any) -> Any:
    """The largest over the least of the ℓ − 1 singular values of p(c|y), centred over tokens."""
    belief = jnp.exp(named)
    centred = belief - belief.mean(0)
    basis = _zero_sum_basis(belief.shape[1])
    projected = centred @ basis
    if basis.shape[1] == 1:
        return jnp.ones(())
    values = jnp.linalg.eigvalsh(projected.T @ projected)
    return jnp.sqrt(values[-1] / jnp.maximum(values[0], SMALL))


def _within(view: _View) -> Any:
    """I(x; y | argmax_c p(c|x)) in nats: what the likeliest configuration leaves unexplained."""
    named = jnp.argmax(view.belief, -1)
    member = jax.nn.one_hot(named, view.belief.shape[1])  # [x, class]
    share = member * view.weight[:, None]
    total = share.sum(0)
    mean = (share.T @ jnp.exp(view.predictive)) / jnp.where(total > 0, total, 1.0)[:, None]
    log_mean = jnp.log(jnp.where(total[:, None] > 0, mean, 1.0))
    return view.weight @ _divergence(view.predictive, log_mean[named]) + SMALL


def _zero_sum_basis(size: int) -> np.ndarray:
    """An orthonormal basis [size, size − 1] of the vectors that sum to zero."""
    basis, _ = np.linalg.qr(np.eye(size) - 1 / size)
    return basis[:, : size - 1]
