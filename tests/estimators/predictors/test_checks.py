"""Are sizes and contexts that no predictor can work with refused, with rule, value and remedy?"""

import numpy as np
import pytest

from estimators.predictors.checks import check_context, check_context_length, check_sizes


@pytest.mark.parametrize("size", [0, -2, 1.5, "3", None])
def test_a_size_must_be_a_whole_number_of_at_least_one(size):
    with pytest.raises(ValueError, match=f"width of a GRU must be .* at least 1; got {size}"):
        check_sizes("a GRU", dim=1, width=size)
    check_sizes("a GRU", dim=1, width=np.int32(1))


@pytest.mark.parametrize("length", [-1, 1.5, None])
def test_a_context_length_may_be_zero_but_not_negative(length):
    with pytest.raises(ValueError, match=f"must not be negative; got {length}"):
        check_context_length("an MLP", length)
    check_context_length("an MLP", 0)


def test_contexts_up_to_the_limit_pass():
    check_context("MLP", np.zeros((2, 3)), 3)
    with pytest.raises(ValueError, match=r"this MLP reads .* at most 2 words; got 3: shorten"):
        check_context("MLP", np.zeros((2, 3)), 2)
