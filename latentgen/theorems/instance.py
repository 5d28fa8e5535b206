"""What do all theorems need to know of a world and some contexts?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.bayes import normalised_weight, one_minus_largest
from latentgen.exact import (
    log_posterior,
    log_predictive,
    log_prior,
    log_token_given_context,
)
from latentgen.host import refuse_large_enumeration, refuse_large_output
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.result import Assumption

ASKER = "a theorem or lg.conditions"
INDEPENDENT = 1e-12  # nats by which log p(y|c, x) may change; I(x;y|c) sees only its square


class Instance(NamedTuple):
    """A world through the eyes of some contexts, exactly, in nats.

    space; weight p(x) [context], normalised over the contexts given; log_prior [configuration];
    log_belief = log p(c|x) [context, configuration]; log_given = log p(y|c, x) [context or 1,
    configuration, token], one row when the token reads no words; log_predictive = log p(y|x)
    [context, token].
    """

    space: ConceptSpace
    weight: np.ndarray
    log_prior: np.ndarray
    log_belief: np.ndarray
    log_given: np.ndarray
    log_predictive: np.ndarray

    @property
    def num_tokens(self) -> int:
        """The number of tokens."""
        return self.log_given.shape[2]

    @property
    def leaks(self) -> bool:
        """Whether p(y|c) depends on the context in its tables."""
        return len(self.log_given) > 1

    def log_joint(self) -> Float[np.ndarray, "context token configuration"]:
        """log p(c, y|x) = log p(c|x) + log p(y|c, x)."""
        return self.log_belief[:, None, :] + self.log_given.transpose(0, 2, 1)

    def log_both(self) -> Float[np.ndarray, "context token configuration"]:
        """log p(c|x, y); a row of −inf where p(y|x) = 0."""
        log_total = np.where(np.isneginf(self.log_predictive), 0.0, self.log_predictive)
        return self.log_joint() - log_total[:, :, None]

    def epsilon(self) -> Float[np.ndarray, "context token"]:
        """The paper's ε of a context and a token: 1 − max_c p(c|x, y); 0 where p(y|x) = 0."""
        return one_minus_largest(self.log_both())

    def log_token_given(self) -> Float[np.ndarray, "configuration token"]:
        """log p(y|c): the table M, or with a leak its mean over the contexts given.

        With a leak: Σ_x w(x|c) p(y|c, x), w(x|c) ∝ w(x) p(c|x); where no context has p(c|x) > 0
        the contexts count by their weight alone.
        """
        if not self.leaks:
            return self.log_given[0]
        with np.errstate(divide="ignore"):
            share = self.weight[:, None] * np.exp(self.log_belief)
            total = share.sum(0)
            share = np.where(total > 0, share / np.where(total > 0, total, 1), self.weight[:, None])
            return np.log(np.einsum("xc,xcy->cy", share, np.exp(self.log_given)))

    def log_token_posterior(self) -> Float[np.ndarray, "token configuration"]:
        """log p(c|y) under the world's prior; a row of −inf for a token that never occurs."""
        log_joint = self.log_token_given().T + self.log_prior
        log_total = np.logaddexp.reduce(log_joint, axis=1, keepdims=True)
        return log_joint - np.where(np.isneginf(log_total), 0.0, log_total)

    def leak(self) -> float:
        """I(x; y | c) in nats under the weights: 0 when x and y are independent given c."""
        if not self.leaks:
            return 0.0
        share = self.weight[:, None] * np.exp(self.log_belief)
        given, mean = np.exp(self.log_given), np.exp(self.log_token_given())
        counted = (share > 0)[:, :, None] & (given > 0) & (mean > 0)
        ratio = np.where(counted, given, 1.0) / np.where(counted, mean, 1.0)
        return float(max(0.0, np.einsum("xc,xcy,xcy->", share, given, np.log(ratio))))

    def table_change(self) -> float:
        """The largest range of log p(y|c, x) over the contexts with p(c|x) > 0, nats."""
        if not self.leaks:
            return 0.0
        allowed = ~np.isneginf(self.log_belief)[:, :, None]
        high = np.where(allowed, self.log_given, -np.inf).max(0)
        low = np.where(allowed, self.log_given, np.inf).min(0)
        never = np.isneginf(high)
        return float((np.where(never, 0.0, high) - np.where(never, 0.0, low)).max())

    def independence(self) -> Assumption:
        """x ⊥ y | c, measured as I(x; y | c) in nats with the contexts weighed alike.

        Met where log p(y|c, x) is the same in all contexts given, those of weight zero included,
        as theorems speak of them all.
        """
        alike = self._replace(weight=np.full(len(self.weight), 1 / len(self.weight)))
        met = self.table_change() <= INDEPENDENT
        return Assumption("x ⊥ y | c: I(x; y | c) in nats is 0", alike.leak(), met)


def instance(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> Instance:
    """What a world says of some contexts: beliefs, token tables, predictions.

    log_weight [context]: log p(x) where contexts are enumerated; None weighs them alike. Raises
    ValueError as `log_posterior` does, and above 1 GiB of [context, token, configuration].
    """
    context = model.check_context(context, ASKER)
    refuse_large_enumeration(ASKER, model.space.num_configurations)
    shape = (len(context), model.num_tokens(context.shape[1]), model.space.num_configurations)
    refuse_large_output(ASKER, shape, "use fewer contexts")
    return Instance(
        model.space,
        normalised_weight(log_weight, len(context)),
        log_prior(model),
        log_posterior(model, context),
        log_token_given_context(model, context),
        log_predictive(model, context),
    )
