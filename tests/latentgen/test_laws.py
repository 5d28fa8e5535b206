"""Do the exact answers obey the laws of probability, and ignore how things are numbered?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen.strategies import IntegerWorld, WeightTable

WORLDS = lg.strategies.integer_worlds()
FACTORED = lg.strategies.integer_worlds(saturated=False)
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def longest(model):
    """The longest context that still has a token after it."""
    if model.num_positions is None:
        return 2
    return model.num_positions - (model.token is None)


def full_table(world, table):
    """A local table as [configuration, outcome], by an index a configuration."""
    values = lg.ConceptSpace(world.cardinalities).values(
        np.arange(int(np.prod(world.cardinalities)))
    )
    probability = table.weights / table.weights.sum(-1, keepdims=True)
    return probability[tuple(values[:, concept] for concept in table.scope)] + np.zeros(
        (len(values), 1)
    )


@given(WORLDS, st.data())
def test_posteriors_and_predictions_sum_to_one(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    answers = [
        lg.log_prior(model),
        lg.log_posterior(model, context),
        lg.log_posterior_prefixes(model, context),
        lg.log_concept_posterior(model, context, 0),
        lg.log_concept_posterior_prefixes(model, context, 0),
        lg.log_predictive(model, context),
    ]
    for answer in answers:
        assert not np.isnan(answer).any()
        np.testing.assert_allclose(np.exp(answer).sum(-1), 1, **TOLERANCE)


@given(WORLDS)
def test_posteriors_average_to_the_prior(world):
    model = world.model()
    every = lg.enumerate_contexts(model, longest(model))
    np.testing.assert_allclose(every.weight.sum(), 1, **TOLERANCE)
    mean = every.weight @ np.exp(lg.log_posterior(model, every.context))
    np.testing.assert_allclose(mean, np.exp(lg.log_prior(model)), **TOLERANCE)


@given(lg.strategies.integer_worlds(interacting=False), st.data())
def test_the_predictive_mixes_the_token_table_by_the_posterior(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    table = np.exp(lg.log_token_given(model, context.shape[1]))
    mixed = np.exp(lg.log_posterior(model, context)) @ table
    np.testing.assert_allclose(np.exp(lg.log_predictive(model, context)), mixed, **TOLERANCE)


@given(lg.strategies.integer_worlds(token=False), st.data())
def test_without_a_token_table_every_prefix_predicts_its_next_word(world, data):
    model = world.model()
    length = 3 if model.num_positions is None else model.num_positions
    every = lg.enumerate_contexts(model, length).context
    context = every[[data.draw(st.integers(0, len(every) - 1))]]
    chain = sum(
        lg.log_predictive(model, context[:, :end])[0, context[0, end]] for end in range(length)
    )
    np.testing.assert_allclose(chain, lg.log_evidence(model, context)[0], **TOLERANCE)


@given(WORLDS, st.data())
def test_a_prefix_of_a_context_is_a_context(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    joint = lg.log_posterior_prefixes(model, context)
    marginal = lg.log_concept_posterior_prefixes(model, context, 0)
    for end in range(context.shape[1] + 1):
        part = context[:, :end]
        np.testing.assert_allclose(joint[:, end], lg.log_posterior(model, part), **TOLERANCE)
        alone = lg.log_concept_posterior(model, part, 0)
        np.testing.assert_allclose(marginal[:, end], alone, **TOLERANCE)


@given(lg.strategies.integer_worlds(saturated=False, interacting=False), st.data())
def test_a_factored_world_equals_its_saturated_tables(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    words = [full_table(world, table) for table in world.words]
    if not words:
        return
    full = lg.ConceptModel.from_tables(
        model.space,
        np.exp(lg.log_prior(model)),
        words[0] if world.positions_alike else np.stack(words),
        None if world.token is None else full_table(world, world.token),
    )
    for ask in (lg.log_posterior, lg.log_posterior_prefixes, lg.log_predictive):
        np.testing.assert_allclose(ask(full, context), ask(model, context), **TOLERANCE)
    np.testing.assert_allclose(
        lg.log_token_posterior(full), lg.log_token_posterior(model), **TOLERANCE
    )


def renamed(values, order):
    """order[old] = new, for a tuple."""
    return tuple(int(order[value]) for value in values)


def moved(world, order):
    """The same world with concept k called order[k]."""
    back = np.argsort(order)
    cardinalities = tuple(world.cardinalities[k] for k in back)
    words, token = [
        [table._replace(scope=renamed(table.scope, order)) for table in tables]
        for tables in (world.words, [world.token] if world.token else [])
    ]
    if world.parents is None:
        # Joint tables are written over all concepts in order, so their axes move along.
        def transposed(weights):
            return np.moveaxis(weights, range(len(order)), order)

        everything = tuple(range(len(order)))
        words, token = [
            [table._replace(scope=everything, weights=transposed(table.weights)) for table in part]
            for part in (words, token)
        ]
        parents, concept_weights = None, (transposed(world.concept_weights[0]),)
    else:
        parents, concept_weights = [], []
        for k in back:
            new = renamed(world.parents[k], order)
            axes = (*np.argsort(new), len(new))
            parents.append(tuple(sorted(new)))
            concept_weights.append(world.concept_weights[k].transpose(axes))
    return IntegerWorld(
        cardinalities,
        None if parents is None else tuple(parents),
        tuple(concept_weights),
        tuple(words),
        world.positions_alike,
        token[0] if token else None,
    )


@given(WORLDS, st.data())
def test_renaming_concepts_permutes_the_axes_of_the_answers(world, data):
    model = world.model()
    order = data.draw(st.permutations(range(len(world.cardinalities))))
    other = moved(world, order).model()
    context = data.draw(lg.strategies.contexts(model))
    for concept, new in enumerate(order):
        np.testing.assert_allclose(
            lg.log_concept_posterior(other, context, new),
            lg.log_concept_posterior(model, context, concept),
            **TOLERANCE,
        )
    values = other.space.values(np.arange(other.space.num_configurations))[:, order]
    same = model.space.configuration(values)
    np.testing.assert_allclose(
        lg.log_posterior(other, context), lg.log_posterior(model, context)[:, same], **TOLERANCE
    )
    np.testing.assert_allclose(
        lg.log_predictive(other, context), lg.log_predictive(model, context), **TOLERANCE
    )


@given(FACTORED, st.data())
def test_renaming_a_concepts_values_permutes_its_posterior(world, data):
    model = world.model()
    concept = data.draw(st.integers(0, len(world.cardinalities) - 1))
    order = data.draw(st.permutations(range(world.cardinalities[concept])))

    def shuffled(weights, scope):
        return weights.take(order, scope.index(concept)) if concept in scope else weights

    def table(t):
        return None if t is None else t._replace(weights=shuffled(t.weights, t.scope))

    other = world._replace(
        concept_weights=tuple(
            shuffled(weights, (*parents, k))
            for k, (parents, weights) in enumerate(
                zip(world.parents, world.concept_weights, strict=True)
            )
        ),
        words=tuple(table(t) for t in world.words),
        token=table(world.token),
    ).model()
    context = data.draw(lg.strategies.contexts(model))
    np.testing.assert_allclose(
        lg.log_concept_posterior(other, context, concept),
        lg.log_concept_posterior(model, context, concept)[:, order],
        **TOLERANCE,
    )
    np.testing.assert_allclose(
        lg.log_predictive(other, context), lg.log_predictive(model, context), **TOLERANCE
    )


@given(lg.strategies.integer_worlds(interacting=False, token=True), st.data())
def test_renaming_words_renames_contexts_and_renaming_tokens_permutes_predictions(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    if not world.words:
        return
    word_order = data.draw(st.permutations(range(world.words[0].weights.shape[-1])))
    token_order = data.draw(st.permutations(range(world.token.weights.shape[-1])))

    def shuffled(t: WeightTable, order):
        return t._replace(weights=t.weights[..., order])

    other = world._replace(
        words=tuple(shuffled(t, word_order) for t in world.words),
        token=shuffled(world.token, token_order),
    ).model()
    new_context = np.argsort(word_order)[context]
    np.testing.assert_allclose(
        lg.log_posterior(other, new_context), lg.log_posterior(model, context), **TOLERANCE
    )
    np.testing.assert_allclose(
        lg.log_predictive(other, new_context),
        lg.log_predictive(model, context)[:, token_order],
        **TOLERANCE,
    )
