"""What is known exactly of one world, and which laws does its perfect predictor follow?

Everything is exact or of the oracle, measured by what the experiments measure with.
"""

import math
from typing import NamedTuple

import numpy as np

import estimators as es
import latentgen as lg
from estimators.assessment.features import one_hots
from estimators.instruments.laws import NO_INFORMATION
from experiments import verdicts
from experiments.log_or_belief.cell import paper_logits
from experiments.measures import Truth, law_metrics, laws, null_laws, world_metrics
from experiments.unfitted import explained
from latentgen.contexts import checked_length
from latentgen.theorems.instance import instance

USUAL_LENGTH = 6  # words of a context where positions are alike and any number will do
MANY = 10**18  # contexts or configurations; their exact number is no help
LARGEST = 2**22  # numbers in a table such as [context, configuration, token]: seconds, no minutes
LAWS = {"log_posterior": "log p(c|x)", "belief": "p(c|x)"}
NULLS = {
    "raw_input": "null: the words themselves",
    "argmax": "null: the likeliest c alone",
    "permuted": "null: rows exchanged",
}


class Score(NamedTuple):
    """S of a law: held out by distinct context (NaN: saturated), and fitted and scored on all."""

    held_out: float
    population: float

    @property
    def best(self) -> float:
        """Held out unless saturated."""
        return self.population if np.isnan(self.held_out) else self.held_out


class WorldReading(NamedTuple):
    """What a page tells of a world through its contexts, nats.

    bags: whether sorted contexts stand for all of their orders. conditions, theorem: what the
    paper's theorem assumes, and what it leaves over. scores: S of laws and nulls by name.
    unfitted: S of the paper's own map with nothing fitted. trivial: every law fits. NaN where x
    tells nothing of y.
    """

    contexts: lg.ContextDistribution
    bags: bool
    token_information: float
    concept_information: float
    mean_concept_information: float
    bayes_loss: float
    conditions: lg.Conditions
    theorem: lg.theorems.Theorem
    scores: dict[str, Score]
    unfitted: float
    trivial: bool


def reading(model: lg.ConceptModel, context_length: int | None) -> WorldReading:
    """Measure a world through all contexts of a length, by default all its positions.

    Raises ValueError for a length that it has not, and for an enumeration that is too large.
    """
    length = _length(model, context_length)
    num_contexts = _num_contexts(model, length)
    refuse_large(num_contexts, model.space, model.num_tokens(length))
    enumerated = lg.enumerate_bags if model.positions_alike else lg.enumerate_contexts
    contexts = enumerated(model, length)
    exact = _truth(model, contexts)
    known = world_metrics(exact)
    seen = instance(model, *contexts)
    information = max(known["token_information.exact"], 0.0)  # rounding may leave −1e-16
    scores = _scores(exact, model.positions_alike)
    concept_information = max(es.mutual_information(exact.log_posterior, exact.weight), 0.0)
    return WorldReading(
        contexts,
        model.positions_alike,
        information,
        concept_information,
        known["concept_information.exact"],
        known["bayes_loss.exact"],
        lg.conditions(model, *contexts),
        lg.theorems.paper_theorem(model, *contexts, reference=_reference(exact)),
        scores,
        explained(paper_logits(seen), seen) if information >= NO_INFORMATION else np.nan,
        information >= NO_INFORMATION
        and verdicts.is_trivial(
            es.interval([scores["argmax"].best]),
            es.interval([known["concept_information.exact"]]),
        ),
    )


def refuse_large(num_contexts: int, space: lg.ConceptSpace, num_tokens: int) -> None:
    """Raise a ValueError for more than can be answered in seconds."""
    size = space.num_configurations
    _refuse(
        "contexts × configurations × tokens",
        (num_contexts, size, num_tokens),
        "give a smaller --context-length, or write a world of fewer concepts",
    )
    _refuse(
        "configurations × values of a concept",
        (size, max(space.cardinalities, default=1)),
        "write a world of fewer values",
    )


def _refuse(what: str, sizes: tuple[int, ...], remedy: str) -> None:
    if math.prod(sizes) > LARGEST:
        shown = " × ".join(str(size) if size < MANY else "more than 10^18" for size in sizes)
        raise ValueError(
            f"{what} may be {LARGEST} at most, to be visited one by one; this world has {shown}: "
            f"{remedy}"
        )


def _num_contexts(model: lg.ConceptModel, length: int) -> int:
    """How many contexts of a length there are, or bags where positions are alike."""
    if model.positions_alike:
        return math.comb(length + model.words[0].num_outcomes - 1, length)
    return math.prod(model.word_factor(position).num_outcomes for position in range(length))


def _length(model: lg.ConceptModel, context_length: int | None) -> int:
    if context_length is None and model.positions_alike:
        return USUAL_LENGTH
    try:
        return checked_length(model, context_length)
    except ValueError as error:
        raise ValueError(f"{error}: give another --context-length") from None


def _truth(model: lg.ConceptModel, contexts: lg.ContextDistribution) -> Truth:
    context, log_weight = contexts
    return Truth(
        context,
        contexts.weight / contexts.weight.sum(),
        log_weight,
        lg.log_posterior(model, context),
        [lg.log_concept_posterior(model, context, k) for k in range(model.space.num_concepts)],
        lg.log_predictive(model, context),
        0,
    )


def _scores(exact: Truth, bags: bool) -> dict[str, Score]:
    """S of the laws and of the nulls; a law that is infinite somewhere is left out."""
    found = laws(exact, 1.0) | null_laws(exact)
    found["raw_input"] = _counts(exact.context) if bags else _one_hots(exact.context)
    scores = {}
    for law in (*LAWS, *NULLS):
        if law in found:
            metrics = law_metrics("oracle", law, found[law], exact.log_predictive, exact)
            estimates = (f"score_{law}.oracle.{name}" for name in Score._fields)
            scores[law] = Score(*(metrics[name] for name in estimates))
    return scores


def _one_hots(context: np.ndarray) -> np.ndarray:
    """Every word as a one-hot of its position: what a reader of single words has."""
    return one_hots(context) if context.shape[1] else np.zeros((len(context), 1))


def _counts(context: np.ndarray) -> np.ndarray:
    """How often each bag has each word."""
    words = np.arange(context.max(initial=0) + 1)
    return (context[:, :, None] == words).sum(1).astype(np.float64)


def _reference(exact: Truth) -> int:
    """The first token that occurs."""
    return int(np.argmax(~np.isneginf(exact.log_predictive).all(0)))
