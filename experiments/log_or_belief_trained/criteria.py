"""Which claims about winners and paths hold? Fixed before the paper run; margins of the verdicts.

The list of criteria has none for a word that should stay the same, so these two were written for
this experiment. Both rest on `rival_verdict`, whose margin is ±.01.
"""

from collections.abc import Sequence

FIRST, SECOND, UNDECIDED = "first", "second", "undecided"
HALF, COUNTED = 0.5, 0.01  # excess loss over I(x; y) between which a network is on its way


def same_winner_verdict(pairs: Sequence[tuple[str, str]]) -> str:
    """Whether trained networks favour the oracle's law; pairs: of words of `rival_verdict`.

    Holds if the words of every pair agree, fails if some pair is decided in opposite directions.
    """
    if not pairs:
        return UNDECIDED
    if any({first, second} == {FIRST, SECOND} for first, second in pairs):
        return "fails"
    return "holds" if all(first == second for first, second in pairs) else UNDECIDED


def no_detour_verdict(paths: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Whether networks stopped on their way never favour the other law than at the end.

    paths: the oracle's word of `rival_verdict`, and those of the networks stopped early, one for
    each step between half of I(x; y) learnt and the excess that counts as trained. Holds if none
    is decided against the oracle's word, fails if some is; undecided where the oracle is or where
    no step lies between.
    """
    told = [(end, words) for end, words in paths if end != UNDECIDED and words]
    if any({end, word} == {FIRST, SECOND} for end, words in told for word in words):
        return "fails"
    return "holds" if told and len(told) == len(paths) else UNDECIDED


def on_the_way(excess_share: float) -> bool:
    """Whether a stopped network has learnt half of I(x; y), but does not count as trained yet."""
    return COUNTED < excess_share <= HALF
