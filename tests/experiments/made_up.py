"""Made-up results, to test what is said of them."""

import numpy as np

from experiments.experiment import CellRecord
from experiments.store import canonical


def made_up_records(cells, usual, value):
    """A record of every cell, its metrics spread a little over seeds.

    usual: name -> the common number; value(cell, name) gives another one, None for the usual.
    """
    spread = np.random.default_rng(0)
    found = []
    for cell in cells:
        metrics = {}
        for name, common in usual.items():
            given = value(cell, name)
            given = common if given is None else given
            metrics[name] = (given + 1e-4 * spread.normal(size=len(cell.seeds))).tolist()
        found.append(CellRecord(canonical(cell), metrics))
    return found
