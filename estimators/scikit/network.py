"""How is one network trained, and what does it make of many contexts?"""

from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from sklearn.utils import check_random_state

from estimators.predictors.protocol import Predictor
from estimators.training.config import TrainConfig
from estimators.training.engine import train

BLOCK_ROWS = 8192  # contexts represented at once


def train_once(
    config: TrainConfig, random_state: Any, draw: Any, data: Any, progress: Any
) -> tuple[Any, np.ndarray]:
    """Parameters and the loss of each chunk [chunk]; ValueError if training diverged."""
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    one_seed = jax.tree.map(lambda leaf: np.asarray(leaf)[None], data)
    trained = train(config, jax.random.key(seed)[None], draw, one_seed, progress=progress)
    if trained.diverged[0]:
        raise ValueError(f"training diverged: {trained.problem[0]}")
    return jax.tree.map(lambda leaf: leaf[0], trained.params), trained.loss[0]


def represent(
    predictor: Predictor, params: Any, words: np.ndarray
) -> Float[np.ndarray, "sample dim"]:
    """f(x) [sample, dim], block by block."""
    starts = range(0, max(len(words), 1), BLOCK_ROWS)
    blocks = [words[start : start + BLOCK_ROWS] for start in starts]
    return np.concatenate([np.asarray(_represent(predictor, params, block)) for block in blocks])


@partial(jax.jit, static_argnums=0)
def _represent(predictor: Predictor, params: Any, context: Any) -> Any:
    return predictor.represent(params, context)
