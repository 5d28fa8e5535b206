"""Which pairs and nulls do the figures of agreement show, and where does a point lie?"""

from paper_figs import style
from paper_figs.tables import Row, select

Point = tuple[float, float, float]  # mean, low, high

END, START, THRESHOLD = "end", "untrained", "10"
WITHIN = {"mlp": "MLP, MLP", "gru": "GRU, GRU", "transformer": "transformer, transformer"}
ACROSS = {
    "mlp+gru": "MLP, GRU",
    "mlp+transformer": "MLP, transformer",
    "gru+transformer": "GRU, transformer",
}
ORACLE = {
    "mlp+oracle": "MLP, oracle",
    "gru+oracle": "GRU, oracle",
    "transformer+oracle": "transformer, oracle",
}
NULLS = {"untrained": "-", "raw_input": (0, (1, 1)), "permuted": (0, (4, 1.5))}
KINDS = (
    (WITHIN, style.BLUE, "two networks, one architecture"),
    (ACROSS, style.ORANGE, "two architectures"),
    (ORACLE, style.GREEN, "network and oracle"),
)


def token_counts(rows: list[Row]) -> list[str]:
    """The numbers of tokens, the most first."""
    return sorted({row["num_tokens"] for row in rows}, key=int, reverse=True)


def point(rows: list[Row], quantity: str, source: str, estimate: str, stage: str) -> Point | None:
    """Mean and limits of a metric, the mean for limits where there is one world; None without."""
    for row in select(rows, quantity=quantity, source=source, estimate=estimate, concept=stage):
        if row["mean"]:
            mean = float(row["mean"])
            low, high = (float(row[name]) if row[name] else mean for name in ("low", "high"))
            return mean, low, high
    return None
