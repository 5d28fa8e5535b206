"""Do named worlds stay what they are, and is the paper's simulation built as written?"""

import itertools

import jax
import numpy as np
import pytest

import latentgen as lg
from latentgen import draws

FINGERPRINTS = {
    "counterexample-any-map": "b1c266dbf055cef2",
    "counterexample-coverage": "618092e803a9e9a0",
    "counterexample-coverage-any-map": "7f23b27fa548a5c7",
    "counterexample-mean": "a3c21cb1c3a5c3af",
    "counterexample-pinned": "da31c25368d8a413",
    "echo": "16e488d07a646b8f",
    "holds-anchored": "ccdef107575e4f0c",
    "mess3": "75581788f2c91dc1",
    "paper-er1-m4": "5465593149619260",
    "paper-er1-m4-coarse-token": "d60f29dac7ba64ac",
    "paper-er1-m4-noiseless": "fc352b742ffc3665",
    "paper-er2-m8": "8bd1b2aed77b9811",
    "paper-er3-m8": "4855ba8da67bc94f",
    "sprinkler": "80bc108d0e2a7432",
}


def test_named_worlds_never_change():
    # A new world gets a new line; a line that changes breaks every stored result.
    found = {name: lg.worlds.fingerprint(lg.worlds.named(name)) for name in lg.worlds.names()}
    assert found == FINGERPRINTS


def test_fingerprints_tell_worlds_apart_and_ignore_the_last_bits():
    model = lg.worlds.named("sprinkler")
    assert lg.worlds.fingerprint(lg.intervene(model, {0: 1})) != FINGERPRINTS["sprinkler"]
    space, prior, words = lg.ConceptSpace((2,)), [0.3, 0.7], np.eye(2)
    one = lg.ConceptModel.from_tables(space, prior, words)
    two = lg.ConceptModel.from_tables(space, [0.3 + 1e-14, 0.7], words)
    assert one != two
    assert lg.worlds.fingerprint(one) == lg.worlds.fingerprint(two)


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"no world named 'sprinkle': did you mean 'sprinkler'\?"):
        lg.worlds.named("sprinkle")
    with pytest.raises(ValueError, match=r"'zzz': the names are counter.*, echo, .*sprinkler"):
        lg.worlds.named("zzz")


def permutation(key, block, size):
    """π_block, by the same keys; how it is drawn is tested with draws."""
    permutation_key = jax.random.split(key, 3)[2]
    return draws.permutation(jax.random.fold_in(permutation_key, block), size).tolist()


@pytest.mark.parametrize(("m", "n_x", "n_y"), [(3, 7, 2), (2, 2, 2), (4, 3, 1)])
def test_bits_and_tokens_are_noisy_digits_of_permuted_configurations(m, n_x, n_y):
    key, delta, eta = jax.random.key(11), 0.125, 0.25
    model = lg.worlds.permuted_bits(
        key, num_concepts=m, edges_per_concept=0.5, num_context_bits=n_x, num_token_bits=n_y,
        flip_rate=delta, replace_rate=eta,
    )  # fmt: skip
    token_given = np.exp(lg.log_token_given(model))
    for c in range(2**m):
        shown = f"{permutation(key, 0, 2**m)[c]:0{m}b}"[:n_y]
        for token, digits in enumerate(itertools.product("01", repeat=n_y)):
            expected = (1 - eta) * (shown == "".join(digits)) + eta / 2**n_y
            assert abs(token_given[c, token] - expected) < 1e-14
        for position in range(n_x):
            bits = f"{permutation(key, 1 + position // m, 2**m)[c]:0{m}b}"
            bit = int(bits[position % m])
            word_given = np.exp(model.words[position].log_table.reshape(2**m, 2))[c]
            assert abs(word_given[bit] - (1 - delta)) < 1e-14
            assert abs(word_given[1 - bit] - delta) < 1e-14


def test_bernoulli_parameters_are_the_papers():
    model = lg.worlds.named("paper-er2-m8")
    for factor in model.prior:
        table = np.exp(factor.log_table)
        assert ((table > 0.2 - 1e-12) & (table < 0.8 + 1e-12)).all()


def test_worlds_are_nested_in_the_number_of_context_bits():
    build = lg.worlds.permuted_bits
    long = build(jax.random.key(5), num_context_bits=12)
    for bits in (0, 1, 4, 7):
        short = build(jax.random.key(5), num_context_bits=bits)
        assert short.num_positions == bits
        for one, two in zip(short.words, long.words[:bits], strict=True):
            np.testing.assert_array_equal(one.log_table, two.log_table)
        np.testing.assert_array_equal(short.token.log_table, long.token.log_table)
        for one, two in zip(short.prior, long.prior, strict=True):
            np.testing.assert_array_equal(one.log_table, two.log_table)


def test_without_noise_enough_bits_tell_the_configuration():
    model = lg.worlds.named("paper-er1-m4-noiseless")
    for length, pinned in ((4, True), (3, False)):
        every = lg.enumerate_contexts(model, length)
        best = np.exp(lg.log_posterior(model, every.context)).max(-1)
        assert np.allclose(best, 1) == pinned
    assert lg.epsilon(model, every.context, every.log_weight) < 1e-12  # the token tells c


def test_the_third_erdos_renyi_graph_over_seven_concepts_is_complete():
    model = lg.worlds.permuted_bits(jax.random.key(0), num_concepts=7, edges_per_concept=3)
    assert model.graph.number_of_edges() == 21


def test_agreement_of_words_tells_the_echo_and_single_words_do_not():
    model = lg.worlds.named("echo")
    alone = lg.log_concept_posterior(model, [[0], [1]], 0)
    np.testing.assert_allclose(np.exp(alone), 0.5)
    agreeing = np.exp(lg.log_concept_posterior(model, [[0, 0], [0, 1]], 0))
    np.testing.assert_allclose(agreeing, [[0.2, 0.8], [0.8, 0.2]])


def test_keyed_words_tell_a_concept_together_and_nothing_one_by_one():
    words = lg.worlds.keyed_words((1, 0), 0.1)
    prior = [[0.3, 0.1], [0.2, 0.4]]
    model = lg.ConceptModel.from_graph(
        lg.chain_dag(2), (2, 2), [[0.4, 0.6], [[0.75, 0.25], [1 / 3, 2 / 3]]], words,
        lg.Emission((0, 1), np.eye(4)),
    )  # fmt: skip
    joint = np.exp(lg.log_prior(model)).reshape(2, 2)
    np.testing.assert_allclose(joint, prior, atol=1e-12)
    context, log_weight = lg.enumerate_contexts(model)
    belief = np.exp(lg.log_posterior(model, context)).reshape(-1, 2, 2)
    agree = context[:, 0::2] ^ context[:, 1::2]  # what each pair says of concept 1, and of 0
    for row, (says_1, says_0) in zip(belief, agree, strict=True):
        right_1 = np.where(np.arange(2) == says_1, 0.9, 0.1)
        right_0 = np.where(np.arange(2) == says_0, 0.9, 0.1)
        expected = joint * right_0[:, None] * right_1
        np.testing.assert_allclose(row, expected / expected.sum(), atol=1e-12)
    weight = np.exp(log_weight)
    for position in range(4):
        for word in range(2):
            seen = context[:, position] == word
            alone = weight[seen] @ belief[seen].reshape(-1, 4) / weight[seen].sum()
            np.testing.assert_allclose(alone, joint.ravel(), atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_token_bits": 5}, "num_token_bits must lie in 1 … num_concepts = 4; got 5"),
        ({"num_token_bits": 0}, "got 0"),
        ({"num_context_bits": -1}, "num_context_bits must not be negative; got -1"),
        ({"edges_per_concept": 2}, "4 concepts have 6 pairs.* got 8"),
        ({"flip_rate": 1.5}, "noise rate is a probability; got 1.5"),
        ({"replace_rate": -0.1}, "noise rate is a probability; got -0.1"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        lg.worlds.permuted_bits(jax.random.key(0), **settings)
