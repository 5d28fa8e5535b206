"""Is A_s W_s what is there, and is its artefact on noise seen for what it is?"""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import t
from sklearn.linear_model import LogisticRegression

import estimators as es

KEY = jax.random.key(0)
NUM_CONCEPTS = 3


def noise(seed, num_pairs=100, dim=64, num_concepts=NUM_CONCEPTS):
    """Pairs [pair, dim] per concept in which nothing differs but noise."""
    draw = np.random.default_rng(seed)
    return [[draw.normal(size=(num_pairs, dim)) for _ in range(num_concepts)] for _ in range(2)]


def told_apart(seed, num_pairs=100, dim=16, strength=2.0):
    """Pairs that differ along one orthonormal direction each, and in noise."""
    first, second = noise(seed, num_pairs, dim)
    axes = np.linalg.qr(np.random.default_rng([seed, 1]).normal(size=(dim, dim)))[0]
    return first, [rows + strength * axes[concept] for concept, rows in enumerate(second)]


def log_odds_world(seed, num_pairs=3000, length=6):
    """f = mixing · log-odds of independent binary concepts, each shown by words of its own.

    The words of a concept are drawn given its value; the two contexts of a pair share all words
    but those of their concept. Returns first, second, the exact Δ logit, and the mixing.
    """
    draw = np.random.default_rng(seed)
    strength = draw.uniform(0.3, 1, (NUM_CONCEPTS, length))
    mixing = draw.normal(size=(NUM_CONCEPTS, NUM_CONCEPTS)) + 2 * np.eye(NUM_CONCEPTS)

    def words(value):
        shown = draw.random((num_pairs, NUM_CONCEPTS, length))
        return shown < 1 / (1 + np.exp(-(2 * value[..., None] - 1) * strength))

    def log_odds(seen):
        return ((2 * seen - 1) * strength).sum(-1)  # a word's log-ratio is ±strength

    first, second, exact = [], [], []
    for concept in range(NUM_CONCEPTS):
        value = draw.integers(0, 2, (num_pairs, NUM_CONCEPTS))
        value[:, concept] = 0
        zero = words(value)
        one, value[:, concept] = zero.copy(), 1
        one[:, concept] = words(value)[:, concept]
        first.append(log_odds(zero) @ mixing.T)
        second.append(log_odds(one) @ mixing.T)
        exact.append(log_odds(one) - log_odds(zero))
    return first, second, exact, mixing


def diagonal(matrix):
    return float(np.diag(matrix).mean())


@pytest.mark.parametrize("dim", [8, 64, 256])
def test_shared_pairs_give_one_on_pure_noise_as_the_penalty_grows(dim):
    pairs = noise(1, dim=dim)
    found = es.alignment_matrix(*pairs, split="shared", C=1e-6, key=KEY, num_splits=1)
    np.testing.assert_allclose(np.diag(found.normalised), 1, atol=1e-4)
    assert found.off_diagonal_size.mean < 2 / np.sqrt(dim)
    published = es.alignment_matrix(*pairs, split="shared", C=1e-4, key=KEY, num_splits=1)
    assert diagonal(published.normalised) > 0.999
    # A weaker penalty does not cure it: what is wrong is that the pairs are shared.
    weak = es.alignment_matrix(*pairs, split="shared", C=100, key=KEY, num_splits=1)
    assert diagonal(weak.normalised) > 0.75


@pytest.mark.parametrize("C", [1e-6, 1.0])
def test_disjoint_pairs_give_nothing_on_pure_noise(C):
    means = [
        es.alignment_matrix(*noise(seed), C=C, key=KEY, num_splits=2).diagonal.mean
        for seed in range(10)
    ]
    assert abs(np.mean(means)) < 0.05  # a cosine in 64 dimensions strays by 1/8, of 30 by .02


def test_both_nulls_show_the_artefact_where_pairs_are_shared():
    found = es.alignment_matrix(*told_apart(0), split="shared", C=1e-6, key=KEY, num_splits=2)
    assert diagonal(found.permuted.normalised) > 0.999
    assert diagonal(found.noise.normalised) > 0.999
    apart = es.alignment_matrix(*told_apart(0), C=1e-6, key=KEY)
    assert apart.diagonal.mean > 0.8
    assert abs(diagonal(apart.permuted.normalised)) < 0.3
    assert abs(diagonal(apart.noise.normalised)) < 0.3


def test_permuting_labels_for_the_probe_alone_hides_the_artefact():
    first, second = noise(2)
    found = []
    for zero, one in zip(first, second, strict=True):
        rows, value = np.concatenate([zero, one]), np.repeat([0, 1], 100)
        value = np.random.default_rng(3).permutation(value)
        probe = LogisticRegression(C=1e-6).fit(rows, value).coef_[0]
        mean = (one - zero).mean(0)
        found.append(mean @ probe / np.linalg.norm(mean) / np.linalg.norm(probe))
    assert abs(np.mean(found)) < 0.25  # a null near 0 beside a diagonal of 1.00: taken for evidence


def test_pairs_that_share_words_are_not_disjoint():
    draw, groups = np.random.default_rng(0), np.repeat(np.arange(20), 5)
    first, second = (
        [draw.normal(size=(20, 64))[groups] + 0.1 * draw.normal(size=(100, 64)) for _ in range(3)]
        for _ in range(2)
    )
    by_pair = es.alignment_matrix(first, second, key=KEY)
    by_word = es.alignment_matrix(first, second, key=KEY, groups=[groups] * 3)
    assert by_pair.diagonal.mean > 0.5
    assert abs(by_word.diagonal.mean) < 0.1


def test_no_group_is_on_both_sides():
    # Second less first is the one-hot of the pair's group: directions and probes share no axis.
    groups = np.repeat(np.arange(8), 4)
    first = [np.zeros((32, 8)) for _ in range(2)]
    second = [np.eye(8)[groups] for _ in range(2)]
    found = es.alignment_matrix(first, second, groups=[groups, groups], key=KEY)
    np.testing.assert_allclose(found.logit, 0, atol=1e-9)


def test_directions_that_differ_are_found_and_nothing_else():
    found = es.alignment_matrix(*told_apart(1, strength=4.0), key=KEY, C=1e-4)
    assert found.diagonal.low > 0.9
    assert abs(found.off_diagonal.mean) < 0.05
    assert abs(found.off_diagonal.mean) <= found.off_diagonal_size.mean


def test_the_gauge_free_value_is_the_exact_change_of_the_logit():
    first, second, exact, _ = log_odds_world(0)
    found = es.alignment_matrix(
        first, second, C=100.0, key=KEY, log_odds_change=exact, num_splits=4
    )
    np.testing.assert_allclose(np.diag(found.logit) / np.diag(found.exact), 1, atol=0.1)
    off = ~np.eye(NUM_CONCEPTS, dtype=bool)
    np.testing.assert_allclose(found.exact[off], 0, atol=1e-12)
    assert np.abs(found.logit[off]).max() < 0.05 * np.diag(found.exact).min()
    published = es.alignment_matrix(first, second, C=1e-4, key=KEY, num_splits=1)
    assert (np.diag(published.logit) < 0.7 * np.diag(found.exact)).all()  # the penalty shrinks it


def test_the_normalised_diagonal_may_be_small_where_probes_are_exact():
    first, second, _, mixing = log_odds_world(0)
    found = es.alignment_matrix(first, second, C=100.0, key=KEY, num_splits=4)
    probes = np.linalg.inv(mixing)
    np.testing.assert_allclose(probes @ mixing, np.eye(3), atol=1e-12)
    cosines = 1 / (np.linalg.norm(mixing, axis=0) * np.linalg.norm(probes, axis=1))
    np.testing.assert_allclose(np.diag(found.normalised), cosines, atol=0.05)
    assert np.diag(found.normalised).min() < 0.5


def test_probes_of_pairs_know_nothing_of_how_concepts_depend():
    # Two concepts that agree nine times in ten, f all log-ratios of p(c|x). A pair holds the
    # other concept fixed, so its probe reads one concept's words, while p(c_j|x) reads both's.
    draw, prior = np.random.default_rng(0), np.array([0.45, 0.05, 0.05, 0.45])
    strength, values = draw.uniform(0.3, 1, (2, 6)), np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

    def words(value):
        return draw.random((4000, 2, 6)) < 1 / (1 + np.exp(-(2 * value[..., None] - 1) * strength))

    def joint(seen):
        towards = (2 * values[:, :, None] - 1) * strength
        signs = (2 * seen[:, None] - 1) * towards
        return np.log(prior) - np.log1p(np.exp(-signs)).sum((2, 3))

    def log_odds(rows, concept):
        one, zero = (values[:, concept] == value for value in (1, 0))
        return logsumexp(rows[:, one], axis=1) - logsumexp(rows[:, zero], axis=1)

    first, second, exact = [], [], []
    for concept in range(2):
        value = values[draw.choice(4, 4000, p=prior)]
        value[:, concept] = 0
        seen = words(value)
        value[:, concept] = 1
        edited = seen.copy()
        edited[:, concept] = words(value)[:, concept]
        rows = joint(seen), joint(edited)
        first.append(rows[0][:, 1:] - rows[0][:, :1])
        second.append(rows[1][:, 1:] - rows[1][:, :1])
        exact.append(np.stack([log_odds(rows[1], j) - log_odds(rows[0], j) for j in (0, 1)], 1))
    found = es.alignment_matrix(
        first, second, C=100.0, key=KEY, log_odds_change=exact, num_splits=2
    )
    np.testing.assert_allclose(np.diag(found.logit), np.diag(found.exact), rtol=0.1)
    assert abs(found.logit[0, 1]) < 0.1
    assert found.exact[0, 1] > 1


def test_only_the_gauge_free_value_survives_a_change_of_coordinates():
    first, second, _, _ = log_odds_world(1, num_pairs=400)
    stretch = np.array([[5.0, 0, 0], [1, 1, 0], [0, 0, 0.2]])
    moved = [[rows @ stretch for rows in side] for side in (first, second)]
    found, again = (
        es.alignment_matrix(*pairs, C=1e5, key=KEY, num_splits=2)
        for pairs in ((first, second), moved)
    )
    np.testing.assert_allclose(again.logit, found.logit, atol=0.02 * np.abs(found.logit).max())
    assert np.abs(again.normalised - found.normalised).max() > 0.1


@settings(max_examples=10)
@given(st.integers(0, 2**16))
def test_rotations_change_nothing(seed):
    first, second = told_apart(seed, num_pairs=20, dim=6)
    turn = np.linalg.qr(np.random.default_rng([seed, 2]).normal(size=(6, 6)))[0]
    turned = [[rows @ turn for rows in side] for side in (first, second)]
    found = es.alignment_matrix(first, second, key=KEY, num_splits=1)
    again = es.alignment_matrix(*turned, key=KEY, num_splits=1)
    np.testing.assert_allclose(again.normalised, found.normalised, atol=1e-3)
    np.testing.assert_allclose(again.logit, found.logit, atol=1e-2)


def test_a_key_fixes_the_answer_and_more_splits_keep_the_first():
    pairs = told_apart(3)
    one, same = (es.alignment_matrix(*pairs, key=KEY, num_splits=1) for _ in range(2))
    np.testing.assert_array_equal(one.normalised, same.normalised)
    raw = es.alignment_matrix(*pairs, key=jax.random.key_data(KEY), num_splits=1)
    np.testing.assert_array_equal(one.normalised, raw.normalised)
    other = es.alignment_matrix(*pairs, key=jax.random.key(1), num_splits=1)
    assert np.abs(other.normalised - one.normalised).max() > 1e-3
    # Of two values the t interval tells the distance, and so the first of them with the mean.
    two = es.alignment_matrix(*pairs, key=KEY, num_splits=2).diagonal
    apart = (two.high - two.low) / t.ppf(0.975, 1)
    assert 2 * abs(one.diagonal.mean - two.mean) == pytest.approx(apart)
    assert two.num_values == 2
    assert np.isnan(one.diagonal.low)


def test_constant_representations_have_no_direction():
    same = [np.ones((10, 4))] * 2
    found = es.alignment_matrix(same, same, key=KEY)
    np.testing.assert_array_equal(found.normalised, 0)
    np.testing.assert_array_equal(found.noise.normalised, 0)
    assert np.isnan(found.exact).all()
    alone = es.alignment_matrix(*[side[:1] for side in told_apart(0)], key=KEY)
    assert alone.off_diagonal.mean == 0


def test_bad_input_is_refused():
    first, second = noise(0, num_pairs=6, dim=3)
    with pytest.raises(ValueError, match='one of disjoint, shared; got "none"'):
        es.alignment_matrix(first, second, key=KEY, split="none")
    with pytest.raises(ValueError, match="C and num_splits must be positive; got 0"):
        es.alignment_matrix(first, second, key=KEY, C=0.0)
    with pytest.raises(ValueError, match="one array of pairs per concept in both; got 3 and 2"):
        es.alignment_matrix(first, second[1:], key=KEY)
    with pytest.raises(ValueError, match=r"first\[0\] and second\[0\] must have the same pairs"):
        es.alignment_matrix([first[0][1:], *first[1:]], second, key=KEY)
    with pytest.raises(ValueError, match=r"second\[0\] must be finite; row 2 is not"):
        es.alignment_matrix(
            first, [np.where(np.arange(6)[:, None] == 2, np.nan, second[0]), *second[1:]], key=KEY
        )
    with pytest.raises(ValueError, match=r"all concepts need one dim; got \[2, 3, 3\]"):
        es.alignment_matrix([first[0][:, :2], *first[1:]], [second[0][:, :2], *second[1:]], key=KEY)
    with pytest.raises(ValueError, match=r"groups\[0\] must have shape \(6,\), one a row"):
        es.alignment_matrix(first, second, key=KEY, groups=[np.arange(5)] * 3)
    with pytest.raises(ValueError, match="at least two groups of pairs"):
        es.alignment_matrix(first, second, key=KEY, groups=[np.zeros(6)] * 3)
    with pytest.raises(ValueError, match=r"groups must hold one array .* per concept, 3; got 2"):
        es.alignment_matrix(first, second, key=KEY, groups=[np.arange(6)] * 2)
    for bad in (np.nan, np.inf):
        change = [np.zeros((6, 3)), np.where(np.arange(6)[:, None] == 4, bad, np.zeros((6, 3)))]
        with pytest.raises(ValueError, match=r"log_odds_change\[1\] must be finite; row 4 is not"):
            es.alignment_matrix(first, second, key=KEY, log_odds_change=[*change, change[0]])
    with pytest.raises(ValueError, match=r"log_odds_change needs \[pair, concept\]"):
        es.alignment_matrix(first, second, key=KEY, log_odds_change=[np.zeros((6, 2))] * 3)
    with pytest.raises(TypeError, match="a single JAX key is needed"):
        es.alignment_matrix(first, second, key=0)
