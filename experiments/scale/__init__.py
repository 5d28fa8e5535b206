"""Does anything change with scale?

From 3 to 12 concepts: which law a perfect and a trained predictor hold, what a linear reader makes
of them, below and above |tokens| − 1 dimensions, and what it costs to get there.
"""

from experiments.experiment import Experiment
from experiments.scale.cell import compute, shape
from experiments.scale.claims import CLAIMS
from experiments.scale.finding import finding
from experiments.scale.settings import PROFILES, cells

EXPERIMENT = Experiment(
    name="scale",
    question=(__doc__ or "").splitlines()[0],
    profiles=PROFILES,
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
