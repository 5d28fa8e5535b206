"""Which predictor does a name stand for?"""

from typing import Any

from estimators.predictors.gru import GRU
from estimators.predictors.log_bilinear import LogBilinear
from estimators.predictors.mlp import MLP
from estimators.predictors.protocol import Predictor
from estimators.predictors.transformer import Transformer
from estimators.predictors.with_bias import WithBias

ARCHITECTURES: dict[str, Any] = {
    "gru": GRU,
    "log_bilinear": LogBilinear,
    "mlp": MLP,
    "transformer": Transformer,
}
OF_FIXED_LENGTH = ("mlp", "transformer")
LARGEST_DEFAULT_DIM = 64


def build(
    architecture: Any,
    options: dict[str, Any] | None,
    *,
    num_words: int,
    num_tokens: int,
    dim: int | None,
    context_length: int,
    bias: bool,
) -> Predictor:
    """The predictor of that name and these sizes; a predictor is taken as it is.

    dim None: num_tokens − 1, with which every distribution can be predicted, but from 1 to
    LARGEST_DEFAULT_DIM. Raises ValueError for unknown names and options, and for options or a dim
    beside a predictor.
    """
    if isinstance(architecture, str):
        predictor = _named(
            architecture,
            options or {},
            num_words=num_words,
            num_tokens=num_tokens,
            dim=min(max(num_tokens - 1, 1), LARGEST_DEFAULT_DIM) if dim is None else dim,
            context_length=context_length,
        )
    else:
        predictor = architecture
        if not isinstance(predictor, Predictor):
            raise ValueError(
                f"architecture must be one of {_names()} or a predictor; got {predictor!r}"
            )
        if options or dim not in (None, predictor.dim):
            raise ValueError(
                f"a predictor brings its own sizes (dim = {predictor.dim}); got dim = {dim} and "
                f"options = {options}: leave them at None, or name the architecture"
            )
    return WithBias(predictor) if bias else predictor


def _named(name: str, options: dict[str, Any], *, context_length: int, **sizes: int) -> Predictor:
    if name not in ARCHITECTURES:
        raise ValueError(f"architecture must be one of {_names()} or a predictor; got {name!r}")
    given = sizes | ({"context_length": context_length} if name in OF_FIXED_LENGTH else {})
    allowed = [field for field in ARCHITECTURES[name].__dataclass_fields__ if field not in given]
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        raise ValueError(
            f"{name} has the options {', '.join(allowed) or 'none'}; got {unknown[0]}: the other "
            "sizes are parameters of their own or read off the sample"
        )
    return ARCHITECTURES[name](**given, **options)


def _names() -> str:
    return ", ".join(sorted(ARCHITECTURES))
