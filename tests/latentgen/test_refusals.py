"""Does every exact function refuse by name, with the true size, and only above the limit?"""

import re

import jax
import numpy as np
import pytest

import latentgen as lg
from latentgen import contraction_path, host

COIN = [[0.9, 0.1], [0.2, 0.8]]
MODEL = lg.hidden_markov([0.5, 0.5], COIN, [[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]], 3)
ALIKE = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], ((0,), COIN), ((0,), COIN))
READ = lg.Emission((0,), np.full((2, 2, 3), 1 / 3), reads=(0,))  # the next word reads the first
READING = lg.ConceptModel.from_graph(
    lg.chain_dag(2), (2, 2), [[0.5, 0.5], COIN], [((1,), COIN), READ]
)
CONTEXT = [[0, 0], [0, 1], [1, 2], [2, 2], [2, 1]]

# name: (what is asked of a context, the shape of its answer)
SIZED = {
    "log_context_given": (lambda x: lg.log_context_given(MODEL, x), (5, 8)),
    "log_posterior": (lambda x: lg.log_posterior(MODEL, x), (5, 8)),
    "log_posterior_prefixes": (lambda x: lg.log_posterior_prefixes(MODEL, x), (5, 3, 8)),
    "log_filtered_belief": (lambda x: lg.log_filtered_belief(MODEL, x), (5, 3, 2)),
    "log_predictive_prefixes": (lambda x: lg.log_predictive_prefixes(MODEL, x), (5, 3, 3)),
    "log_concept_posterior_prefixes": (
        lambda x: lg.log_concept_posterior_prefixes(MODEL, x, 1),
        (5, 3, 2),
    ),
    "contract_log_predictive": (lambda x: lg.contract_log_predictive(MODEL, x), (5, 3)),
    "contract_log_posterior": (lambda x: lg.contract_log_posterior(MODEL, x, [2, 0]), (5, 2, 2)),
    "contract_log_concept_posteriors": (
        lambda x: lg.contract_log_concept_posteriors(MODEL, x),
        (5, 6),  # a list of arrays, one beside the other
    ),
}
OTHERS = {
    "log_evidence": lambda x: lg.log_evidence(MODEL, x),
    "log_predictive": lambda x: lg.log_predictive(MODEL, x),
    "log_concept_posterior": lambda x: lg.log_concept_posterior(MODEL, x, 0),
    "contract_log_evidence": lambda x: lg.contract_log_evidence(MODEL, x),
    "log_operands": lambda x: lg.log_operands(MODEL, x),
}
ASK = {**{name: ask for name, (ask, _) in SIZED.items()}, **OTHERS}
WITHOUT_CONTEXT = {
    "log_prior": (lambda: lg.log_prior(MODEL), (8,)),
    "log_token_given": (lambda: lg.log_token_given(MODEL), (3, 8)),
    "log_token_given_context": (
        lambda: lg.log_token_given_context(READING, np.zeros((9, 1), int)),
        (9, 3, 4),
    ),
    "enumerate_contexts": (lambda: lg.enumerate_contexts(MODEL, 2), (9, 2)),
    "enumerate_bags": (lambda: lg.enumerate_bags(ALIKE, 3), (4, 3)),
}


@pytest.mark.parametrize("name", ASK)
def test_a_tracer_is_refused_by_name(name):
    with pytest.raises(TypeError, match=rf"^{name} is an exact host function"):
        jax.jit(ASK[name])(np.array(CONTEXT))


@pytest.mark.parametrize("name", [*SIZED, *WITHOUT_CONTEXT])
def test_an_answer_is_refused_by_name_above_the_limit_and_not_at_it(name, monkeypatch):
    if name in SIZED:
        ask, shape = SIZED[name]
        answer = ask(CONTEXT)
        found = answer if isinstance(answer, np.ndarray) else np.concatenate(answer, 1)
        assert found.size == np.prod(shape)
    else:
        bare, shape = WITHOUT_CONTEXT[name]

        def ask(_):
            return bare()

    size = 8 * int(np.prod(shape))
    monkeypatch.setattr(host, "MAX_OUTPUT_BYTES", size)
    ask(CONTEXT)
    monkeypatch.setattr(host, "MAX_OUTPUT_BYTES", size - 1)
    message = rf"^{name} would return .* shape {re.escape(str(shape))}, .*: use "
    with pytest.raises(ValueError, match=message):
        ask(CONTEXT)


ENUMERATING = [
    "log_context_given",
    "log_posterior",
    "log_posterior_prefixes",
    "log_evidence",
    "log_predictive",
    "log_concept_posterior",
]


@pytest.mark.parametrize("name", [*ENUMERATING, *WITHOUT_CONTEXT])
def test_a_visit_of_every_configuration_is_refused_by_name(name, monkeypatch):
    def ask():
        return ASK[name](CONTEXT) if name in ASK else WITHOUT_CONTEXT[name][0]()

    num_configurations = {"log_token_given_context": 4, "enumerate_bags": 2}.get(name, 8)
    monkeypatch.setattr(host, "MAX_CONFIGURATIONS", num_configurations)
    ask()
    monkeypatch.setattr(host, "MAX_CONFIGURATIONS", num_configurations - 1)
    with pytest.raises(ValueError, match=rf"^{name} visits every configuration"):
        ask()


@pytest.mark.parametrize("name", [name for name in ASK if name.startswith("contract")])
def test_a_contraction_too_large_is_refused_by_name(name, monkeypatch):
    ASK[name](CONTEXT)
    monkeypatch.setattr(contraction_path, "MAX_CONTRACTION_BYTES", 8)
    with pytest.raises(ValueError, match=r"^contract_log_\w+ would hold") as caught:
        ASK[name](CONTEXT)
    # What is joint is divided by the evidence, which is asked for first.
    asked_first = {"contract_log_posterior": "contract_log_evidence"}
    assert str(caught.value).startswith(asked_first.get(name, name))


SIXTY = lg.ConceptModel.from_graph(
    lg.chain_dag(60), (2,) * 60, [[0.5, 0.5]] + [COIN] * 59, [((59,), COIN)], ((0,), COIN)
)
TOO_LARGE = {
    "log_evidence": (lambda: lg.log_evidence(SIXTY, [[0]]), "contract_log_evidence"),
    "log_predictive": (lambda: lg.log_predictive(SIXTY, [[0]]), "contract_log_predictive"),
    "log_posterior": (lambda: lg.log_posterior(SIXTY, [[0]]), "contract_log_posterior"),
    "log_prior": (lambda: lg.log_prior(SIXTY), "contract_log_posterior"),
    "log_concept_posterior": (
        lambda: lg.log_concept_posterior(SIXTY, [[0]], 0),
        "contract_log_concept_posteriors",
    ),
    "enumerate_contexts": (lambda: lg.enumerate_contexts(SIXTY), "sample"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_world_too_large_to_visit_is_sent_to_what_answers_it(name):
    ask, twin = TOO_LARGE[name]
    with pytest.raises(ValueError, match=rf"^{name} visits .*: use lg\.{twin}\b"):
        ask()
    assert hasattr(lg, twin)


@pytest.mark.parametrize("ask", [lg.conditions, lg.theorems.identity, lg.theorems.product_law])
def test_theorems_and_conditions_refuse_large_worlds_in_their_own_name(ask):
    message = r"^a theorem or lg\.conditions visits .*: use fewer concepts .* no contraction"
    with pytest.raises(ValueError, match=message):
        ask(SIXTY, [[0]])


def test_every_twin_that_is_named_is_there_and_answers():
    named = {
        found for text in host.BY_CONTRACTION.values() for found in re.findall(r"lg\.(\w+)", text)
    }
    assert all(hasattr(lg, name) for name in named)
    alone = lg.contract_log_posterior(SIXTY, np.zeros((1, 0), int), [0, 1])
    np.testing.assert_allclose(np.exp(alone), [[0.45, 0.05, 0.1, 0.4]])
