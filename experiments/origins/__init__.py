"""What does gradient descent add to the linear directions that any perfect fit has?

Differences of unembeddings of one concept at different values of the others (arXiv:2403.03867), by
gradient descent and Adam, from small and large starts, where the product law makes log-odds
parallel and where it does not.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import BELOW_HALF, GROWTH, POSITIVE, SEVERAL, check
from experiments.origins.cell import OriginsCell, Training, compute, shape
from experiments.origins.claims import CLAIMS
from experiments.origins.finding import finding
from experiments.origins.worlds import FAMILIES

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class OriginsConfig:
    """The settings of all worlds and starts."""

    num_trained: int = 10
    """Seeds: each is a world and an initialisation of its own."""
    families: tuple[str, ...] = FAMILIES
    """Kinds of world: independent concepts, a chain of them, and words that read two concepts."""
    dims: tuple[int, ...] = (7, 16)
    """Dimensions of f and g: |tokens| − 1, the fewest for a perfect fit of any world, and more."""
    optimisers: tuple[str, ...] = ("sgd", "adam")
    """Full-batch gradient descent, and Adam."""
    unembedding_scales: tuple[float, ...] = (0.1, 1.0, 4.0)
    """Lengths that the unembedding starts with; 1 is the usual one."""
    num_concepts: int = 3
    """m; the token has as many binary digits, the context twice as many words."""
    token_flip: float = 0.05
    """How often a digit of the token is flipped."""
    training: Training = field(default_factory=Training)
    """Steps, rates and sizes."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "unembedding_scales": POSITIVE,
                "num_concepts": SEVERAL,
                "token_flip": BELOW_HALF,
                "training.growth": GROWTH,
            },
            {"families": FAMILIES, "optimisers": ("sgd", "adam")},
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many seeds."""
        return replace(self, num_trained=num_seeds)


def cells(config: OriginsConfig) -> list[OriginsCell]:
    """All cells, block of seeds by block of seeds."""
    return [
        OriginsCell(
            family,
            dim,
            optimiser,
            scale,
            config.num_concepts,
            config.token_flip,
            config.training,
            tuple(range(start, min(start + BLOCK, config.num_trained))),
        )
        for start in range(0, config.num_trained, BLOCK)
        for dim in config.dims
        for optimiser in config.optimisers
        for scale in config.unembedding_scales
        for family in config.families
    ]


PAPER = OriginsConfig()
EXPERIMENT = Experiment(
    name="origins",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_trained=2,
            dims=(7,),
            unembedding_scales=(0.1, 4.0),
            training=Training(num_steps=1000),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            dims=(7, 16, 64),
            unembedding_scales=(0.01, 0.1, 0.3, 1.0, 2.0, 4.0),
            training=Training(num_steps=64000),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
