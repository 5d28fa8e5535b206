"""Do samples follow the tables, rare cells included, and does a key mean one draw for ever?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import latentgen as lg
from latentgen import sampling
from latentgen.sampling import STEPS, integer_thresholds

NUM_SAMPLES = 200_000
FEWER = settings(max_examples=settings().max_examples // 3)  # every shape compiles
RISK = 1e-9  # of one false alarm per test, over all its cells


def assert_frequencies(counts, probability):
    """Counts lie within Bernstein's bound, at RISK over all cells; zero cells are never met.

    P(|count/n − p| > sqrt(2 p (1−p) t / n) + t / (3n)) ≤ 2 exp(−t), Bernstein for one cell; the
    rounding of thresholds adds 2^-31 a cell at most.
    """
    counts, probability = np.ravel(counts), np.ravel(probability)
    num_samples, t = counts.sum(), np.log(2 * counts.size / RISK)
    variance = probability * (1 - probability)
    bound = np.sqrt(2 * variance * t / num_samples) + t / (3 * num_samples) + counts.size / STEPS
    assert (np.abs(counts / num_samples - probability) <= bound).all()
    assert (counts[probability == 0] == 0).all()


def joint_counts(sample, sizes):
    columns = [*sample.values.T, *sample.context.T, sample.token]
    return np.bincount(
        np.ravel_multi_index([np.asarray(c) for c in columns], sizes).ravel(),
        minlength=int(np.prod(sizes)),
    )


def joint_probability(model, length):
    """p(c, x, y) by the exact layer, over all words and tokens, zeros included."""
    sizes = [model.word_factor(i).num_outcomes for i in range(length)]
    every = np.indices(sizes).reshape(length, -1).T
    log_joint = lg.log_context_given(model, every) + lg.log_prior(model)
    token = np.exp(lg.log_token_given(model, length))
    return np.exp(log_joint).T[:, :, None] * token[:, None, :]


@pytest.mark.parametrize(("name", "length"), [("sprinkler", 2), ("echo", 5), ("sprinkler", 1)])
def test_frequencies_follow_the_joint_distribution(name, length):
    model = lg.worlds.named(name)
    sample = lg.sample(jax.random.key(3), model, NUM_SAMPLES, length)
    words = [model.word_factor(i).num_outcomes for i in range(length)]
    counts = joint_counts(sample, (*model.space.cardinalities, *words, model.num_tokens()))
    assert_frequencies(counts, joint_probability(model, length))


@FEWER
@given(lg.strategies.integer_worlds(alike=True, cardinalities=(2, 2)), lg.strategies.keys())
def test_samples_are_possible_and_follow_the_tables_at_alike_positions(world, key):
    model = world.model()
    sample = lg.sampler(model, 2).draw(key, 2000)
    sizes = (2, 2, *[model.words[0].num_outcomes] * 2, model.num_tokens())
    assert_frequencies(joint_counts(sample, sizes), joint_probability(model, 2))


@FEWER
@given(
    lg.strategies.integer_worlds(alike=False, saturated=False, num_positions=2),
    lg.strategies.keys(),
)
def test_samples_are_possible_at_positions_of_their_own(world, key):
    model = world.model()
    length = 2 if model.token is not None else 1
    sample = lg.sampler(model, length).draw(key, 30)
    assert np.isfinite(lg.log_evidence(model, sample.context)).all()
    configuration = np.asarray(sample.configuration(model.space))
    log_posterior = lg.log_posterior(model, sample.context)
    assert np.isfinite(log_posterior[np.arange(30), configuration]).all()
    log_token = lg.log_predictive(model, sample.context)
    assert np.isfinite(log_token[np.arange(30), sample.token]).all()


def test_drawing_concept_by_concept_follows_the_same_distribution(monkeypatch):
    model = lg.worlds.named("sprinkler")
    monkeypatch.setattr(sampling, "JOINT_LIMIT", 0)
    assert len(lg.sampler(model).prior) == 3
    sample = lg.sample(jax.random.key(4), model, NUM_SAMPLES)
    counts = joint_counts(sample, (2, 2, 2, 2, 3, 2))
    assert_frequencies(counts, joint_probability(model, 2))


def test_a_world_of_many_configurations_is_drawn_concept_by_concept():
    graph = lg.random_dag(jax.random.key(0), 13, 13)
    tables = lg.bernoulli_concept_tables(jax.random.key(1), graph)
    show = [((k,), np.eye(2)) for k in (0, 12)]
    model = lg.ConceptModel.from_graph(graph, (2,) * 13, tables, show, ((6,), np.eye(2)))
    assert model.space.num_configurations > sampling.JOINT_LIMIT
    sample = lg.sample(jax.random.key(2), model, NUM_SAMPLES)
    np.testing.assert_array_equal(sample.context, sample.values[:, [0, 12]])
    np.testing.assert_array_equal(sample.token, sample.values[:, 6])
    for k in range(13):
        counts = np.bincount(sample.values[:, k], minlength=2)
        assert_frequencies(counts, np.exp(lg.log_concept_prior(model, k)))
    parents = sorted(graph.predecessors(12)) or [0]
    pair = np.bincount(2 * sample.values[:, parents[0]] + sample.values[:, 12], minlength=4)
    prior = np.exp(lg.log_prior(model)).reshape((2,) * 13)
    others = tuple(k for k in range(13) if k not in (parents[0], 12))
    assert_frequencies(pair, prior.sum(others))


def outcome_steps(thresholds, num_outcomes):
    """How many of the 2^31 random words give each outcome: exact, from the thresholds alone."""
    edges = np.minimum(thresholds.astype(np.int64), STEPS)[: num_outcomes - 1]
    return np.diff(np.concatenate([[0], edges, [STEPS]]))


@given(lg.strategies.tables((3, 5)))
def test_thresholds_give_every_outcome_its_share_of_the_random_words(table):
    for row, thresholds in zip(table, integer_thresholds(table), strict=True):
        steps = outcome_steps(thresholds, 5)
        assert steps.sum() == STEPS
        assert ((steps == 0) == (row == 0)).all()
        assert np.abs(steps / STEPS - row).max() <= 5 / STEPS


def test_rare_outcomes_keep_one_random_word_and_impossible_ones_none():
    table = np.array([[1e-12, 0.0, 1.0 - 1e-12, 0.0], [0.0, 3 / STEPS, 1.0, 1e-300]])
    thresholds = integer_thresholds(table)
    assert outcome_steps(thresholds[0], 4).tolist() == [1, 0, STEPS - 1, 0]
    assert outcome_steps(thresholds[1], 4).tolist() == [0, 3, STEPS - 4, 1]


@pytest.mark.parametrize("num_outcomes", [1, 2, 3, 4, 5, 8, 9])
def test_the_search_finds_the_outcome_of_every_word_next_to_a_threshold(num_outcomes):
    table = np.linspace(0, 1, num_outcomes)[None] + (num_outcomes == 1)
    thresholds = integer_thresholds(table / table.sum())
    edges = np.minimum(thresholds[0].astype(np.int64), STEPS - 1)
    bits = np.unique(
        np.clip(np.concatenate([edges - 1, edges, edges + 1, [0, STEPS - 1]]), 0, STEPS - 1)
    )
    found = sampling._outcome(
        thresholds, jnp.zeros(len(bits), jnp.int32), jnp.asarray(bits, jnp.uint32)
    )
    expected = (thresholds[0][None] <= bits[:, None]).sum(1)
    np.testing.assert_array_equal(found, expected)
    assert expected.max() < num_outcomes


def test_the_same_key_means_the_same_draw_and_another_key_another():
    model = lg.worlds.named("echo")
    first, again, other = (lg.sample(jax.random.key(k), model, 50) for k in (0, 0, 1))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert (np.asarray(first.context) != np.asarray(other.context)).any()


@pytest.mark.parametrize("alike", [False, True])
def test_a_shorter_context_is_a_prefix_of_the_longer_one(alike):
    model = lg.worlds.named("echo")
    if alike:
        coin = ((0,), [[0.3, 0.7], [0.6, 0.4]])
        model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], coin, coin)
    long = lg.sample(jax.random.key(5), model, 40, 6)
    for length in (0, 1, 4):
        short = lg.sample(jax.random.key(5), model, 40, length)
        np.testing.assert_array_equal(short.context, long.context[:, :length])
        np.testing.assert_array_equal(short.values, long.values)
        np.testing.assert_array_equal(short.token, long.token)


def test_a_sampler_is_a_pytree_that_can_be_traced_and_batched():
    worlds = [lg.sampler(lg.worlds.permuted_bits(jax.random.key(seed))) for seed in (0, 1)]
    draw = jax.jit(lambda world, key: world.draw(key, 8))
    keys = jax.random.split(jax.random.key(0), 2)
    alone = [draw(world, key) for world, key in zip(worlds, keys, strict=True)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *worlds)
    together = jax.vmap(lambda world, key: world.draw(key, 8))(stacked, keys)
    for leaf, *parts in zip(together, *alone, strict=True):
        np.testing.assert_array_equal(leaf, jnp.stack(parts))
    assert draw._cache_size() == 1  # the tables are arguments, not constants
    lengths = {leaf.shape for leaf in jax.tree.leaves(together)}
    assert lengths == {(2, 8, 4), (2, 8, 12), (2, 8)}


def test_draws_are_the_same_traced_or_not_and_in_any_precision():
    world = lg.sampler(lg.worlds.named("sprinkler"))
    eager = world.draw(jax.random.key(0), 9)
    traced = jax.jit(lambda key: world.draw(key, 9))(jax.random.key(0))
    with jax.enable_x64(True):
        wide = world.draw(jax.random.key(0), 9)
    for one, two, three in zip(eager, traced, wide, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_a_sample_knows_its_configurations():
    model = lg.worlds.named("sprinkler")
    sample = lg.sample(jax.random.key(0), model, 100)
    expected = np.asarray(sample.values) @ [4, 2, 1]
    np.testing.assert_array_equal(sample.configuration(model.space), expected)


def test_no_samples_are_an_answer_and_fewer_are_refused():
    model = lg.worlds.named("sprinkler")
    assert lg.sample(jax.random.key(0), model, 0).context.shape == (0, 2)
    with pytest.raises(ValueError, match="must not be negative; got -1"):
        lg.sample(jax.random.key(0), model, -1)
    with pytest.raises(ValueError, match="context_length must lie in 0 … 2"):
        lg.sample(jax.random.key(0), model, 1, 3)


@given(st.integers(1, 3))
def test_the_token_of_a_world_without_a_token_table_is_its_next_word(length):
    words = [((0,), np.eye(2))] * 4
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    sample = lg.sample(jax.random.key(0), model, 20, length)
    np.testing.assert_array_equal(sample.token, sample.values[:, 0])
