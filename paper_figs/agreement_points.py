"""Which pairs and nulls do the figures of agreement show?"""

from paper_figs import style
from paper_figs.tables import Row

END, START, THRESHOLD = "end", "untrained", "10"
WITHIN = {"mlp": "MLP twice", "gru": "GRU twice", "transformer": "transformer twice"}
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
MARKERS = ("o", "s", "^")  # of the three pairs of a kind in the order above, or of the kinds
NULLS = {"untrained": "untrained", "raw_input": "raw input", "permuted": "rows permuted"}
KINDS = (
    (WITHIN, style.BLUE, "two networks of one architecture"),
    (ACROSS, style.ORANGE, "networks of two architectures"),
    (ORACLE, style.GREEN, "network and perfect predictor"),
)


def token_counts(rows: list[Row]) -> list[str]:
    """The numbers of tokens, the most first."""
    return sorted({row["num_tokens"] for row in rows}, key=int, reverse=True)
