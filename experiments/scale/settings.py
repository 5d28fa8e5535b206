"""Which settings are measured in each profile?"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.limits import SEVERAL, SHARE, THREE, check
from experiments.scale.cell import ScaleCell, Training
from experiments.scale.worlds import FIXED, GROWING

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class ScaleConfig:
    """The settings of both families of tokens."""

    num_trained: int = 10
    """Seeds (worlds and initialisations) with a trained predictor."""
    num_worlds: int = 20
    """Seeds for what needs no training, in the first family."""
    fixed_concepts: tuple[int, ...] = (3, 4, 6, 8, 12)
    """Numbers of concepts m of the family of a fixed number of tokens."""
    narrow_concepts: tuple[int, ...] = (3, 8)
    """Where the first family has fewer than |tokens| − 1 dimensions as well."""
    wide_concepts: tuple[int, ...] = (6,)
    """Where it has 2 |tokens| dimensions as well."""
    growing_concepts: tuple[int, ...] = (3, 4, 6)
    """The same where the token names the configuration, so that there are 2^m tokens."""
    num_tokens: int = 16
    """Tokens of the first family."""
    narrow_dim: int = 4
    """The dimension below |tokens| − 1."""
    strength: float = 2.0
    """How strongly a token of the first family leans on the concepts."""
    rate: float = 0.01
    """Probability that a token of the second family is replaced by a uniform one."""
    num_contexts: int = 1000
    """Contexts that are scored."""
    pool_size: int = 32768
    """Other contexts, to be trained on with their exact p(y|x)."""
    steps_per_concept: int = 200
    """Steps of training, over m, up to `usual_concepts` concepts."""
    usual_concepts: int = 8
    """Up to here that many steps are enough for networks to count as trained."""
    more_steps_per_concept: int = 300
    """Steps of training, over m, of more concepts."""
    batch_size: int = 256
    """Contexts per step."""
    learning_rate: float = 2e-2
    """Peak rate of Adam; it falls to zero along a cosine."""
    hidden: tuple[int, ...] = (96, 96)
    """Widths of the MLP's hidden layers."""

    def __post_init__(self) -> None:
        counts = ("fixed_concepts", "narrow_concepts", "wide_concepts", "growing_concepts")
        # of fewer concepts no graph has as many edges
        check(self, {"num_tokens": SEVERAL, "rate": SHARE, **dict.fromkeys(counts, THREE)})

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many trained seeds, and at least as many worlds."""
        return replace(self, num_trained=num_seeds, num_worlds=max(num_seeds, self.num_worlds))


def cells(config: ScaleConfig) -> list[ScaleCell]:
    """All cells, block of seeds by block of seeds; a seed is measured once in a setting."""
    found = []
    for start in range(0, max(config.num_worlds, config.num_trained), BLOCK):
        for cell in _settings(config):
            trained = range(start, min(start + BLOCK, config.num_trained))
            others = range(max(start, config.num_trained), min(start + BLOCK, config.num_worlds))
            if trained:
                training = _training(config, cell.num_concepts)
                found.append(replace(cell, training=training, seeds=tuple(trained)))
            if others and cell.family == FIXED:
                found.append(replace(cell, seeds=tuple(others)))
    return found


def _settings(config: ScaleConfig) -> list[ScaleCell]:
    num_tokens = config.num_tokens
    panels = (
        (num_tokens - 1, config.fixed_concepts),
        (config.narrow_dim, config.narrow_concepts),
        (2 * num_tokens, config.wide_concepts),
    )
    places = [(FIXED, m, num_tokens, dim) for dim, concepts in panels for m in concepts]
    places += [(GROWING, m, 2**m, 2**m - 1) for m in config.growing_concepts]
    once = dict.fromkeys(places)  # panels may share a dimension
    last = (config.strength, config.rate, config.num_contexts, config.pool_size, None, ())
    return [ScaleCell(*place, *last) for place in once]


def _training(config: ScaleConfig, num_concepts: int) -> Training:
    usual = num_concepts <= config.usual_concepts
    steps_per_concept = config.steps_per_concept if usual else config.more_steps_per_concept
    return Training(
        steps_per_concept * num_concepts,
        config.batch_size,
        config.learning_rate,
        config.hidden,
    )


PAPER = ScaleConfig()
PROFILES = {
    "smoke": replace(
        PAPER,
        num_trained=2,
        num_worlds=2,
        fixed_concepts=(3, 4, 6),
        narrow_concepts=(6,),
        wide_concepts=(6,),
        growing_concepts=(3, 4),
        num_contexts=600,
        pool_size=8192,
        steps_per_concept=60,
        hidden=(64, 64),
    ),
    "paper": PAPER,
    "full": replace(
        PAPER,
        num_trained=50,
        num_worlds=100,
        fixed_concepts=(3, 4, 6, 8, 10, 12, 14),
        narrow_concepts=(3, 4, 6, 8, 10, 12, 14),
        wide_concepts=(3, 4, 6, 8, 10, 12, 14),
        growing_concepts=(3, 4, 5, 6, 7, 8),
        num_contexts=2000,
        pool_size=131072,
        steps_per_concept=1000,
        more_steps_per_concept=1500,
        hidden=(256, 256),
    ),
}
