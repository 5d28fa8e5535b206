"""Does every instrument keep the same promises?"""

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

import estimators as es
from tests.estimators.instruments import (
    direction_cases,
    distribution_cases,
    existing_cases,
    similarity_cases,
)
from tests.estimators.instruments.contract import NUM_NULLS, Case

CASES: list[Case] = [
    *existing_cases.CASES,
    *similarity_cases.CASES,
    *distribution_cases.CASES,
    *direction_cases.CASES,
]
SEEDS = st.integers(0, 2**10)
every = pytest.mark.parametrize("case", CASES, ids=str)
each_array = pytest.mark.parametrize(
    ("case", "argument"),
    [pytest.param(case, name, id=f"{case}-{name}") for case in CASES for name in case.arrays],
)


def listed(attribute):
    """One parameter a case and an entry of one of its lists."""
    pairs = [(case, entry) for case in CASES for entry in getattr(case, attribute)]
    return [pytest.param(*pair, id=f"{pair[0]}-{pair[1]}") for pair in pairs]


def assert_close(case, found, expected, tolerance):
    """Both NaN, or near each other."""
    assert abs(found - expected) <= tolerance or (np.isnan(found) and np.isnan(expected)), (
        f"{case}: {found} where {expected} ± {tolerance} was promised"
    )


@every
def test_perfect_between_and_null_have_one_shape(case):
    shapes = [
        {name: np.shape(arguments[name]) for name in case.arrays}
        for arguments in (case.perfect(0), case.between(0), case.null(0))
    ]
    assert shapes[0] == shapes[1] == shapes[2]


@every
def test_the_perfect_pair_has_the_best_score(case):
    for seed in range(3):
        assert_close(case, case.value(case.perfect(seed)), case.best, case.best_tolerance)


@every
def test_nulls_of_the_same_shape_score_as_chance_does(case):
    scores = [case.value(case.null(seed)) for seed in range(NUM_NULLS)]
    assert_close(case, np.mean(scores), case.chance, case.chance_tolerance)
    assert abs(case.best - case.chance) > 2 * case.chance_tolerance  # the test can fail


@every
def test_scores_stay_in_the_range(case):
    for seed in range(3):
        for build in (case.perfect, case.between, case.null):
            assert case.low - 1e-9 <= case.value(build(seed)) <= case.high + 1e-9


@every
def test_between_is_neither_the_best_nor_chance(case):
    found = case.value(case.between(0))
    assert abs(found - case.best) > 1e-3
    assert abs(found - case.chance) > 1e-3


@pytest.mark.parametrize(("case", "move"), listed("moves"))
def test_what_is_called_an_invariance_changes_nothing(case, move):
    @settings(max_examples=case.examples)
    @given(SEEDS, st.data())
    def check(seed, data):
        arguments = case.between(seed)
        before, after = case.value(arguments), case.value(move.apply(data.draw, arguments))
        target(abs(after - before))
        assert_close(case, after, before, max(case.move_tolerance, move.tolerance))

    check()


@pytest.mark.parametrize(("case", "move"), listed("changes"))
def test_what_is_called_no_invariance_changes_the_score(case, move):
    def no_draw(*_):
        raise AssertionError("a change is fixed")

    arguments = case.between(0)
    after = case.value(move.apply(no_draw, arguments))
    assert abs(after - case.value(arguments)) > 0.01


@pytest.mark.parametrize("case", [case for case in CASES if case.symmetric], ids=str)
def test_what_is_called_symmetric_is(case):
    first, second = case.symmetric
    for seed in range(5):
        found = case.between(seed)
        exchanged = {**found, first: found[second], second: found[first]}
        assert_close(case, case.value(exchanged), case.value(found), case.move_tolerance)


@pytest.mark.parametrize(("case", "argument"), listed("constant"))
def test_constant_input_has_the_answer_that_is_stated(case, argument):
    for seed in range(3):
        arguments = case.between(seed)
        middle = arguments[argument].mean(0)
        if argument.startswith("log_"):
            middle = np.log(np.exp(arguments[argument]).mean(0))
        constant = np.broadcast_to(middle, arguments[argument].shape).copy()
        found = case.value({**arguments, argument: constant})
        assert_close(case, found, case.constant[argument], case.chance_tolerance)


@pytest.mark.parametrize(("case", "argument"), listed("copies"))
def test_columns_that_repeat_others_add_nothing(case, argument):
    for seed in range(3):
        arguments = case.between(seed)
        rows = arguments[argument]
        more = np.column_stack([rows, rows @ np.ones(rows.shape[1]), np.full(len(rows), 5.0)])
        found = case.value({**arguments, argument: more})
        assert_close(case, found, case.value(arguments), case.move_tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if case.aligned], ids=str)
def test_the_order_of_the_contexts_does_not_matter(case):
    arguments = case.between(0)
    num_rows = len(arguments[next(iter(case.arrays))])
    order = np.random.default_rng(0).permutation(num_rows)
    moved = {name: rows[order] if name in case.arrays else rows for name, rows in arguments.items()}
    if case.grouped:
        arguments = {**arguments, "groups": np.arange(num_rows)}
        moved["groups"] = order
    assert_close(case, case.value(moved), case.value(arguments), case.move_tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if case.weighted], ids=str)
def test_a_weight_of_k_is_a_row_repeated_k_times(case):
    arguments = case.between(0)
    num_rows = len(arguments[next(iter(case.arrays))])
    weight = np.random.default_rng(0).integers(1, 4, num_rows)
    copies = np.repeat(np.arange(num_rows), weight)
    repeated = {
        name: rows[copies] if name in case.arrays else rows for name, rows in arguments.items()
    }
    if case.grouped:
        repeated["groups"] = copies
    found = case.value({**arguments, "weight": weight})
    assert abs(found - case.value(arguments)) > 1e-6  # the weights are used at all
    assert_close(case, found, case.value(repeated), case.move_tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if case.weighted], ids=str)
def test_wrong_weights_are_refused(case):
    arguments = case.between(0)
    num_rows = len(arguments[next(iter(case.arrays))])
    with pytest.raises(ValueError, match=r"weight must have shape \("):
        case.call(**arguments, weight=np.ones(num_rows - 1))
    for wrong in (-np.ones(num_rows), np.where(np.arange(num_rows) == 3, np.nan, 1.0)):
        with pytest.raises(ValueError, match="weights must be finite, not negative"):
            case.call(**arguments, weight=wrong)


@pytest.mark.parametrize("case", [case for case in CASES if case.grouped], ids=str)
@pytest.mark.parametrize("change", [-1, 1, None], ids=["short", "long", "two axes"])
def test_groups_that_do_not_number_every_row_are_refused(case, change):
    size = case.num_rows
    groups = np.arange(size)[:, None] if change is None else np.arange(size + change)
    message = rf"groups(\[0\])? must have shape \({size},\), one a row; got \("
    with pytest.raises(ValueError, match=message):
        case.call(**case.between(0), groups=groups)


@pytest.mark.parametrize("case", [case for case in CASES if case.grouped and case.folded], ids=str)
def test_folds_that_are_no_whole_number_of_two_or_more_are_refused(case):
    for wrong in (0, 1, -1):
        with pytest.raises(ValueError, match=f"num_folds must be .* at least 2; got {wrong}"):
            case.call(**case.between(0), num_folds=wrong)
    # Where types are executed, as here, these refuse a fraction before the instrument does.
    with pytest.raises((ValueError, TypeCheckError), match="num_folds"):
        case.call(**case.between(0), num_folds=2.5)


@each_array
def test_nan_is_refused_by_name(case, argument):
    arguments = case.between(0)
    broken = np.array(arguments[argument], float)
    broken[(0,) * broken.ndim] = np.nan
    with pytest.raises(ValueError, match=rf"{case.arrays[argument]}.*\bmust\b"):
        case.call(**{**arguments, argument: broken})


@pytest.mark.parametrize(
    ("case", "argument"),
    [
        pytest.param(case, name, id=f"{case}-{name}")
        for case in CASES
        for name in case.arrays
        if case.aligned and len(case.arrays) > 1
    ],
)
def test_rows_that_disagree_are_refused_by_name(case, argument):
    arguments = case.between(0)
    with pytest.raises(ValueError, match="row") as refused:
        case.call(**{**arguments, argument: arguments[argument][1:]})
    assert any(spoken in str(refused.value) for spoken in case.arrays.values())


@pytest.mark.parametrize("case", [case for case in CASES if case.weighted], ids=str)
def test_weights_that_leave_a_fold_nothing_to_learn_from_raise_nothing(case):
    arguments = case.between(0)
    num_rows = len(arguments[next(iter(case.arrays))])
    fold = es.context_folds(None, num_rows).fold
    for weight in (np.where(fold == 2, 1.0, 0.0), np.where(np.arange(num_rows) == 3, 1.0, 0.0)):
        assert case.value({**arguments, "weight": weight}) is not None
