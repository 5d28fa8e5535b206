"""How predictors are trained: data modes, the engine, checkpoints."""
