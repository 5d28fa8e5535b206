"""Who makes a claim, and how far is what we test from what they assume, in the ledger's words?"""

THEOREM = "arXiv:2503.08980, Theorem 3.1"
DIVERSE, SHARP = "without its diversity condition", "without ε → 0"  # what a source is marked with
LAW_FORM = "after arXiv:2405.15943, the law form"  # the paper says p ≈ W f + b of a stream
AGAINST = "against the law form after arXiv:2405.15943"
NEAR = "a near fit, where the theorem needs a perfect one"
FEW_TOKENS = "ℓ tokens, where the theorem asks for ℓ + 1"


def epsilon_words(mean: float, worst: float, where: str) -> str:
    """How far ε(x, y) = 1 − max_c p(c|x, y) is from 0 where a claim is judged.

    mean: under p(x, y), over the worlds; worst: the largest of any context, token and world; where:
    the setting of profile `paper` that the two were measured in. A test measures them again. A
    source is marked `SHARP` where the mean is at least .01.
    """
    return f"ε(x, y) {_short(f'{mean:.2g}')} on average, up to {_short(f'{worst:.2f}')} ({where})"


def _short(number: str) -> str:
    return number.removeprefix("0")
