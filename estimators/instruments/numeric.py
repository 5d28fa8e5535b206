"""Is what was given an array of real numbers?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

NOT_NUMBERS = "cOSUmM"  # kinds of dtypes: complex, objects, text, times; conversion would hide them


def checked_real(array: ArrayLike | Sequence[ArrayLike], name: str) -> np.ndarray:
    """The array, floating point as it is and else as float64; ValueError for what are no numbers.

    A conversion would drop imaginary parts and read numbers out of text.
    """
    try:
        found = np.asarray(array)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be one array of numbers: {error}") from error
    if found.dtype.kind in NOT_NUMBERS or found.dtype.names is not None:
        raise ValueError(
            f"{name} must hold real numbers; got dtype {found.dtype}: convert to floats first, and "
            "give the real and the imaginary part of a complex number a column each"
        )
    return found if found.dtype.kind == "f" else found.astype(np.float64)
