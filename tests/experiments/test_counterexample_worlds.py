"""Are the committed counterexamples what they are said to be?

The committed worlds are verified at 50 digits from their fractions alone; nothing of the project
takes part in that arithmetic.
"""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

import latentgen as lg
from experiments import counterexamples
from experiments.counterexamples import cell as counterexamples_cell
from experiments.counterexamples import shrink
from experiments.counterexamples.world import law_numbers, numbers, rival_numbers, sharpened
from latentgen import rational

DATA = Path(lg.__file__).parent / "data"
NAMES = sorted(counterexamples.COMMITTED)


class Exact:
    """A committed world at 50 digits, from the fractions in its file."""

    def __init__(self, name):
        self.fill(json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")))

    def fill(self, content):
        prior = [Fraction(value) for value in content["prior"]]
        (word,) = [[[Fraction(v) for v in row] for row in table] for table in content["words"]]
        self.token = [[Fraction(v) for v in row] for row in content["token"]]
        cs, xs, ys = range(len(prior)), range(len(word[0])), range(len(self.token[0]))
        self.cs, self.xs, self.ys = cs, xs, ys
        self.weight = [sum(prior[c] * word[c][x] for c in cs) for x in xs]
        self.belief = [[prior[c] * word[c][x] / self.weight[x] for c in cs] for x in xs]
        self.predictive = [
            [sum(self.belief[x][c] * self.token[c][y] for c in cs) for y in ys] for x in xs
        ]
        self.both = [
            [[self.belief[x][c] * self.token[c][y] / self.predictive[x][y] for c in cs] for y in ys]
            for x in xs
        ]
        total = [sum(prior[c] * self.token[c][y] for c in cs) for y in ys]
        self.named = [[prior[c] * self.token[c][y] / total[y] for c in cs] for y in ys]

    def epsilons(self):
        return [[1 - max(self.both[x][y]) for y in self.ys] for x in self.xs]

    def rational_numbers(self):
        """What is a fraction, exactly."""
        epsilon = self.epsilons()
        chosen = [max(self.cs, key=lambda c: self.named[y][c]) for y in self.ys]
        return {
            "epsilon": sum(
                self.weight[x] * self.predictive[x][y] * epsilon[x][y]
                for x, y in product(self.xs, self.ys)
            ),
            "worst_epsilon": max(max(row) for row in epsilon),
            "anchor": max(1 - self.both[x][y][chosen[y]] for x, y in product(self.xs, self.ys)),
            "variation": max(
                sum(abs(self.named[a][c] - self.named[b][c]) for c in self.cs) / 2
                for a, b in product(self.ys, self.ys)
            ),
            "context_epsilon": sum(self.weight[x] * (1 - max(self.belief[x])) for x in self.xs),
        }

    def coverage(self):
        return max(
            mp.log(number(self.both[x][a][c] / self.both[x][b][c]))
            for x, c, a, b in product(self.xs, self.cs, self.ys, self.ys)
        )

    def own_map(self):
        """r: by pairs of tokens, whose squared differences are |tokens| times the centred ones."""
        residual = spread = mp.mpf(0)
        for a, b in product(self.ys, self.ys):
            f = [mp.log(number(row[a] / row[b])) for row in self.predictive]
            claimed = [
                sum(
                    number(self.named[a][c] - self.named[b][c]) * mp.log(number(row[c]))
                    for c in self.cs
                )
                for row in self.belief
            ]
            residual += self.variance([u - v for u, v in zip(f, claimed, strict=True)])
            spread += self.variance(f)
        return residual / spread

    def variance(self, values):
        weight = [number(w) for w in self.weight]
        mean = sum(w * v for w, v in zip(weight, values, strict=True))
        return sum(w * (v - mean) ** 2 for w, v in zip(weight, values, strict=True))

    def information(self):
        mean = [sum(self.weight[x] * self.predictive[x][y] for x in self.xs) for y in self.ys]
        return sum(
            number(self.weight[x] * self.predictive[x][y])
            * mp.log(number(self.predictive[x][y] / mean[y]))
            for x, y in product(self.xs, self.ys)
        )

    def missed(self, features):
        """min E KL(p(y|x) ‖ softmax(U φ + v)) by Newton, with half its decrement as certificate.

        The last token's logit is 0, so that the minimum is unique.
        """
        design = [[*row, mp.mpf(1)] for row in features]
        free, width = list(self.ys)[:-1], len(design[0])
        weight = [number(w) for w in self.weight]
        target = [[number(p) for p in row] for row in self.predictive]
        size = len(free) * width
        theta = mp.zeros(size, 1)

        def model(theta):
            logits = [
                [sum(theta[a * width + i] * row[i] for i in range(width)) for a in free]
                + [mp.mpf(0)]
                for row in design
            ]
            total = [mp.log(sum(mp.exp(v) for v in row)) for row in logits]
            return [[v - t for v in row] for row, t in zip(logits, total, strict=True)]

        def loss(log_model):
            return sum(
                weight[x] * target[x][y] * (mp.log(target[x][y]) - log_model[x][y])
                for x, y in product(self.xs, self.ys)
            )

        for _ in range(200):
            log_model = model(theta)
            fit = [[mp.exp(v) for v in row] for row in log_model]
            gradient, curvature = mp.zeros(size, 1), mp.zeros(size, size)
            for x, a, i in product(self.xs, free, range(width)):
                gradient[a * width + i] += weight[x] * (fit[x][a] - target[x][a]) * design[x][i]
                for b, j in product(free, range(width)):
                    term = fit[x][a] * ((a == b) - fit[x][b])
                    curvature[a * width + i, b * width + j] += (
                        weight[x] * term * design[x][i] * design[x][j]
                    )
            step = mp.lu_solve(curvature, gradient)
            decrement = (gradient.T * step)[0]
            if decrement < mp.mpf(10) ** -40:
                break
            here, length = loss(log_model), mp.mpf(1)
            while loss(model(theta - length * step)) > here - length * decrement / 4:
                length /= 2
            theta = theta - length * step
        return loss(model(theta)), decrement / 2


def number(fraction):
    return mp.mpf(fraction.numerator) / fraction.denominator


@pytest.fixture(scope="module", params=NAMES)
def committed(request):
    with mp.workdps(50):
        yield request.param, Exact(request.param)


def test_the_numbers_of_a_committed_world_are_those_of_50_digits(committed):
    name, exact = committed
    found = numbers(lg.worlds.named(name))
    for quantity, value in exact.rational_numbers().items():
        assert abs(found[quantity] - value) < 1e-12 * max(1, value), quantity
    assert abs(found["own_map"] / exact.own_map() - 1) < 1e-9
    assert abs(found["coverage"] / exact.coverage() - 1) < 1e-9
    assert abs(found["token_information"] / exact.information() - 1) < 1e-7


def test_a_committed_world_meets_its_assumptions_in_fractions(committed):
    name, exact = committed
    assumption, target, direction, level = counterexamples.COMMITTED[name]
    asked = counterexamples_cell.limits(assumption, level, direction)
    found = exact.rational_numbers()
    level = Fraction(str(level))
    bounds = {
        "mean": [found["epsilon"]],
        "pinned": [found["worst_epsilon"]],
        "coverage": [found["worst_epsilon"], found["variation"], exact.coverage()],
        "anchored": [found["anchor"]],
    }[assumption]
    assert all(value <= level for value in bounds)
    if assumption in ("pinned", "anchored"):
        assert found["context_epsilon"] >= Fraction(1, 5)
    assert shrink.meets(numbers(lg.worlds.named(name)), asked)
    assert all(0 < value < 1 for row in exact.token for value in row)
    if target == "own_map":
        assert exact.own_map() > 1 if direction == "worst" else exact.own_map() < 1e-6


@pytest.mark.parametrize(
    ("name", "most"), [("counterexample-any-map", 0.11), ("counterexample-coverage-any-map", 0.5)]
)
def test_no_affine_map_of_log_p_explains_more_than_is_said(name, most):
    with mp.workdps(50):
        exact = Exact(name)
        features = [[mp.log(number(p)) for p in row] for row in exact.belief]
        missed, certificate = exact.missed(features)
        score = 1 - missed / exact.information()
        assert certificate < 1e-30 * missed
        assert score < most
        model = lg.worlds.named(name)
        small = name == "counterexample-coverage-any-map"  # there S is taken to second order
        assert abs(law_numbers(model)["score_log_posterior"] - score) < (0.02 if small else 1e-4)
        belief = [[number(p) for p in row[1:]] for row in exact.belief]
        rival = 1 - exact.missed(belief)[0] / exact.information()
        assert rival > 0.95
        assert abs(rival_numbers(model)["score_belief"] - rival) < 1e-4


@pytest.mark.parametrize("power", [2, 3])
def test_sharpened_the_worlds_pin_c_ever_better_and_the_law_fails_as_before(power):
    """ε falls below 1e-4, then 1e-6, everywhere: at 50 digits r stays above 4, S below .11."""
    with mp.workdps(50):
        for name in ("counterexample-pinned", "counterexample-any-map"):
            world = sharpened(rational.stored(name), power)
            exact = Exact(name)
            exact.fill(json.loads(world.json()))
            found = exact.rational_numbers()
            assert found["worst_epsilon"] <= Fraction(1, 10 ** (2 * power))
            assert found["context_epsilon"] >= Fraction(1, 5)
            if name == "counterexample-pinned":
                assert exact.own_map() > 4
            else:
                features = [[mp.log(number(p)) for p in row] for row in exact.belief]
                missed, certificate = exact.missed(features)
                assert certificate < 1e-30 * missed
                assert 1 - missed / exact.information() < 0.11


def test_by_hand_a_sharp_context_and_a_weak_token_make_r_as_large_as_wished():
    """p(x|c) = 1 − e where x = c: r → (½ log((1 − e)/e) − 1)² as the token weakens."""
    for e in (1e-2, 1e-4, 1e-8):
        token = [[0.5, 0.5], [0.501, 0.499]]
        words = [[1 - e, e], [e, 1 - e]]
        model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [0.5, 0.5], [words], token)
        expected = (np.log((1 - e) / e) / (2 * (1 - 2 * e)) - 1) ** 2
        assert abs(numbers(model)["own_map"] / expected - 1) < 1e-2
