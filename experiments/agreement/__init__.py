"""Are representations of independently trained networks affine maps of each other?

Linear identifiability (arXiv:2007.00810) says so for a perfect fit. Here within and across
architectures, from untrained to an excess loss below a thousandth of I(x; y), beside three
distances of predictions that may foretell it.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.agreement.cell import AgreementCell, compute, shape
from experiments.agreement.claims import CLAIMS
from experiments.agreement.finding import finding
from experiments.agreement.networks import Schedule, Training
from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, FROM_ZERO, POSITIVE, SEVERAL, SHARE, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class AgreementConfig:
    """The settings of all worlds."""

    num_worlds: int = 10
    """Seeds: worlds, with two networks of every architecture each."""
    num_tokens: tuple[int, ...] = (10, 4)
    """Sizes of the token, about eight configurations; f has a dimension less."""
    concentration: float = 0.1
    """α of the Dirichlet distribution from which rows of p(y|c) are drawn: small is sharp."""
    floor: float = 0.05
    """Weight of a uniform token, so that every token has full support."""
    flip_low: float = 0.02
    """A word that tells a concept is flipped with a probability of at least this."""
    flip_high: float = 0.4
    """And of at most this, drawn anew for every word, value and key."""
    training: Training = field(default_factory=Training)
    """How networks are trained."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "num_tokens": SEVERAL,
                "concentration": POSITIVE,
                "training.warmup_steps": FROM_ZERO,
                "floor": BELOW_ONE,
                **dict.fromkeys(("flip_low", "flip_high"), SHARE),
            },
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: AgreementConfig) -> list[AgreementCell]:
    """All cells, block of seeds by block of seeds."""
    return [
        AgreementCell(
            num_tokens,
            config.concentration,
            config.floor,
            config.flip_low,
            config.flip_high,
            config.training,
            tuple(range(start, min(start + BLOCK, config.num_worlds))),
        )
        for start in range(0, config.num_worlds, BLOCK)
        for num_tokens in config.num_tokens
    ]


PAPER = AgreementConfig()
EXPERIMENT = Experiment(
    name="agreement",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_worlds=1,
            num_tokens=(6,),
            training=Training(
                mlp=Schedule(600, 1e-2),
                gru=Schedule(600, 2e-2),
                transformer=Schedule(400, 1e-2),
                log_bilinear=Schedule(100, 1e-2),
                warmup_steps=50,
            ),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_worlds=50,
            num_tokens=(4, 10, 20),
            training=Training(
                mlp=Schedule(20000, 1e-2),
                gru=Schedule(20000, 1e-2),
                transformer=Schedule(20000, 3e-3),
                hidden=(256, 256),
                width=64,
            ),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
