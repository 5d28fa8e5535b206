"""What of the concepts is in a representation, and in which form? The front door."""

from collections.abc import Mapping, Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from estimators.assessment.inputs import question
from estimators.assessment.measure import measurements
from estimators.assessment.result import Assessment
from estimators.assessment.rows import facts, rows
from estimators.instruments.folds import NUM_FOLDS


def assess(
    representation: Any,
    unembedding: Any,
    log_posterior: Any,
    *,
    weight: Any = None,
    groups: Any = None,
    log_predictive: Any = None,
    cardinalities: Sequence[int] | None = None,
    raw_input: Any = None,
    untrained: Any = None,
    untrained_unembedding: Any = None,
    layers: Mapping[str, Any] | None = None,
    rho: float | None = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> Assessment:
    """All laws, both directions, the nulls, intervals and verdicts of a predictor p̂ = softmax f·g.

    Arrays of NumPy, JAX, torch or alike, on any device; give the precision that they were computed
    in, which tells rounding from rank: directions of f within it are dropped, and the reading says
    how many are kept. Rows are contexts.

    representation f [row, dim], or [seed, row, dim] or a sequence over seeds of one world;
    unembedding g [token, dim] with the same seeds; a bias is a column of g and a 1 in f.
    log_posterior log p(c|x) [row, configuration], nats. weight [row]: p(x) where contexts are
    enumerated; rows of weight 0 are left out. groups [row]: labels of the contexts where rows
    repeat them, any that can be sorted; without, rows of equal words raw_input are one context, or
    else rows of equal p(c|x). log_predictive:
    exact log p(y|x) [row, token], for the oracle and the excess loss. cardinalities of the
    concepts, configurations row-major: for marginals and probes. raw_input: the contexts as
    integers [row, position], or numbers [row, column]. untrained, untrained_unembedding: the same
    network before training. layers: further representations by name. rho > 0: ρ of
    log(p + ρ), by default the best of 2e-7 … 5e2 on the training rows of every fold; the edges are
    shown as ≤ and ≥.

    What comes out, direction by direction (`Assessment.rows`):

    - law: S of log p(c|x), p(c|x), all log p(c_k|x), log(p(c|x) + ρ) and of the argmax alone,
      1 − E KL(p̂(y|x) ‖ softmax(U φ(x) + v)) / I(x;y), as `law_score`. Oracle: the exact p(y|x)
      for p̂. Nulls: the raw input, the whitened law permuted over contexts, noise of its rank, for
      φ; the untrained predictor's predictions for p̂; a constant, which scores 0.
    - readout: 1 − E KL(p(c|x) ‖ softmax(W f(x) + v)) / I(c;x), as `readout_score`; of layers too.
    - law from f, f from law: R² of log p(c|x) less its mean over c and of p(c|x), as `affine_r2`;
      f's part that centred logits depend on.
    - probe: accuracy for every concept, as `probe_accuracy`, beside Bayes and the majority.
    - prediction: KL to the exact p(y|x) over I(x;y). rivals: log p(c|x) less p(c|x), paired.

    Held out by distinct context in num_folds folds. Intervals at 95 %: over seeds, or of a single
    predictor over its held-out blocks of contexts, which says nothing of other seeds. Verdicts
    (docs/theory.md): "holds" S ≥ .99 by its lower limit, "fails" < .95 by its upper, "approximate"
    between; "evidence" when .05 above the largest null, paired, else "not evidence"; "trivial
    corner" when the argmax alone explains .99 or I(c;x) < .05 nats; "saturated" with fewer than
    five distinct training contexts a regressor; "null saturated" when that befalls a null that was
    given, and otherwise the verdict would be "holds", "approximate" or "evidence", and "no null"
    when no null could be held out; "not trained" when the excess loss of a seed is
    above .01 · I(x;y). With zeros in p(c|x) laws in log p are left out.

    Raises ValueError, with the remedy, for rows, seeds, vocabularies or dims that disagree, for
    NaN and infinity in f or g, and for log-distributions that do not normalise.
    """
    asked = question(
        representation,
        unembedding,
        log_posterior,
        weight=weight,
        groups=groups,
        log_predictive=log_predictive,
        cardinalities=cardinalities,
        raw_input=raw_input,
        untrained=untrained,
        untrained_unembedding=untrained_unembedding,
        layers=layers,
        rho=rho,
        num_folds=num_folds,
        random_state=random_state,
    )
    # Its many small products take up to fifty times as long when other work shares the cores.
    with threadpool_limits(limits=1, user_api="blas"):
        measured = measurements(asked)
        known = facts(asked, measured)
        return Assessment(rows(asked, measured, known), known)
