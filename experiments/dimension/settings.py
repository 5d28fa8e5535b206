"""Which settings of the experiment on the dimension belong together?"""

from typing import Any

from experiments.results import Results
from experiments.verdicts import is_trivial

Setting = dict[str, Any]
LOG, BELIEF = "score_log_posterior.oracle", "score_belief.oracle"
EXPLAINED = "explained.oracle"


def worlds_of(results: Results, family: str) -> list[Setting]:
    """One setting for each world of a family, whatever its dimension."""
    found = {
        (setting["num_concepts"], setting["num_tokens"]): setting
        for setting in results.settings(family=family)
    }
    return [found[key] for key in sorted(found)]


def largest_world(results: Results, family: str) -> Setting:
    """The world of a family with most configurations, and most tokens among those."""
    return worlds_of(results, family)[-1]


def dims_of(results: Results, world: Setting) -> list[int]:
    """The dimensions measured in a world, ascending."""
    fixed = {name: value for name, value in world.items() if name != "dim"}
    return sorted(setting["dim"] for setting in results.settings(**fixed))


def setting_at(results: Results, world: Setting, dim: int) -> Setting | None:
    """The setting of a world at a dimension, None where this dimension was not measured."""
    return {**world, "dim": dim} if dim in dims_of(results, world) else None


def num_configurations(setting: Setting) -> int:
    """ℓ, the number of configurations."""
    return 2 ** setting["num_concepts"]


def rank_words(results: Results, setting: Setting) -> str:
    """The rank of centred log p(y|x) over the worlds, a range where they differ."""
    ranks = results.values("rank.exact", setting)
    low, high = int(ranks.min()), int(ranks.max())
    return str(low) if low == high else f"{low} to {high}"


def num_seeds(results: Results) -> int:
    """The number of seeds that every setting has."""
    return min(len(results.values(EXPLAINED, setting)) for setting in results.settings())


def is_corner(results: Results, world: Setting) -> bool:
    """Whether the likeliest configuration explains the truth, or x tells nothing of c.

    Not where d = |tokens| − 1 was not measured, which alone can tell.
    """
    perfect = setting_at(results, world, world["num_tokens"] - 1)
    if perfect is None:
        return False
    information = results.interval("concept_information.exact", perfect)
    return is_trivial(results.best("score_argmax.oracle", perfect), information)
