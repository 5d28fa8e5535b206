"""What does a network predict after it was trained on a finite sample?"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators.instruments.softmax_fit import log_softmax_blocks
from estimators.instruments.whitening import checked_weight
from estimators.predictors.protocol import Predictor
from estimators.scikit.architectures import build
from estimators.scikit.network import represent, train_once
from estimators.scikit.settings import check_kinds
from estimators.scikit.storage import StoredEstimator
from estimators.scikit.validation import checked_distributions
from estimators.scikit.vocabulary import as_many, whole_numbers, within
from estimators.training import batches
from estimators.training.config import TrainConfig
from estimators.training.progress import Progress


class NextTokenPredictor(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, StoredEstimator
):
    """p̂(y|x) = softmax_y f(x)·g(y), trained on samples of (x, y), as a scikit-learn estimator.

    `transform` gives f, `unembedding_` is g, `predict_log_proba` is log p̂.

    architecture: "mlp", "log_bilinear", "gru", "transformer", or a `Predictor` that brings its own
    sizes. dim: the size of f; None: num_tokens − 1, with which every distribution can be
    predicted, but at most 64. num_tokens, num_words: sizes of the vocabularies; None: the largest
    number in the sample plus one, so that tokens below it keep a column. Set both for
    cross-validation: a training fold may lack the largest number, `score` then raises ValueError,
    and `GridSearchCV`, which takes that for NaN, would choose the first candidate.
    options: further fields of the architecture, such as {"hidden": (128,)}.
    num_steps, batch_size, learning_rate, schedule, warmup_steps, gradient_clip: as in
    `es.TrainConfig`; batches are drawn from the sample with replacement, and are no larger than
    it. bias: a bias for every
    token; f then ends in a 1 and the last column of unembedding_ is the bias, so that
    transform(x) @ unembedding_.T are the logits in any case. random_state: a whole number, a
    `numpy.random.RandomState`, or None, for the initial parameters and the batches. progress:
    called with an `es.Progress` now and then, such as `es.print_progress`.

    Learnt: classes_ (0 … num_tokens − 1), num_tokens_, num_words_, predictor_ and its params_,
    unembedding_ [token, dim], loss_ [chunk] (mean cross-entropy in nats over each tenth of the
    steps), n_features_in_ (positions of a context).
    """

    # learnt by `fit`
    classes_: np.ndarray
    num_tokens_: int
    num_words_: int
    predictor_: Predictor
    params_: Any
    unembedding_: np.ndarray
    loss_: np.ndarray
    n_features_in_: int

    def __init__(
        self,
        architecture: str | Predictor = "mlp",
        dim: int | None = None,
        num_tokens: int | None = None,
        num_words: int | None = None,
        options: dict[str, Any] | None = None,
        num_steps: int = 2000,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        schedule: str = "cosine",
        warmup_steps: int = 0,
        gradient_clip: float | None = None,
        bias: bool = False,
        random_state: Any = 0,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.architecture = architecture
        self.dim = dim
        self.num_tokens = num_tokens
        self.num_words = num_words
        self.options = options
        self.num_steps = num_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup_steps = warmup_steps
        self.gradient_clip = gradient_clip
        self.bias = bias
        self.random_state = random_state
        self.progress = progress

    def fit(self, context: Any, token: Any, sample_weight: Any = None) -> "NextTokenPredictor":
        """Train on context [sample, position] and token [sample], whole numbers from 0.

        sample_weight [sample]: how often each is drawn, up to a factor. Raises ValueError for
        numbers that are negative, fractions or outside the vocabulary, rows that disagree, weights
        that are negative or all zero, settings that cannot be, and training that diverges: it
        names the step.
        """
        words = self._words_to_fit(context, token)
        tokens = whole_numbers(token, "token", "[sample]")
        as_many(words, tokens)
        num_tokens = self._size("num_tokens", "token", tokens)
        size = min(self.batch_size, len(tokens))
        sample = batches.FiniteSample(words, tokens)
        if sample_weight is None:
            return self._fit(num_tokens, size, batches.finite_batch, sample)
        weight = checked_weight(sample_weight, len(tokens))
        return self._fit(
            num_tokens, size, batches.weighted_batch, batches.weighted_sample(sample, weight)
        )

    def fit_soft(
        self, context: Any, probability: Any, sample_weight: Any = None
    ) -> "NextTokenPredictor":
        """Train on context [sample, position] and distributions probability [sample, token].

        This is what infinitely many tokens after each context would give. With enumerated contexts
        sample_weight [sample] is p(x). Raises ValueError as `fit`, and for rows that are no
        distributions over the tokens.
        """
        words = self._words_to_fit(context, probability)
        target = checked_distributions(np.asarray(probability), "token")
        as_many(words, target)
        num_tokens = self._size("num_tokens", "token", np.array([target.shape[1] - 1]))
        with np.errstate(divide="ignore"):
            log_target = np.log(np.pad(target, ((0, 0), (0, num_tokens - target.shape[1]))))
        weight = checked_weight(sample_weight, len(words))
        exact = batches.population(words, log_target, weight)
        return self._fit(num_tokens, self.batch_size, batches.population_batch, exact)

    def _words_to_fit(self, context: Any, target: Any) -> np.ndarray:
        check_kinds(self.get_params(deep=False))
        if target is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None: give "
                "the token after every context"
            )
        return self._words(context, reset=True)

    def _fit(self, num_tokens: int, size: int, draw: Any, data: Any) -> "NextTokenPredictor":
        """Train on data whose batches of that size draw(key, size, data) gives."""
        num_words = self._size("num_words", "context", data.context)
        predictor = self._build(num_words, num_tokens, data.context.shape[1])
        names = ("num_steps", "learning_rate", "schedule", "warmup_steps", "gradient_clip")
        settings = {name: getattr(self, name) for name in names}
        config = TrainConfig(predictor, batch_size=size, **settings)
        params, loss = train_once(config, self.random_state, draw, data, self.progress)
        self.num_words_, self.num_tokens_ = num_words, num_tokens
        self.classes_ = np.arange(num_tokens)
        self.loss_ = loss
        self._hold(predictor, params)
        return self

    def transform(self, context: Any) -> Float[np.ndarray, "sample dim"]:
        """f(x) [sample, dim], float32; with a bias it ends in a 1."""
        check_is_fitted(self)
        words = self._words(context, reset=False)
        within(words, self.num_words_, "context", "num_words")
        return represent(self.predictor_, self.params_, words)

    def predict_log_proba(self, context: Any) -> Float[np.ndarray, "sample token"]:
        """log p̂(y|x) [sample, token], nats, float64."""
        logits = self.transform(context).astype(np.float64) @ self.unembedding_.T
        return log_softmax_blocks(logits, (self.num_tokens_,))

    def predict_proba(self, context: Any) -> Float[np.ndarray, "sample token"]:
        """p̂(y|x) [sample, token]."""
        return np.exp(self.predict_log_proba(context))

    def predict(self, context: Any) -> Int[np.ndarray, "sample"]:
        """The most probable token [sample]."""
        named = self.predict_log_proba(context).argmax(1)
        return self.classes_[named]

    def score(  # pyright: ignore[reportIncompatibleMethodOverride]  # scikit-learn's X is a context
        self, context: Any, token: Any, sample_weight: Any = None
    ) -> float:
        """The mean of log p̂(y|x) over samples, nats; at most 0, greater is better.

        Minus the cross-entropy: its expectation is greatest at the exact p(y|x) alone, so a grid
        search looks for the best distribution. Accuracy would be content with the right argmax.
        """
        log_model = self.predict_log_proba(context)
        tokens = whole_numbers(token, "token", "[sample]")
        as_many(log_model, tokens)
        within(tokens, self.num_tokens_, "token", "num_tokens")
        weight = checked_weight(sample_weight, len(tokens))
        return float(weight @ log_model[np.arange(len(tokens)), tokens])

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], architecture: Predictor | None = None
    ) -> "NextTokenPredictor":
        """The fitted estimator that `save` wrote; progress is None, as a file cannot hold code.

        A `RandomState` is no plain number: `save` refuses it, as it would lose its state.
        architecture: the predictor that was given, where it was no name.
        Raises ValueError as `LinearProbe.load`, and for another predictor than the saved one.
        """
        params, learnt = cls._read(Path(path))
        written = learnt.pop("architecture")
        if written is not None:
            if architecture is None or _described(architecture) != written:
                raise ValueError(
                    f"{path} was trained with {written}; got architecture = {architecture}: give "
                    "load an equal predictor"
                )
            params["architecture"] = architecture
        elif architecture is not None:
            raise ValueError(
                f"{path} names its architecture, {params['architecture']}: load it without one"
            )
        return cls._restored(Path(path), params, learnt)

    def _size(self, counted: str, name: str, numbers: np.ndarray) -> int:
        """The size of a vocabulary: as set, as the predictor brings it, or as seen."""
        given = getattr(self, counted)
        if isinstance(self.architecture, Predictor):
            own = getattr(self.architecture, counted)
            if given not in (None, own):
                raise ValueError(
                    f"the predictor has {counted} = {own} and the parameter is {given}: leave "
                    f"{counted} at None"
                )
            given = own
        found = int(numbers.max(initial=0)) + 1 if given is None else given
        within(numbers, found, name, counted)
        return found

    def _build(self, num_words: int, num_tokens: int, context_length: int) -> Predictor:
        return build(
            self.architecture,
            self.options,
            num_words=num_words,
            num_tokens=num_tokens,
            dim=self.dim,
            context_length=context_length,
            bias=self.bias,
        )

    def _hold(self, predictor: Predictor, params: Any) -> None:
        self.predictor_, self.params_ = predictor, params
        self.unembedding_ = np.asarray(predictor.unembedding(params))

    def _words(self, context: Any, *, reset: bool) -> np.ndarray:
        checked: Any = validate_data(self, context, dtype=None, ensure_min_features=0, reset=reset)
        return whole_numbers(checked, "context", "[sample, position]")

    def _params_to_save(self) -> dict[str, Any]:
        named = isinstance(self.architecture, str)
        params = super()._params_to_save() | {"progress": None}
        return params if named else params | {"architecture": None}

    def _learnt(self) -> dict[str, Any]:
        named = isinstance(self.architecture, str)
        learnt = super()._learnt() | {"params_": jax.tree.leaves(self.params_)}
        del learnt["predictor_"], learnt["unembedding_"]  # both follow from the others
        return learnt | {"architecture": None if named else _described(self.architecture)}

    def _take_on(self, learnt: dict[str, Any]) -> None:
        leaves = learnt.pop("params_")
        super()._take_on(learnt)
        predictor = self._build(self.num_words_, self.num_tokens_, self.n_features_in_)
        expected, structure = jax.tree.flatten(jax.eval_shape(predictor.init, jax.random.key(0)))
        found = [(leaf.shape, leaf.dtype) for leaf in leaves]
        if found != [(leaf.shape, leaf.dtype) for leaf in expected]:
            raise ValueError(
                f"the saved parameters have shapes {[shape for shape, _ in found]} and {predictor} "
                f"has {[leaf.shape for leaf in expected]}: load them with the predictor that was "
                "saved"
            )
        self._hold(predictor, jax.tree.unflatten(structure, map(jnp.asarray, leaves)))

    @property
    def _n_features_out(self) -> int:
        return self.unembedding_.shape[1]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = []  # float32, whatever whole numbers came as
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "params_")


def _described(predictor: Any) -> str:
    """The predictor in words, without addresses of functions."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(predictor))
