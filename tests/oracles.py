"""What is the right answer, by the most stupid way there is?

Plain Python over every configuration and every context, in exact fractions. Nothing here imports
latentgen: a world is read by its fields only (see `latentgen.strategies.IntegerWorld`), tables
are weights of which every row is divided by its sum. Configurations are tuples of values.
"""

import itertools
import math
from fractions import Fraction


def entry(weights, index):
    """The probability at index, the row over the last axis divided by its sum."""
    row = weights
    for i in index[:-1]:
        row = row[i]
    return exact(row[index[-1]]) / sum(exact(weight) for weight in row)


def exact(weight):
    """An integer weight as a fraction of Python integers: those of NumPy overflow."""
    return Fraction(int(weight))


def log(probability):
    """The natural logarithm of a fraction of any size; −inf at zero."""
    if probability == 0:
        return -math.inf
    if Fraction(1, 2) < probability < 2:
        return math.log1p(float(probability - 1))
    return math.log(probability.numerator) - math.log(probability.denominator)


def logs(nested):
    """log of every fraction in nested lists."""
    return [logs(item) for item in nested] if isinstance(nested, list) else log(nested)


def configurations(world):
    """All configurations, the last concept fastest."""
    return list(itertools.product(*[range(n) for n in world.cardinalities]))


def prior_of(world, c):
    """p(c)."""
    if world.parents is None:
        (weights,) = world.concept_weights
        total = sum(exact(weights[other]) for other in configurations(world))
        return exact(weights[c]) / total
    probability = Fraction(1)
    for concept, parents in enumerate(world.parents):
        index = (*[c[parent] for parent in parents], c[concept])
        probability *= entry(world.concept_weights[concept], index)
    return probability


def emission_of(emission, c, words, outcome):
    """p(outcome | c, earlier words)."""
    values = [c[concept] for concept in emission.scope]
    read = [words[position] for position in emission.reads]
    return entry(emission.weights, (*values, *read, outcome))


def word_emission(world, position):
    return world.words[0] if world.positions_alike else world.words[position]


def token_emission(world, context):
    return world.token if world.token is not None else word_emission(world, len(context))


def num_outcomes(emission):
    row = emission.weights
    for _ in (*emission.scope, *emission.reads):
        row = row[0]
    return len(row)


def prior(world):
    """p(c) [configuration]."""
    return [prior_of(world, c) for c in configurations(world)]


def context_given_of(world, context, c):
    """p(x|c)."""
    probability = Fraction(1)
    for position, word in enumerate(context):
        probability *= emission_of(word_emission(world, position), c, context, word)
    return probability


def context_given(world, context):
    """p(x|c) [configuration]."""
    return [context_given_of(world, context, c) for c in configurations(world)]


def joint(world, context):
    """p(c, x) [configuration]."""
    return [prior_of(world, c) * context_given_of(world, context, c) for c in configurations(world)]


def evidence(world, context):
    """p(x)."""
    return sum(joint(world, context))


def posterior(world, context):
    """p(c|x) [configuration]."""
    total = evidence(world, context)
    return [weight / total for weight in joint(world, context)]


def posterior_prefixes(world, context):
    """p(c|x_1…x_t) [prefix, configuration]."""
    return [posterior(world, context[:end]) for end in range(len(context) + 1)]


def marginal(world, joint, concept):
    """Σ over the other concepts [value]."""
    total = [Fraction(0)] * world.cardinalities[concept]
    for c, probability in zip(configurations(world), joint, strict=True):
        total[c[concept]] += probability
    return total


def concept_posterior(world, context, concept):
    """p(c_k|x) [value]."""
    return marginal(world, posterior(world, context), concept)


def token_given(world, context=()):
    """p(y|c) [configuration, token], which reads the context if the next word does."""
    emission = token_emission(world, context)
    tokens = range(num_outcomes(emission))
    return [[emission_of(emission, c, context, y) for y in tokens] for c in configurations(world)]


def predictive(world, context):
    """p(y|x) [token]."""
    rows = token_given(world, context)
    belief = posterior(world, context)
    tokens = range(len(rows[0]))
    return [sum(p * row[y] for p, row in zip(belief, rows, strict=True)) for y in tokens]


def token_posterior(world, context_length=0):
    """p(c|y) [token, configuration]; a row of zeros where p(y) = 0."""
    rows, weight = token_given(world, (0,) * context_length), prior(world)
    answer = []
    for token in range(len(rows[0])):
        joint = [p * row[token] for p, row in zip(weight, rows, strict=True)]
        answer.append([p / sum(joint) if sum(joint) else Fraction(0) for p in joint])
    return answer


def contexts(world, length):
    """All contexts of a length with p(x) > 0, and p(x)."""
    sizes = [num_outcomes(word_emission(world, position)) for position in range(length)]
    every = itertools.product(*[range(size) for size in sizes])
    weighed = [(context, evidence(world, context)) for context in every]
    return [(context, weight) for context, weight in weighed if weight > 0]


def entropy(distribution):
    """−Σ p log p, nats."""
    return -sum(float(p) * log(p) for p in distribution if p > 0)


def expectation(world, length, function):
    """Σ_x p(x) function(x)."""
    return float(sum(float(weight) * function(x) for x, weight in contexts(world, length)))


def bayes_loss(world, length):
    """H(y|x)."""
    return expectation(world, length, lambda x: entropy(predictive(world, x)))


def bayes_accuracy(world, length, concept):
    """E max_v p(c_k = v|x)."""
    return expectation(world, length, lambda x: max(concept_posterior(world, x, concept)))


def mean_distribution(world, length, distribution):
    """Σ_x p(x) p(·|x)."""
    rows = [[weight * p for p in distribution(x)] for x, weight in contexts(world, length)]
    return [sum(column) for column in zip(*rows, strict=True)]


def information(world, length, distribution):
    """H(E p(·|x)) − E H(p(·|x)), nats."""
    conditional = expectation(world, length, lambda x: entropy(distribution(x)))
    return entropy(mean_distribution(world, length, distribution)) - conditional


def epsilon(world, length):
    """E_{x,y}[1 − max_c p(c|x,y)], term by term."""
    total = Fraction(0)
    for context, weight in contexts(world, length):
        rows, belief = token_given(world, context), posterior(world, context)
        for token in range(len(rows[0])):
            joint = [p * row[token] for p, row in zip(belief, rows, strict=True)]
            if sum(joint) > 0:
                total += weight * sum(joint) * (1 - max(joint) / sum(joint))
    return float(total)


def context_epsilon(world, length):
    """E_x[1 − max_c p(c|x)]."""
    return expectation(world, length, lambda x: 1 - max(posterior(world, x)))


def prior_after(world, values):
    """p(c | do(c_k = v)) [configuration]: the product without the factors of what is set."""
    answer = []
    for c in configurations(world):
        probability = Fraction(1)
        for concept, parents in enumerate(world.parents):
            if concept in values:
                probability *= int(c[concept] == values[concept])
            else:
                index = (*[c[parent] for parent in parents], c[concept])
                probability *= entry(world.concept_weights[concept], index)
        answer.append(probability)
    return answer
