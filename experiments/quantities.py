"""What is a quantity called on the page, and is less of it better?"""

QUANTITIES = {  # in the order of their rows; others follow by name
    "score_log_posterior": "S of log p(c∣x)",
    "readout": "readout score",
    "r2": "R²",
    "r2_direction": "R² along one direction",
    "accuracy": "probe accuracy",
    "parallelism": "parallelism",
    "cosine_raw": "raw cosine",
    "cosine_free": "gauge-free cosine",
    "violation": "violation",
    "excess_share": "excess loss / I(x; y)",
    "score_belief": "S of p(c∣x)",
    "score_rho": "S of log(p(c∣x) + ρ)",
    "score_marginals": "S of the concepts' marginals",
    "score_product": "S of the readings log M_k p(c_k∣x)",
    "score_by_word": "S of log p(c∣x), apart for each word",
    "score_with_word": "S of log p(c∣x) and the word",
    "score_paper": "S of log p(c∣x) in the theorem's A",
    "score_site_final": "S of the last stream",
    "r2_logits": "R² onto centred logits",
    "identity": "explained variance, p(c∣x) affine in f",
    "softmax": "explained variance, log p(c∣x) affine in f",
    "cka": "kernel alignment",
    "svcca": "canonical correlations (svcca)",
    "svd": "distance d_SVD",
    "kl": "KL divergence",
    "logit": "logit distance",
    "llv": "distance d_LLV",
    "logit_relative": "logit distance over the logits' size",
    "across_free": "∣gauge-free cosine∣ of different concepts",
    "across_raw": "∣raw cosine∣ of different concepts",
    "free_error": "error of the gauge-free cosine",
    "across_error": "error of the gauge-free cosine of different concepts",
}
DISTANCES = {"kl", "logit", "logit_relative", "llv", "llv_contexts", "svd"}
LESS_IS_BETTER = {"excess", "missed", "violation", "error", "distance", "across"}


def called(quantity: str) -> str:
    """The quantity in words; an unknown one by its name."""
    law = quantity.removeprefix("score_")
    plain = (f"S of {law}" if law != quantity else quantity).replace("_", " ")
    return QUANTITIES.get(quantity, plain)


def less_is_better(quantity: str) -> bool:
    """Whether it is a loss, an error, a distance, or a likeness of what should differ."""
    return quantity in DISTANCES or not LESS_IS_BETTER.isdisjoint(quantity.split("_"))


def place(quantity: str) -> tuple[int, str]:
    """What sorts quantities: known ones in their order, then others by name."""
    known = list(QUANTITIES)
    return known.index(quantity) if quantity in known else len(known), quantity
