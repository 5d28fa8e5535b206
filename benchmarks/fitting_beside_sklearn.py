"""How fast are the linear instruments, beside scikit-learn's at the same answer?

Both are timed with one BLAS thread and with two and the better is taken. The answers are compared
before any time is told.
"""

from functools import partial
from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

import estimators as es
from benchmarks.timing import (
    Row,
    best_of_threads,
    machine,
    markdown_wanted,
    ratio_row,
    tell,
    told,
)

NUM_ROWS, DIM, NUM_TARGETS, NUM_CLASSES = 20_000, 64, 16, 10
NUM_CCA_ROWS, CCA_DIM = 4_000, 16
MISSED = 1e-3  # how far correlations and log-losses may be apart


def same(what: str, ours: Any, theirs: Any, tolerance: float) -> None:
    """Raise ValueError unless both answers agree: unequal work is not compared."""
    gap = float(np.max(np.abs(np.asarray(ours) - np.asarray(theirs))))
    if not gap <= tolerance:
        raise ValueError(f"{what}: the answers are {gap:.2g} apart; at most {tolerance:g} may be")
    print(f"{what}: the answers are {gap:.1e} apart")


def features_of(generator: np.random.Generator, correlated: str) -> np.ndarray:
    """Features [row, feature], correlated "mildly" or as "strongly" as a random matrix mixes them.

    The ratio of largest to smallest spread is about 5, and some hundreds.
    """
    mixing = generator.normal(size=(DIM, DIM)) / 16
    mixing += np.eye(DIM) if correlated == "mildly" else 0.0
    return generator.normal(size=(NUM_ROWS, DIM)) @ mixing


def regression(correlated: str) -> Row:
    """64 features to 16 targets by least squares."""
    generator = np.random.default_rng(0)
    features = features_of(generator, correlated)
    target = features @ generator.normal(size=(DIM, NUM_TARGETS))
    target += generator.normal(size=target.shape)
    one, other = es.AffineMap(), LinearRegression()
    same(
        f"AffineMap and LinearRegression, {correlated} correlated, predictions",
        one.fit(features, target).predict(features),
        other.fit(features, target).predict(features),
        1e-9,
    )
    ours = best_of_threads(partial(one.fit, features, target))
    theirs = best_of_threads(partial(other.fit, features, target))
    what = f"least squares, {NUM_ROWS:,} × {DIM}, {correlated} correlated, to {NUM_TARGETS}"
    ratio = theirs.seconds / ours.seconds
    return ratio_row(what, told(ours.seconds), f"LinearRegression, {theirs}", ratio, 3)


def classification(correlated: str) -> Row:
    """10 classes from 64 features, not separable; both at their default tolerance."""
    generator = np.random.default_rng(1)
    features = features_of(generator, correlated)
    logits = features @ generator.normal(size=(DIM, NUM_CLASSES)) / 4
    label = (logits + generator.gumbel(size=logits.shape)).argmax(1)
    half = NUM_ROWS // 2
    seen, new, new_label = (features[:half], label[:half]), features[half:], label[half:]
    # C = 1: scikit-learn's default
    probes: tuple[Any, ...] = es.LinearProbe(C=1.0), LogisticRegression(C=1.0, max_iter=1000)
    for probe in probes:
        probe.fit(*seen)
    accuracies = [probe.score(new, new_label) for probe in probes]
    losses = [log_loss(new_label, probe.predict_proba(new)) for probe in probes]
    own = [log_loss(label[:half], probe.predict_proba(features[:half])) for probe in probes]
    print(f"held-out accuracy {accuracies[0]:.4f} and {accuracies[1]:.4f}")
    print(f"loss on the rows of the fit {own[0]:.6f} and {own[1]:.6f} nats")
    same(
        f"LinearProbe and LogisticRegression, {correlated} correlated, held-out log-loss",
        losses[0],
        losses[1],
        MISSED,
    )
    same(
        f"LinearProbe and LogisticRegression, {correlated} correlated, held-out accuracy",
        accuracies[0],
        accuracies[1],
        2 * MISSED,
    )
    ours, theirs = (best_of_threads(partial(probe.fit, *seen), repeats=3) for probe in probes)
    what = f"logistic regression, {half:,} × {DIM}, {correlated} correlated, {NUM_CLASSES} classes"
    ratio = theirs.seconds / ours.seconds
    return ratio_row(what, told(ours.seconds), f"LogisticRegression, {theirs}", ratio, 1)


def correlations() -> Row:
    """All canonical correlations of two representations of 16 dimensions.

    es.cca scores them on five held-out folds besides.
    """
    generator = np.random.default_rng(2)
    shared = generator.normal(size=(NUM_CCA_ROWS, CCA_DIM))
    noise = generator.normal(size=(2, NUM_CCA_ROWS, CCA_DIM)) * np.linspace(0.2, 3, CCA_DIM)
    first, second = ((shared + part) @ generator.normal(size=(CCA_DIM, CCA_DIM)) for part in noise)
    peer = CCA(n_components=CCA_DIM, max_iter=5_000)
    left, right = peer.fit(first, second).transform(first, second)
    theirs_found = [np.corrcoef(left[:, k], right[:, k])[0, 1] for k in range(CCA_DIM)]
    found = es.cca(first, second).correlations
    same(f"es.cca and CCA, {CCA_DIM} correlations", found, theirs_found, MISSED)
    ours = best_of_threads(partial(es.cca, first, second))
    theirs = best_of_threads(partial(peer.fit, first, second), repeats=3)
    what = f"canonical correlations, {NUM_CCA_ROWS:,} × {CCA_DIM} and {CCA_DIM}"
    ratio = theirs.seconds / ours.seconds
    beside = f"CCA, nothing held out, {theirs}"
    return ratio_row(what, told(ours.seconds), beside, ratio, 3)


if __name__ == "__main__":
    markdown = markdown_wanted(__doc__)
    kinds = ("mildly", "strongly")
    rows = [*map(regression, kinds), *map(classification, kinds), correlations()]
    tell(f"Fitting beside scikit-learn. {machine('scikit-learn', 'scipy')}", rows, markdown)
