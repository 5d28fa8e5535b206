"""What does a context tell, when every pair of its words tells one concept?

p(c|x) ∝ p(c) exp(Σ_k λ_k(x) c_k), where λ_k(x) is the sum of ± log((1 − δ)/δ) over the pairs of
concept k: an exponential family of m dimensions, so that many contexts cost no more than a matrix
product.
"""

import numpy as np
from jaxtyping import Float, Int

import latentgen as lg


def log_likelihood_ratios(
    model: lg.ConceptModel, context: Int[np.ndarray, "context position"]
) -> Float[np.ndarray, "context concept"]:
    """λ_k(x) = log p(x|c_k = 1) − log p(x|c_k = 0), nats, of a world of `scale.worlds`."""
    found = np.zeros((len(context), model.space.num_concepts))
    for second in range(1, context.shape[1], 2):
        factor = model.word_factor(second)
        change = factor.log_table[1] - factor.log_table[0]  # [key, word]
        found[:, factor.scope[0]] += change[context[:, second - 1], context[:, second]]
    return found


def predictive(
    model: lg.ConceptModel, context: Int[np.ndarray, "context position"]
) -> Float[np.ndarray, "context token"]:
    """p(y|x), as `lg.log_predictive` has it, in less time: Σ_c is split into two halves.

    Σ_c p(c) p(y|c) e^{λ·c} = Σ_a e^{λ·a} Σ_b e^{λ·b} p(a, b) p(y|a, b), a and b the values of the
    first and the last half of the concepts.
    """
    joint = np.exp(lg.log_prior(model)[:, None] + lg.log_token_given(model))
    first = model.space.num_concepts // 2
    told = log_likelihood_ratios(model, context)
    left, right = _weights(told[:, :first]), _weights(told[:, first:])
    split = joint.reshape(left.shape[1], right.shape[1], -1)
    halfway = (left @ split.reshape(len(split), -1)).reshape(len(left), *split.shape[1:])
    found = np.matmul(right[:, None], halfway)[:, 0]
    return found / found.sum(1, keepdims=True)


def pattern(context: Int[np.ndarray, "context position"]) -> Int[np.ndarray, "context"]:
    """Which pairs of words differ, as a number: contexts that agree in it have one p(c|x).

    They are kept together when contexts are held out.
    """
    differs = (context[:, 0::2] != context[:, 1::2]).astype(np.int64)
    return differs @ (1 << np.arange(differs.shape[1], dtype=np.int64))


def every_belief(
    model: lg.ConceptModel,
) -> tuple[Int[np.ndarray, "belief position"], Float[np.ndarray, "belief"]]:
    """One context of every belief that a context can lead to, and p(belief): 4^m of each.

    Contexts of one pattern differ in their coins alone, all of which are as probable.
    """
    num_pairs = 2 * model.space.num_concepts
    context = np.zeros((2**num_pairs, 2 * num_pairs), np.int64)
    context[:, 1::2] = lg.binary_digits(np.arange(2**num_pairs), num_pairs)
    log_evidence = lg.log_evidence(model, context)
    probability = np.exp(log_evidence - log_evidence.max())
    return context, probability / probability.sum()


def likeliest(
    model: lg.ConceptModel, context: Int[np.ndarray, "context position"]
) -> Int[np.ndarray, "context"]:
    """argmax_c p(c|x) of every context."""
    told = log_likelihood_ratios(model, context)
    log_joint = told @ lg.binary_digits(np.arange(model.space.num_configurations), told.shape[1]).T
    log_joint += lg.log_prior(model)
    return log_joint.argmax(1)


def _weights(told: Float[np.ndarray, "context concept"]) -> Float[np.ndarray, "context value"]:
    """exp(Σ_k λ_k c_k) of every c of some concepts, row-major, over its largest value."""
    digits = lg.binary_digits(np.arange(2 ** told.shape[1]), told.shape[1])
    exponent = told @ digits.T
    return np.exp(exponent - exponent.max(1, keepdims=True))
