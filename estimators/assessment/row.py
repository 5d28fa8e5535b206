"""What is one number of an assessment, and what holds for all of them?"""

from typing import NamedTuple


class Row(NamedTuple):
    """One measurement of one source, a plain record.

    direction, quantity: what is measured (see `assess`). source: on what: trained, oracle,
    untrained, raw_input, permuted, noise, bayes, majority. kind: trained, oracle, exact or null.
    score: held out by distinct context, the mean over seeds; low, high: its 95 % interval over
    seeds (t), or of one predictor over held-out blocks of contexts. median, median_low,
    median_high: order statistics over seeds. population: fitted and scored on all rows, mean over
    seeds. num_regressors: largest rank of what is fitted from. saturated: too few distinct
    contexts. converged: all fits reached their tolerance. Of trained rows: null, the largest,
    with "constant" for the score 0 of a constant;
    gap, gap_low, gap_high: trained less it, paired; verdict. NaN and "" where there is none.
    """

    direction: str
    quantity: str
    source: str
    kind: str
    score: float
    low: float
    high: float
    median: float
    median_low: float
    median_high: float
    population: float
    num_regressors: int
    saturated: bool
    converged: bool
    null: str
    gap: float
    gap_low: float
    gap_high: float
    verdict: str


class Facts(NamedTuple):
    """What all rows of an assessment have in common.

    num_contexts: distinct ones; told_apart: by what. num_columns, num_kept: directions that f
    could have and those above the rounding of its format, of every seed. weighted: whether p(x)
    was given. concept_information: I(c;x); predicted_information: I(x;y) of every seed's
    predictor; token_information: of the exact p(y|x), None when not given; all in nats.
    excess_shares: KL to the exact p(y|x) over I(x;y), every seed, or None. zero_share: the share
    of (context, configuration) with p(c|x) = 0 under the weights. rho: of log(p + ρ), every seed;
    rho_fitted: whether it was chosen. missing: nulls and ceilings that were not given.
    argmax_score: S of the likeliest configuration alone, mean; on all rows where it is saturated.
    """

    num_rows: int
    num_contexts: int
    told_apart: str
    num_columns: tuple[int, ...]
    num_kept: tuple[int, ...]
    num_seeds: int
    num_configurations: int
    num_tokens: int
    weighted: bool
    concept_information: float
    predicted_information: tuple[float, ...]
    token_information: float | None
    excess_shares: tuple[float, ...] | None
    zero_share: float
    rho: tuple[float, ...]
    rho_fitted: bool
    missing: tuple[str, ...]
    argmax_score: float
    trivial: bool
    trained: bool | None
