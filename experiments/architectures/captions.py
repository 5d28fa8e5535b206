"""What do the figures show?"""


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "architectures_laws": (
            "S of log p(c∣x) less S of p(c∣x) along the diagonal of the phase diagram, for four "
            "architectures at three equal levels of excess loss, beside the perfect predictor "
            "(black) and the same networks untrained (grey). "
            "Top: words independent given c; bottom: chained words, of which an affine reader sees "
            "nothing. Right of 0 log p explains more. Hollow: not every seed has .7 "
            "to 1 of that excess loss."
        ),
        "architectures_gaps": (
            "The same less the perfect predictor's, seed by seed: what an architecture adds at "
            "that excess loss. The band is ±.01; scales differ between panels. Grey dashes, at "
            ".01: the perfect predictor with three errors of that size, none of them learnt. "
            "Networks of which not every seed has .7 to 1 of that excess loss are left out."
        ),
        "architectures_readout": (
            "How much of p(c∣x) a softmax of an affine map of the representation gives back, at an "
            "excess loss of .01 I(x; y), beside the perfect predictor, the same networks "
            "untrained, the raw input and permuted rows."
        ),
    }
