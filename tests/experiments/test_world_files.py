"""Does a world named on the command line get its page: exact numbers, laws, nulls, no verdict?"""

import json
import math
import re
import tracemalloc
from fractions import Fraction
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import latentgen as lg
from experiments import command_line, world_page
from experiments.world_reading import LARGEST, reading
from latentgen import rational

ROOT = Path(__file__).parents[2]
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
BELL = rational.RationalWorld(  # one concept; a word tells it through noise, the token names it
    "a bell",
    (2,),
    (THIRD, 1 - THIRD),
    (((Fraction(3, 4), Fraction(1, 4)), (Fraction(1, 5), Fraction(4, 5))),),
    ((Fraction(9, 10), Fraction(1, 10)), (Fraction(1, 10), Fraction(9, 10))),
)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.json").write_text(BELL.json(), encoding="utf-8")
    return tmp_path


def shown(capsys, *words):
    """What `latentgen show` prints."""
    command_line.main(["show", *words])
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def joint(world):
    """p(x, y) and p(x, c) of a world of one position, in fractions, summed term by term."""
    xy, xc = {}, {}
    for c, prior in enumerate(world.prior):
        for x, word in enumerate(world.words[0][c]):
            xc[x, c] = prior * word
            for y, token in enumerate(world.token[c]):
                xy[x, y] = xy.get((x, y), 0) + prior * word * token
    return xy, xc


def information(table):
    """I of a joint table of fractions, in nats."""
    first, second = {}, {}
    for (a, b), p in table.items():
        first[a], second[b] = first.get(a, 0) + p, second.get(b, 0) + p
    return sum(p * math.log(p / (first[a] * second[b])) for (a, b), p in table.items() if p)


def test_the_page_has_what_enumeration_by_hand_gives(capsys):
    found = json.loads(shown(capsys, "bell.json", "--json"))
    xy, xc = joint(BELL)
    first = {x: sum(p for (a, _), p in xy.items() if a == x) for x in (0, 1)}
    loss = -sum(p * math.log(p / first[x]) for (x, _), p in xy.items())
    assert found["token_information"] == pytest.approx(information(xy), rel=1e-10)
    assert found["concept_information"] == pytest.approx(information(xc), rel=1e-10)
    assert found["bayes_loss"] == pytest.approx(loss, rel=1e-10)
    assert (found["num_contexts"], found["num_tokens"], found["note"]) == (2, 2, "a bell")
    assert found["num_configurations"] == 2
    epsilon = 1 - sum(max(p for (a, _), p in xc.items() if a == x) for x in (0, 1))
    assert found["conditions"]["epsilon_context"][0] == pytest.approx(float(epsilon))
    assumptions = {a["name"]: a["met"] for a in found["theorem"]["assumptions"]}
    assert assumptions["diversity: at least ℓ + 1 = 3 tokens"] is False
    assert assumptions["diversity: rank L is ℓ − 1 = 1"] is True
    assert found["theorem"]["largest_residual"] > 0


def test_the_page_says_the_same_in_words(capsys):
    page, found = shown(capsys, "bell.json"), json.loads(shown(capsys, "bell.json", "--json"))
    for part in (
        "a bell",
        "configurations  2",
        "2 at one position",
        f"I(x;y)          {found['token_information']:.4f} nats",
        f"Bayes loss      {found['bayes_loss']:.4f} nats",
        "broken  diversity: at least ℓ + 1 = 3 tokens: 2",
        "met     diversity: rank L is ℓ − 1 = 1: 1",
        "largest |residual|",
        "null: the likeliest c alone",
        "No verdict: one world has no interval over worlds, and a verdict takes 20.",
    ):
        assert part in page
    assert "Trivial corner" in page  # two beliefs, which the likeliest c tells apart
    for line in page.split("S: the share")[1].splitlines():
        assert not {"holds", "fails", "approximate"} & set(line.split())


def test_the_scores_rank_laws_and_nulls_as_they_must_be(capsys):
    scores = json.loads(shown(capsys, "echo", "--json"))["scores"]
    population = {name: score["population"] for name, score in scores.items()}
    assert set(population) == {"log_posterior", "belief", "raw_input", "argmax", "permuted"}
    assert population["belief"] > population["log_posterior"] > population["argmax"]  # y blurs c
    assert population["raw_input"] < 0.3  # a word alone is a fair coin there
    assert all(score["held_out"] <= score["population"] for score in scores.values())


def test_an_anchored_token_gives_the_law_of_log_p_the_highest_score(capsys):
    scores = json.loads(shown(capsys, "paper-er1-m4", "--context-length", "6", "--json"))["scores"]
    assert scores["log_posterior"]["population"] > 0.95
    assert scores["log_posterior"]["population"] > scores["belief"]["population"]


def test_laws_are_set_against_the_null_that_is_hardest_to_exceed(capsys):
    scores = json.loads(shown(capsys, "echo", "--json"))["scores"]
    held_out = {name: score["held_out"] for name, score in scores.items()}
    gap = held_out["log_posterior"] - held_out["argmax"]
    assert max(held_out[null] for null in ("raw_input", "permuted")) < held_out["argmax"]
    said = shown(capsys, "echo")
    assert (
        f"Above the largest null (the likeliest c alone): log p(c|x) {gap:+.3f}, p(c|x) +" in said
    )
    assert "Evidence takes 0.05 at least" in said


def test_a_world_by_name_by_its_json_and_saved_has_the_same_page(capsys, elsewhere):
    name = "counterexample-pinned"
    by_name = json.loads(shown(capsys, name, "--json"))
    assert "Every token pins c" in by_name["note"]
    path = str(resources.files("latentgen").joinpath("data", f"{name}.json"))
    assert json.loads(shown(capsys, path, "--json")) == by_name | {"world": path}
    lg.save(lg.worlds.named(name), elsewhere / "saved.npz")
    lg.save(lg.worlds.named(name), elsewhere / "saved")
    for saved in ("saved.npz", "saved"):
        changes = {"world": saved, "note": ""}
        assert json.loads(shown(capsys, saved, "--json")) == by_name | changes


def test_a_world_of_alike_positions_is_seen_through_bags_of_words(elsewhere):
    space = lg.ConceptSpace((2,))
    model = lg.ConceptModel.from_tables(space, [0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], np.eye(2))
    lg.save(model, elsewhere / "alike.npz")
    found = reading(model, 3)
    assert found.contexts.context.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]]
    page = world_page.page("alike.npz", None)
    assert "bags of words   7, of 6 words" in page
    assert "any number of positions, all alike" in page


def test_where_words_tell_nothing_there_is_nothing_to_explain(elsewhere):
    deaf = BELL._replace(words=(((HALF, HALF), (HALF, HALF)),))
    (elsewhere / "deaf.json").write_text(deaf.json())
    page = world_page.page("deaf.json", None)
    assert "I(x;y)          0.0000 nats" in page
    assert "The words tell nothing of the token" in page
    assert "No verdict" not in page


def test_zeros_leave_out_the_law_of_log_p_and_infinite_conditions_are_said_in_json(capsys):
    assert "p(c|x) has zeros, where log p(c|x) is no finite law" in shown(capsys, "sprinkler")
    found = json.loads(shown(capsys, "sprinkler", "--json"))
    assert "log_posterior" not in found["scores"]
    assert found["conditions"]["condition_number"] == "infinite"
    assert found["scores"]["belief"]["held_out"] is None  # saturated: six contexts


def test_after_some_words_the_page_is_bayes_rule(capsys):
    said = shown(capsys, "bell.json", "--context", "1")
    _, xc = joint(BELL)
    evidence = xc[1, 0] + xc[1, 1]
    belief = [xc[1, c] / evidence for c in (0, 1)]
    predicted = [sum(belief[c] * BELL.token[c][y] for c in (0, 1)) for y in (0, 1)]
    assert f"p(x)      {float(evidence):.6g}" in said
    assert f"p(y|x)    0: {float(predicted[0]):.6g}  1: {float(predicted[1]):.6g}" in said
    assert f"p(c_0|x)  0: {float(belief[0]):.6g}  1: {float(belief[1]):.6g}" in said
    assert said.index(f"(1,)  {float(belief[1]):.6g}") < said.index(f"(0,)  {float(belief[0]):.6g}")
    assert f"p(c_0|x)  0: {1 / 3:.6g}" in shown(capsys, "bell.json", "--context")


def test_the_page_on_worlds_shows_what_is_printed(capsys, elsewhere):
    page = (ROOT / "docs" / "how-to" / "own-world.md").read_text(encoding="utf-8")
    world, *printed = re.findall(r"```(?:json|text)\n(.*?)```", page[page.index("```json") :], re.S)
    (elsewhere / "weather.json").write_text(world, encoding="utf-8")
    commands = re.findall(r"```sh\n(latentgen show weather.json.*?)\n```", page)
    assert len(commands) == 2
    for command, output in zip(commands, printed, strict=False):
        assert shown(capsys, *command.split()[2:]) == output


def test_an_experiment_comes_before_a_file_of_its_name(capsys, elsewhere):
    (elsewhere / "leak").write_text("no world")
    assert "Does the law survive" in shown(capsys, "leak")


def test_the_largest_world_that_is_read_is_under_the_limit_and_the_next_is_refused():
    model = lg.worlds.named("paper-er2-m8")  # 2^8 configurations, 2^8 tokens, binary words
    assert LARGEST == 2**6 * 2**16
    with pytest.raises(ValueError, match=r"at most, .* 128 × 256 × 256: give a smaller"):
        reading(model, 7)


def fair_bell(num_values):
    """A concept that is one of many values alike, and one word that says nothing of it."""
    halves = np.full((num_values, 2), 0.5)
    prior = np.full(num_values, 1 / num_values)
    return lg.ConceptModel.from_tables(lg.ConceptSpace((num_values,)), prior, halves[None], halves)


def test_a_concept_of_too_many_values_is_refused_although_contexts_are_few():
    assert reading(fair_bell(2**5), 1).contexts.context.shape == (2, 1)
    with pytest.raises(ValueError, match=r"values of a concept may be .* 4096 × 4096: write a"):
        reading(fair_bell(2**12), 1)


def test_a_page_of_three_contexts_takes_little_memory_however_many_the_configurations():
    model = lg.worlds.named("mess3")  # 3 contexts of one word, 3^11 configurations
    tracemalloc.start()
    try:
        found = reading(model, 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.scores["argmax"].population == pytest.approx(1.0)  # each word has its own argmax
    assert peak < 2**30  # ℓ × ℓ numbers would be 234 GiB
