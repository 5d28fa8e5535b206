"""How is a small world searched in which a claim fails most, or holds best?

A world's tables are softmaxes of free numbers, kept above a floor. Adam follows the gradient of
the logarithm of the violation, less a growing penalty on every assumption that is not met; many
starts run side by side. Everything is float64.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.counterexamples.measures import Measures, Tables, measures

MARGIN = 0.97  # the search aims a little inside every limit, so that what it finds meets them
FIRST_PENALTY, LAST_PENALTY = 3.0, 1e4
LOOSE, TIGHTENED = 0.5, 0.6  # even starts: limits shrink from LOOSE over this share of the steps
SETTLED = 0.2  # odd starts: over this share of the steps only the assumptions count
ENOUGH = 1e-6  # a violation that is decreased is small enough here
LEARNING_RATE = 0.2
SMALLEST_SCALE, LARGEST_SCALE = 0.5, 6.0  # of the random logits at the start
STRONGEST = 24.0  # by how much an outcome may favour one configuration at the start, in logits


NUM_UPPER = 6  # of the limits: the first are upper, the rest lower ones
COMPILER = {"xla_backend_optimization_level": 1}  # compiles in two thirds of the time, runs as fast


class Shape(NamedTuple):
    """The size of the worlds searched: configurations, tokens, and the words of each position."""

    num_configurations: int
    num_tokens: int
    num_words: tuple[int, ...]


class Limits(NamedTuple):
    """The assumptions as limits; inf or 0 where one is not made.

    epsilon: of E_{x,y}[1 − max_c p(c|x,y)]; worst_epsilon: of its largest value over contexts and
    tokens; anchor: of the largest 1 − p(c(y)|x,y), c(y) the configuration that y names; coverage:
    δ, of the largest |log p(c|x,y) − log p(c|x,y')|; variation: of the total variation between
    p(c|y) and p(c|y'); condition: of the condition number of the diversity matrix;
    context_epsilon, concept_information, token_information, token_share, beyond_argmax: at least
    this much is asked of E_x[1 − max_c p(c|x)], of I(c;x) and I(x;y) in nats, of I(x;y)/I(c;y) and
    of the share of I(x;y) that argmax_c p(c|x) leaves unexplained.
    """

    epsilon: Any = np.inf
    worst_epsilon: Any = np.inf
    anchor: Any = np.inf
    coverage: Any = np.inf
    variation: Any = np.inf
    condition: Any = 10.0
    context_epsilon: Any = 0.0
    concept_information: Any = 0.05
    token_information: Any = 0.0
    token_share: Any = 0.1
    beyond_argmax: Any = 0.0


class Objective(NamedTuple):
    """What is increased: this many times log r, log(1 − S) and the logarithm of what the likeliest
    configuration leaves unexplained; all 0 for random worlds that only meet the assumptions."""

    own_map: Any = 0.0
    any_map: Any = 0.0
    beyond_argmax: Any = 0.0


class Found(NamedTuple):
    """The best point on the way of every start at which all assumptions are met.

    any_map is measured only where the objective asks for it.

    Leading axes [seed, start]. met: whether there was one (else the rest is where it started);
    change: by how much the objective grew over the last twentieth of the steps.
    """

    tables: Tables
    measures: Measures
    met: Any
    change: Any


def search(
    seeds: tuple[int, ...],
    num_starts: int,
    shape: Shape,
    limits: Limits,
    objective: Objective,
    num_steps: int,
    floor: float,
) -> Found:
    """Run num_starts starts of every seed; NumPy arrays. A seed does not depend on the others."""
    with jax.enable_x64(True):
        keys = jnp.stack([jax.random.key(seed) for seed in seeds])
        settings = jax.tree.map(
            lambda number: jnp.asarray(number, jnp.float64), (limits, objective)
        )
        found = _search(keys, num_starts, shape, *settings, num_steps, jnp.float64(floor))
        return jax.tree.map(np.asarray, found)


def excesses(found: Measures, limits: Limits) -> Any:
    """By how much each assumption is missed, in logarithms: at most 0 where it is met."""
    pairs = [(getattr(found, name), limit) for name, limit in limits._asdict().items()]
    missed = [_log_ratio(value, limit) for value, limit in pairs[:NUM_UPPER]]
    return jnp.stack(missed + [_log_ratio(limit, value) for value, limit in pairs[NUM_UPPER:]], -1)


def _log_ratio(numerator: Any, denominator: Any) -> Any:
    """log of a quotient; −inf where the limit is 0 below or inf above, without a gradient there."""
    asked = (numerator > 0) & jnp.isfinite(denominator)
    safe = jnp.where(asked, numerator, 1.0) / jnp.where(asked, denominator, 1.0)
    return jnp.where(asked, jnp.log(safe), -jnp.inf)


class Best(NamedTuple):
    """A point on the way: where, what was measured, the objective (−inf when assumptions fail)."""

    parameters: "Parameters"
    measures: Measures
    gain: Any


class Parameters(NamedTuple):
    """Free numbers: logits of the tables; a token's are common [token] + scale · own."""

    logits: Tables
    common: Any


def tables_of(parameters: Parameters, token_scale: Any, floor: Any) -> Tables:
    """Log-tables from free numbers: softmax of every row, no probability below the floor."""

    def log_table(logits: Any) -> Any:
        share = 1 - logits.shape[-1] * floor
        return jnp.log(share * jax.nn.softmax(logits, -1) + floor)

    prior, words, token = parameters.logits
    logits = Tables(prior, words, parameters.common + token_scale * token)
    return jax.tree.map(log_table, logits)


def _start(key: Any, shape: Shape, loose: Any, weak: Any) -> Parameters:
    """Random logits, and on top favours: every token favours some configuration.

    Loose starts: favours from nothing to strong. The others start near worlds whose tokens (or,
    where tokens are weak, words) pin the configuration, as there the assumptions are soon met.
    """
    names = ("prior", "word", "token", "common", "scale", "strength", "order")
    keys = dict(zip(names, jax.random.split(key, len(names)), strict=True))
    most = jnp.where(loose, LARGEST_SCALE, 1.0)
    scales = SMALLEST_SCALE * (most / SMALLEST_SCALE) ** jax.random.uniform(
        keys["scale"], (2,), jnp.float64
    )
    strength = jax.random.uniform(keys["strength"], (), jnp.float64)
    strength = STRONGEST * jnp.where(loose, strength / 2, 0.25 + 0.75 * strength)

    def draw(key: Any, *sizes: int) -> Any:
        return jax.random.normal(key, sizes, jnp.float64)

    def favours(key: Any, num_outcomes: int) -> Any:
        order = jax.random.permutation(key, num_outcomes) % shape.num_configurations
        return strength * jax.nn.one_hot(order, shape.num_configurations, dtype=jnp.float64).T

    words = []
    for position, size in enumerate(shape.num_words):
        logits = scales[0] * draw(
            jax.random.fold_in(keys["word"], position), shape.num_configurations, size
        )
        favoured = favours(jax.random.fold_in(keys["order"], 1 + position), size)
        words.append(logits + jnp.where(loose | ~weak, 0.0, favoured))
    token = scales[1] * draw(keys["token"], shape.num_configurations, shape.num_tokens)
    token += jnp.where(weak, 0.0, favours(keys["order"], shape.num_tokens))
    prior = draw(keys["prior"], shape.num_configurations)
    logits = Tables(prior, tuple(words), token)
    return Parameters(logits, draw(keys["common"], shape.num_tokens))


def _gain(found: Measures, objective: Objective) -> Any:
    """The objective; what is decreased counts from ENOUGH on, or the assumptions would give way."""
    total = 0.0
    for value, factor in zip(
        (found.own_map, found.any_map, found.beyond_argmax), objective, strict=True
    ):
        total += factor * jnp.log(value + jnp.where(factor < 0, ENOUGH, 0.0))
    return total


def _search_one(
    key: Any,
    number: Any,
    shape: Shape,
    limits: Limits,
    objective: Objective,
    num_steps: int,
    floor: Any,
) -> Found:
    """One start: the best point on its way at which every assumption is met.

    Even starts follow the violation from loose limits into tight ones; odd ones meet the
    assumptions first and look for the violation from there.
    """
    loose = number % 2 == 0
    token_scale = jnp.minimum(1.0, limits.coverage)  # steps as small as what they must meet
    inside = Limits(
        *(limit * MARGIN for limit in limits[:NUM_UPPER]),
        *(limit / MARGIN for limit in limits[NUM_UPPER:]),
    )
    slack = [jax.nn.relu(jnp.log(LOOSE / limit)) for limit in limits[:NUM_UPPER]]
    slack = jnp.stack(slack + [jnp.zeros(())] * (len(limits) - NUM_UPPER))

    def world(parameters: Parameters) -> Measures:
        return measures(tables_of(parameters, token_scale, floor), objective.any_map != 0)

    def loss(parameters: Parameters, progress: Any) -> tuple[Any, Best]:
        found = world(parameters)
        gain = _gain(found, objective)
        tightness = jnp.where(loose, jnp.minimum(1.0, progress / TIGHTENED), 1.0)
        wanted = jnp.where(loose | (progress > SETTLED), gain, 0.0)
        missed = jax.nn.relu(excesses(found, inside) - (1 - tightness) * slack)
        penalty = FIRST_PENALTY * (LAST_PENALTY / FIRST_PENALTY) ** progress
        met = (excesses(found, limits) <= 0).all()
        return penalty * (missed**2).sum() - wanted, Best(
            parameters, found, jnp.where(met, gain, -jnp.inf)
        )

    def step(carry: Any, progress: Any) -> tuple[Any, Any]:
        parameters, state, best = carry
        gradient, here = jax.grad(loss, has_aux=True)(parameters, progress)
        finite = [jnp.isfinite(part).all() for part in jax.tree.leaves(gradient)]
        usable = jnp.stack(finite).all()  # else the start stays where it is
        gradient = jax.tree.map(lambda part: jnp.where(usable, part, 0.0), gradient)
        better = here.gain > best.gain
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), here, best)
        change, state = optimiser.update(gradient, state)
        return (optax.apply_updates(parameters, change), state, best), best.gain

    optimiser = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, num_steps, 0.02))
    parameters = _start(key, shape, loose, token_scale < 1)
    nothing = jax.tree.map(jnp.ones_like, jax.eval_shape(world, parameters))
    best = Best(parameters, nothing, jnp.asarray(-jnp.inf))
    carry = (parameters, optimiser.init(parameters), best)
    progress = jnp.linspace(0.0, 1.0, num_steps, dtype=jnp.float64)
    (_, _, best), gains = jax.lax.scan(step, carry, progress)
    change = best.gain - gains[-max(2, num_steps // 20)]
    tables = tables_of(best.parameters, token_scale, floor)
    return Found(tables, best.measures, jnp.isfinite(best.gain), change)


@jax.jit(static_argnames=("num_starts", "shape", "num_steps"), compiler_options=COMPILER)
def _search(
    keys: Any,
    num_starts: int,
    shape: Shape,
    limits: Limits,
    objective: Objective,
    num_steps: int,
    floor: Any,
) -> Found:
    def start(key: Any, number: Any) -> Found:
        one = jax.random.fold_in(key, number)
        return _search_one(one, number, shape, limits, objective, num_steps, floor)

    by_start = jax.vmap(start, (None, 0))
    return jax.vmap(by_start, (0, None))(keys, jnp.arange(num_starts))
