"""How are the numbers of an assessment called where people read them?"""

from typing import NamedTuple

from estimators.assessment.features import RHO_RANGE
from estimators.assessment.row import Facts, Row

ROUNDING = 1e-9  # relative; ρ is a power of ten

SOURCES = {
    "trained": "trained",
    "oracle": "oracle",
    "untrained": "untrained",
    "raw_input": "raw input",
    "permuted": "permuted",
    "noise": "noise",
    "constant": "a constant",
    "majority": "majority",
    "bayes": "Bayes",
}
LAWS = {
    "log_posterior": "log p(c∣x)",
    "belief": "p(c∣x)",
    "log_marginals": "log p(c_k∣x), stacked",
    "rho": "log(p(c∣x) + ρ)",
    "argmax": "argmax p(c∣x) alone",
}


class Section(NamedTuple):
    """Rows of one unit that are shown together; title: what the number is."""

    title: str
    directions: tuple[str, ...]


SECTIONS = (
    Section("laws: share of I(x;y) of p̂(y∣x) in softmax(U φ(x) + v)", ("law",)),
    Section("readout: share of I(c;x) in softmax(W f(x) + v)", ("readout",)),
    Section("R², whitened, affine: f and the law from each other", ("law from f", "f from law")),
    Section("probes: accuracy, share of contexts", ("probe",)),
)


def quantity(row: Row, facts: Facts) -> str:
    """What a row measures, in symbols."""
    law = LAWS.get(row.quantity, row.quantity)
    if row.direction == "law" and row.quantity == "rho":
        return f"{law}, ρ {_rho(facts)}"
    if row.direction == "law from f":
        return f"f → {'log-ratios of ' if row.quantity == 'log_posterior' else ''}p(c∣x)"
    if row.direction == "f from law":
        return f"{law} → f"
    if row.quantity == "representation":
        return "f(x)"
    return law


def _rho(facts: Facts) -> str:
    """The value or the range; ≤ and ≥ where the best was at the edge of what is tried."""
    low, high = min(facts.rho), max(facts.rho)
    at_low = facts.rho_fitted and low <= RHO_RANGE[0] * (1 + ROUNDING)
    at_high = facts.rho_fitted and high >= RHO_RANGE[1] * (1 - ROUNDING)
    if low == high:
        return f"{'≤' if at_low else '≥' if at_high else '='} {low:.3g}"
    return f"= {'≤ ' if at_low else ''}{low:.3g} … {'≥ ' if at_high else ''}{high:.3g}"


def of_section(rows: tuple[Row, ...], section: Section) -> list[list[Row]]:
    """The rows of a section, one list for each quantity."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.direction in section.directions:
            found.setdefault((row.direction, row.quantity), []).append(row)
    return list(found.values())


def number(value: float, digits: int = 3) -> str:
    """A number without the zero before its point, or a dash when there is none."""
    if value != value:
        return "–"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def with_interval(score: float, low: float, high: float) -> str:
    """A number and its interval, three decimals."""
    return number(score) if low != low else f"{number(score)} [{number(low)}, {number(high)}]"
