"""Which numbers make up an assessment?"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from estimators.assessment import features, held_out
from estimators.assessment.held_out import Chosen, HeldOut
from estimators.assessment.inputs import Question
from estimators.assessment.sources import Sources, null_sources, nulls, read_from
from estimators.instruments.whitening import unchecked_whitening

Fits = dict[str, list[HeldOut]]  # by source, one a seed or one that stands for all seeds
Phi = np.ndarray | Chosen
Law = dict[str, list[Phi]]  # features by source, one a seed or one that stands for all seeds


class Measurement(NamedTuple):
    """One quantity measured on all its sources; is_law: whether it is the score S of a law."""

    direction: str
    quantity: str
    fits: Fits
    is_law: bool = False


def measurements(asked: Question) -> list[Measurement]:
    """Every measurement: laws, readout, both directions of R², probes."""
    return [*_laws(asked), *_readouts(asked), *_both_directions(asked), *_probes(asked)]


def fitted_rho(asked: Question, seed: int) -> float:
    """ρ of log(p + ρ) on all rows of one seed: given, or the best of the choices."""
    if asked.rho is not None:
        return asked.rho
    everything = np.ones(len(asked.weight), bool)
    target = predicted(asked)[seed]
    return features.chosen_rho(asked.log_posterior, target, asked.weight, everything)


def predicted(asked: Question) -> list[np.ndarray]:
    """log p̂(y|x) of every seed."""
    return [one.log_predicted for one in asked.predictors if one.log_predicted is not None]


def _explained(asked: Question, phi: np.ndarray | Chosen, target: np.ndarray) -> HeldOut:
    return held_out.explained(phi, target, asked.weight, asked.folds)


def _laws(asked: Question) -> list[Measurement]:
    """S of every law, for what the predictors, the oracle and the untrained say of y."""
    targets = {"trained": predicted(asked)}
    if asked.log_predictive is not None:
        targets["oracle"] = [asked.log_predictive]
    before = [one.log_predicted for one in asked.untrained if one.log_predicted is not None]
    if before:
        targets["untrained"] = before
    found = features.law_features(asked.log_posterior, asked.log_concepts)
    laws: dict[str, Law] = {
        name: {source: [phi] for source in targets} for name, phi in found.items()
    }
    laws["rho"] = {
        source: [
            features.rho_features(asked.log_posterior, target, asked.weight, asked.rho)
            for target in each
        ]
        for source, each in targets.items()
    }

    def scored(law: Law) -> Fits:
        return {
            source: [
                _explained(asked, phi, target)
                for phi, target in zip(_for_each(law[source], each), each, strict=True)
            ]
            for source, each in targets.items()
        }

    shared = {}
    if asked.raw_input is not None:
        shared["raw_input"] = [
            _explained(asked, asked.raw_input, one) for one in targets["trained"]
        ]
    argmax = features.argmax_one_hot(asked.log_posterior)
    return [
        *(
            Measurement(
                "law",
                name,
                scored(law) | shared | _law_nulls(asked, law["trained"], targets["trained"]),
                is_law=True,
            )
            for name, law in laws.items()
        ),
        Measurement("law", "argmax", scored({source: [argmax] for source in targets})),
    ]


def _law_nulls(asked: Question, law: list[Phi], targets: list[np.ndarray]) -> Fits:
    """The whitened features of one law permuted over contexts, and noise of their rank."""

    def of(phi: Phi, replaced: Callable[[np.ndarray], np.ndarray]) -> Phi:
        def features(train: np.ndarray) -> np.ndarray:
            matrix = phi(train) if callable(phi) else phi
            return replaced(unchecked_whitening(matrix, asked.weight).apply(matrix))

        return features if callable(phi) else features(np.ones(len(asked.weight), bool))

    found: Fits = {"permuted": [], "noise": []}
    for seed, (phi, target) in enumerate(zip(_for_each(law, targets), targets, strict=True)):
        nothing = nulls(asked, seed)
        found["permuted"].append(_explained(asked, of(phi, nothing.permuted), target))
        found["noise"].append(_explained(asked, of(phi, nothing.noise), target))
    return found


def _for_each(few: list[Phi], many: list[np.ndarray]) -> list[Phi]:
    return few * len(many) if len(few) == 1 else few


def _each(score: Callable[[np.ndarray], HeldOut], sources: Sources) -> Fits:
    return {source: [score(one) for one in rows] for source, rows in sources.items()}


def _readouts(asked: Question) -> list[Measurement]:
    """How much of I(c;x) a softmax of the representation, or of a layer, recovers."""

    def score(source: np.ndarray) -> HeldOut:
        return _explained(asked, source, asked.log_posterior)

    whole = _each(score, read_from(asked, lambda predictor: predictor.representation))
    found = [Measurement("readout", "representation", whole)]
    for name, layer in asked.layers.items():
        fits = _each(score, {"trained": layer} | null_sources(asked, layer))
        others = {source: whole[source] for source in ("oracle", "untrained") if source in whole}
        found.append(Measurement("readout", f"layer {name}", fits | others))
    return found


def _both_directions(asked: Question) -> list[Measurement]:
    """Whitened R² between f's identified part and the laws without a parameter, either way."""
    laws = {"belief": np.exp(asked.log_posterior)}
    if np.isfinite(asked.log_posterior).all():
        laws = {"log_posterior": features.log_ratios(asked.log_posterior)} | laws
    identified = read_from(asked, lambda predictor: predictor.identified)
    found = []
    for name, law in laws.items():

        def onto_law(source: np.ndarray, law: np.ndarray = law) -> HeldOut:
            return held_out.affine(source, law, asked.weight, asked.folds)

        found.append(Measurement("law from f", name, _each(onto_law, identified)))
        found.append(Measurement("f from law", name, _onto_f(asked, law, identified)))
    return found


def _onto_f(asked: Question, law: np.ndarray, identified: Sources) -> Fits:
    """R² of f's identified part from a law, and from what is no law."""

    def scores(sources: list[np.ndarray], targets: list[np.ndarray]) -> list[HeldOut]:
        sources = sources * len(targets) if len(sources) == 1 else sources
        pairs = zip(sources, targets, strict=True)
        return [held_out.affine(*pair, asked.weight, asked.folds) for pair in pairs]

    targets = {
        source: identified[source]
        for source in ("trained", "oracle", "untrained")
        if source in identified
    }
    of_law = {source: scores([law], rows) for source, rows in targets.items()}
    nothing = null_sources(asked, [unchecked_whitening(law, asked.weight).apply(law)]).items()
    return of_law | {source: scores(rows, identified["trained"]) for source, rows in nothing}


def _probes(asked: Question) -> list[Measurement]:
    """Probe accuracy per concept, beside Bayes and the most frequent value."""
    if asked.log_concepts is None:
        return []
    concepts = asked.log_concepts
    sources = read_from(asked, lambda predictor: predictor.representation)
    probed = {
        source: [
            held_out.probed(
                one,
                concepts,
                asked.weight,
                asked.groups,
                asked.num_folds,
                asked.random_state,
            )
            for one in rows
        ]
        for source, rows in sources.items()
    }
    found = []
    for concept, log_concept in enumerate(concepts):
        belief = np.exp(log_concept)
        frequent = int((asked.weight @ belief).argmax())
        fits = {source: [one[concept] for one in each] for source, each in probed.items()}
        fits["majority"] = [_known(belief[:, frequent], asked.weight)]
        fits["bayes"] = [_known(belief.max(1), asked.weight)]
        found.append(Measurement("probe", f"concept {concept}", fits))
    return found


def _known(rows: np.ndarray, weight: np.ndarray) -> HeldOut:
    return HeldOut(rows, float(weight @ rows), 0, False)
