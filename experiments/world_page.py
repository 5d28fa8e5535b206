"""What does a person want to know of one world, in words and one table?"""

import json
from typing import Any

import numpy as np

import latentgen as lg
from experiments.verdicts import EVIDENCE_MARGIN, LEAST_WORLDS
from experiments.wording import number
from experiments.world_files import NamedWorld, world
from experiments.world_reading import LAWS, NULLS, WorldReading, reading, refuse_large

LIKELIEST = 8  # configurations that are listed after a context
DIGITS = 4
LARGEST_WORD = 2**31 - 1


def page(name: str, context_length: int | None, *, as_json: bool = False) -> str:
    """The page on the world of this name, or the same as a JSON object.

    Raises ValueError for a file that holds none, for a length that the world has not, and for one
    that is too large to be enumerated.
    """
    named = world(name)
    found = reading(named.model, context_length)
    return _json(named, found) if as_json else "\n".join(_lines(named, found))


def after(name: str, words: tuple[int, ...]) -> str:
    """What a perfect predictor knows after some words of a world.

    Raises ValueError as `page` does, and for words that the world cannot produce.
    """
    named = world(name)
    model, context = named.model, [list(words)]
    refuse_large(1, model.space, model.num_tokens())
    if any(abs(word) > LARGEST_WORD for word in words):
        raise ValueError(
            f"words are numbers below {LARGEST_WORD}; got {max(words, key=abs)}: give smaller ones"
        )
    try:
        belief = np.exp(lg.log_posterior(model, context)[0])
        predicted = np.exp(lg.log_predictive(model, context)[0])
    except ValueError as error:
        raise ValueError(f"{error}; `latentgen show {name}` tells its words") from None
    rows = {
        "p(x)": f"{np.exp(lg.log_evidence(model, context)[0]):.6g}",
        "p(y|x)": _probabilities(predicted),
    }
    for concept in range(model.space.num_concepts):
        marginal = np.exp(lg.log_concept_posterior(model, context, concept)[0])
        rows[f"p(c_{concept}|x)"] = _probabilities(marginal)
    head = f"{name} after {'the words ' + ', '.join(map(str, words)) if words else 'no word'}"
    return "\n".join([head, "", *_columns(rows), "", *_likeliest(model.space, belief)])


def _likeliest(space: lg.ConceptSpace, belief: np.ndarray) -> list[str]:
    """The likeliest configurations, one a line."""
    shown = np.argsort(-belief, kind="stable")[:LIKELIEST]
    more = f"p(c|x), the likeliest {len(shown)} of {len(belief)} configurations"
    lines = [more if len(shown) < len(belief) else "p(c|x)"]
    values = space.values(shown).tolist()
    return [*lines, *(f"  {tuple(v)}  {belief[c]:.6g}" for c, v in zip(shown, values, strict=True))]


def _lines(named: NamedWorld, found: WorldReading) -> list[str]:
    lines = [named.name, *([named.note] if named.note else []), ""]
    lines += [*_columns(_facts(named.model, found)), ""]
    lines += ["What the theorems assume, measured", str(found.conditions), ""]
    lines += ["What the paper's theorem leaves over", str(found.theorem), ""]
    return lines + _scores(found)


def _facts(model: lg.ConceptModel, found: WorldReading) -> dict[str, str]:
    num_contexts, length = found.contexts.context.shape
    what = "bags of words" if found.bags else "contexts"
    return {
        "concepts": f"{model.space.num_concepts}, with {_list(model.space.cardinalities)} values",
        "configurations": str(model.space.num_configurations),
        "words": _words(model),
        "tokens": f"{found.conditions.num_tokens}" + ", the next word" * (model.token is None),
        what: f"{num_contexts}, of {length} words: all that can occur",
        "I(x;y)": f"{number(found.token_information, DIGITS)} nats: what words tell of the token",
        "I(c;x)": f"{number(found.concept_information, DIGITS)} nats: what they tell of c",
        "Bayes loss": f"{number(found.bayes_loss, DIGITS)} nats: no predictor's is smaller",
    }


def _words(model: lg.ConceptModel) -> str:
    if model.positions_alike:
        return f"{model.words[0].num_outcomes} at any number of positions, all alike"
    if not model.words:
        return "none"
    where = "one position" if len(model.words) == 1 else f"{len(model.words)} positions"
    return f"{_list([factor.num_outcomes for factor in model.words])} at {where}"


def _list(sizes: Any) -> str:
    """Sizes, or one of them where all are the same."""
    return str(sizes[0]) if len(set(sizes)) == 1 else ", ".join(map(str, sizes))


def _scores(found: WorldReading) -> list[str]:
    """S of the laws beside their nulls, and why there is no verdict."""
    names = {name: words for name, words in (LAWS | NULLS).items() if name in found.scores}
    width = max(map(len, names.values()))
    lines = [
        "S: the share of I(x;y) that a law explains at its best map, for a perfect predictor",
        f"{'':{width}}  {'held out':>9}  {'population':>10}",
    ]
    for name, words in names.items():
        held_out, population = (number(value, DIGITS) for value in found.scores[name])
        lines.append(f"{words:{width}}  {held_out:>9}  {population:>10}")
    unfitted = number(found.unfitted, DIGITS)
    lines.append(f"With the paper's own map of log p(c|x), and nothing fitted, S is {unfitted}.")
    return lines + ([] if np.isnan(found.unfitted) else [_gaps(found)]) + remarks(found)


def _gaps(found: WorldReading) -> str:
    """How far the laws lie above the null that is hardest to exceed."""
    scores = found.scores
    held_out = not any(np.isnan(score.held_out) for score in scores.values())
    value = {
        name: score.held_out if held_out else score.population for name, score in scores.items()
    }
    largest = max((name for name in NULLS if name in value), key=lambda name: value[name])
    gaps = [f"{LAWS[name]} {value[name] - value[largest]:+.3f}" for name in LAWS if name in value]
    return (
        f"Above the largest null ({NULLS[largest].removeprefix('null: ')}): {', '.join(gaps)}. "
        f"Evidence takes {EVIDENCE_MARGIN} at least, held out and with an interval."
    )


def remarks(found: WorldReading) -> list[str]:
    """What has to be said beside the scores, a sentence each."""
    said = []
    if np.isnan(found.scores["argmax"].best):
        return ["The words tell nothing of the token: there is nothing that a law could explain."]
    if "log_posterior" not in found.scores:
        said.append("p(c|x) has zeros, where log p(c|x) is no finite law: it is left out.")
    if any(np.isnan(score.held_out) for score in found.scores.values()):
        said.append("–: saturated, with too few contexts to tell a law from a lookup.")
    if found.trivial:
        said.append(
            "Trivial corner: the likeliest c alone explains all, or the words tell next to nothing "
            "of c. Every law fits, none is supported."
        )
    said.append(
        f"No verdict: one world has no interval over worlds, and a verdict takes {LEAST_WORLDS}."
    )
    return said


def _json(named: NamedWorld, found: WorldReading) -> str:
    model, theorem = named.model, found.theorem
    num_contexts, length = found.contexts.context.shape
    content = {
        "world": named.name,
        "note": named.note,
        "cardinalities": model.space.cardinalities,
        "num_configurations": model.space.num_configurations,
        "num_words": [factor.num_outcomes for factor in model.words],
        "positions_alike": model.positions_alike,
        "num_tokens": found.conditions.num_tokens,
        "num_contexts": num_contexts,
        "context_length": length,
        "token_information": found.token_information,
        "concept_information": found.concept_information,
        "mean_concept_information": found.mean_concept_information,
        "bayes_loss": found.bayes_loss,
        "conditions": found.conditions._asdict(),
        "theorem": {
            "statement": theorem.statement,
            "source": theorem.source,
            "assumptions": [assumption._asdict() for assumption in theorem.assumptions],
            "largest_residual": theorem.worst,
        },
        "scores": {name: score._asdict() for name, score in found.scores.items()},
        "unfitted_score": found.unfitted,
        "trivial_corner": found.trivial,
        "remarks": remarks(found),
    }
    return json.dumps(_plain(content), ensure_ascii=False, indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    """What JSON can hold: no answer is null, and infinity is the word."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float | np.floating) and not np.isfinite(value):
        return None if np.isnan(value) else "infinite"
    return value.item() if isinstance(value, np.generic) else value


def _probabilities(row: np.ndarray) -> str:
    return "  ".join(f"{outcome}: {value:.6g}" for outcome, value in enumerate(row))


def _columns(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows))
    return [f"{name:<{width}}  {value}" for name, value in rows.items()]
