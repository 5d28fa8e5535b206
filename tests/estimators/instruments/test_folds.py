"""Are contexts held out whole, each once, and exchanged whole for the null?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es
from estimators.instruments.folds import checked_num_folds, repeated_contexts

GROUPS = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@given(GROUPS, st.integers(2, 5), st.integers(0, 5))
def test_every_row_is_tested_once_and_its_context_is_never_trained_on(groups, num_folds, state):
    folds = es.context_folds(groups, len(groups), num_folds=num_folds, random_state=state)
    numbers, num_contexts = np.array(groups), len(set(groups))
    splits = list(folds.splits())
    if num_contexts < num_folds:
        assert splits == []
        assert folds.saturated(0)
        return
    assert len(splits) == num_folds
    assert (sum(test.astype(int) for _, test in splits) == 1).all()
    for train, test in splits:
        np.testing.assert_array_equal(train, ~test)
        assert not set(numbers[train]) & set(numbers[test])
    sizes = [len(set(numbers[test])) for _, test in splits]
    assert max(sizes) - min(sizes) <= 1
    assert folds.num_training == num_contexts - max(sizes)


def test_rows_are_contexts_unless_numbered():
    folds = es.context_folds(None, 11)
    assert sorted(np.bincount(folds.fold)) == [2, 2, 2, 2, 3]
    assert folds.num_training == 8


def test_groups_may_be_any_labels():
    folds = es.context_folds(["a", "b", "c", "d", "e", "a"], 6)
    assert folds.fold[0] == folds.fold[5]


def test_five_training_contexts_per_regressor_are_enough():
    folds = es.context_folds(None, 25)  # 20 train
    assert not folds.saturated(4)
    assert folds.saturated(5)


def test_the_random_state_deals_the_folds():
    first, again, other = (es.context_folds(None, 50, random_state=s).fold for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@given(GROUPS, st.integers(0, 5))
def test_permutation_moves_whole_contexts(groups, state):
    numbers = np.array(groups)
    array = np.stack([numbers, 10 * numbers], 1)
    permuted = es.permute_contexts(array, groups, random_state=state)
    np.testing.assert_array_equal(permuted[:, 1], 10 * permuted[:, 0])  # rows stay whole
    given_to = {}
    for number, row in zip(groups, permuted[:, 0], strict=True):
        assert given_to.setdefault(number, row) == row  # one context, one row
    assert sorted(given_to) == sorted(given_to.values())  # exchanged, none lost


def test_permutation_is_reproducible_and_moves_nearly_all():
    array = np.arange(100.0)
    first, again, other = (es.permute_contexts(array, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != array).mean() > 0.9
    np.testing.assert_array_equal(np.sort(first), array)


def test_rows_that_agree_in_everything_are_one_context_where_nothing_says_what_is():
    first, second = np.array([[0.0, 1], [2, 3], [0, 1], [0, 1], [-0.0, 1]]), np.ones((5, 1))
    second[3] = 2
    assert repeated_contexts(None, None, first, second).tolist() == [0, 1, 0, 2, 0]
    assert repeated_contexts(None, None, first).tolist() == [0, 1, 0, 0, 0]
    assert repeated_contexts(None, np.ones(5), first, second).tolist() == [0, 1, 0, 2, 0]
    assert repeated_contexts(None, np.arange(5.0), first, second) is None  # listed, each once
    assert repeated_contexts([5, 6, 7, 8, 9], None, first, second) == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(("dtype", "noise"), [(np.float64, 1e-13), (np.float32, 3e-7)])
def test_noise_of_the_last_bits_parts_few_repeats_and_a_small_column_tells_contexts_apart(
    dtype, noise
):
    draw = np.random.default_rng(0)
    drawn = draw.integers(0, 50, 400)
    rows = draw.normal(size=(50, 3))[drawn] * [1, 1e4, 1e-4]
    rows *= 1 + noise * draw.uniform(-1, 1, rows.shape)
    groups = repeated_contexts(None, None, rows.astype(dtype))
    present = len(np.unique(drawn))
    assert present <= len(np.unique(groups)) <= 1.5 * present
    assert all(len(np.unique(drawn[groups == group])) == 1 for group in groups)
    tiny = np.stack([np.full(400, 1e4), 1e-4 * drawn], 1)
    assert len(np.unique(repeated_contexts(None, None, tiny.astype(dtype)))) == present


@pytest.mark.parametrize("ulp", [1, 3])
def test_noise_of_the_last_bits_of_many_columns_parts_no_repeats(ulp):
    draw = np.random.default_rng(0)
    rows, log_posterior = draw.normal(size=(60, 512)), np.log(draw.dirichlet(np.ones(4), 60))
    drawn = draw.integers(60, size=2000)
    noise = 1 + ulp * 6e-8 * draw.choice([-1, 0, 1], size=(2000, 512))
    noisy = (rows.astype(np.float32)[drawn] * noise).astype(np.float32)
    groups = repeated_contexts(None, None, noisy)
    assert np.array_equal(groups, np.unique(drawn, return_index=True)[1].argsort().argsort()[drawn])
    assert es.readout_score(noisy, log_posterior[drawn]).saturated


@given(st.integers(0, 2**10), st.sampled_from([np.float32, np.float64]), st.integers(1, 40))
def test_rows_that_differ_are_numbered_as_they_come(seed, dtype, num_columns):
    rows = np.random.default_rng(seed).normal(size=(300, num_columns)).astype(dtype)
    rows[:, 0] = np.random.default_rng(seed).permutation(300)
    assert repeated_contexts(None, None, rows).tolist() == list(range(300))


def test_rows_between_which_there_is_no_gap_are_told_apart():
    line = np.linspace(1, 0, 3001)[:, None] * 1e-8  # neighbours are alike, the ends are not
    groups = repeated_contexts(None, None, np.append(line, [[1.0]], 0))
    assert len(np.unique(groups)) == pytest.approx(100, abs=2)
    assert np.ptp(line[groups[:-1] == 0]) < 1.01e-10


def test_equal_weights_say_no_more_than_none():
    groups = np.repeat(np.arange(60), 5)
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(60, 3))[groups], draw.normal(size=(60, 4))[groups]
    log_posterior = np.log(draw.dirichlet(np.ones(3), 60))[groups]
    for score in (es.affine_r2, es.cca, es.svcca, es.mean_correlation, es.linear_cka):
        none, equal = score(first, second), score(first, second, np.full(300, 2.0))
        assert equal.score == pytest.approx(none.score, abs=1e-12)
    for score in (es.law_score, es.readout_score):
        none, equal = score(first, log_posterior), score(first, log_posterior, np.ones(300))
        assert equal.score == pytest.approx(none.score, abs=1e-9)
    for score in (es.probe_accuracy, es.probe_calibration):
        none, equal = score(first, [log_posterior]), score(first, [log_posterior], np.ones(300))
        np.testing.assert_allclose(equal.score[0], none.score[0], rtol=1e-6)


def test_every_instrument_that_holds_contexts_out_notices_that_rows_repeat():
    groups = np.repeat(np.arange(60), 5)
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(60, 3))[groups], draw.normal(size=(60, 4))[groups]
    for score in (es.affine_r2, es.cca, es.svcca, es.mean_correlation, es.linear_cka):
        noticed, told = score(first, second), score(first, second, groups=groups)
        assert noticed.score == pytest.approx(told.score, abs=1e-12)
        parted = score(first, second, groups=np.arange(300)).score
        assert abs(parted - told.score) > 0.01


def test_groups_number_every_row():
    with pytest.raises(ValueError, match=r"groups must have shape \(3,\), one a row; got \(2,\)"):
        es.context_folds([0, 1], 3)
    with pytest.raises(ValueError, match="row 1 is NaN: give it a number, or drop the row"):
        es.context_folds([0, np.nan, 1], 3)


@pytest.mark.parametrize("groups", [[0, 1], [0, 1, 2, 3], [[0], [1], [2]], 0])
def test_the_null_has_as_many_rows_as_were_given_or_is_refused(groups):
    with pytest.raises(ValueError, match=r"groups must have shape \(3,\), one a row; got \("):
        es.permute_contexts(np.arange(3.0), groups)


@pytest.mark.parametrize("num_folds", [2.5, 5.0, "5", None, True, -1, 0, 1])
def test_folds_are_a_whole_number_of_at_least_two(num_folds):
    with pytest.raises(ValueError, match=f"whole number of at least 2; got {num_folds!r}: 5 are"):
        checked_num_folds(num_folds)
    if type(num_folds) is int:  # others are stopped by the shapes that tests execute
        with pytest.raises(ValueError, match="num_folds must be"):
            es.context_folds(None, 50, num_folds=num_folds)
    assert checked_num_folds(np.int64(2)) == 2


def test_contexts_without_weight_are_tested_but_do_not_count_for_training():
    weight = np.repeat([1.0, 0.0], [20, 30])
    folds = es.context_folds(None, 50, weight)
    assert folds.num_training == 16
    assert np.bincount(folds.fold[:20]).tolist() == [4] * 5
    assert np.bincount(folds.fold).sum() == 50
    assert not folds.saturated(3)
    assert folds.saturated(4)
    none = es.context_folds(None, 50, np.repeat([1.0, 0.0], [3, 47]))
    assert none.fold is None
