"""What if changed settings leave out what a finding, a claim or a figure needs?"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from experiments.selection import Selection

# What code raises that asks for a setting that is not there, or for the best or the mean of none.
NOT_THERE = (ArithmeticError, LookupError, StopIteration, ValueError)

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class LeftOut(Exception):
    """Changed settings leave out what was asked for; which error said so."""


def ask(
    what: str,
    chosen: Selection,
    question: Callable[Asked, Answer],
    *arguments: Asked.args,
    **named: Asked.kwargs,
) -> Answer:
    """What the question answers; what: its name, for those who read of its error.

    Raises LeftOut where settings were changed and the error is one of asking for what is not
    there; RuntimeError for any other, for no error of ours is bad input; OSError as it is.
    """
    try:
        return question(*arguments, **named)
    except OSError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        if chosen.changed and isinstance(error, NOT_THERE):
            raise LeftOut(f"the changed settings leave out what {what} needs ({said})") from error
        raise RuntimeError(f"{what} of {chosen.experiment.name} failed: {said}") from error
