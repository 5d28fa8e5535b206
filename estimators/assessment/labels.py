"""How are the numbers of an assessment called where people read them?"""

from typing import NamedTuple

from estimators.assessment.row import Facts, Row

SOURCES = {
    "trained": "trained",
    "oracle": "oracle",
    "untrained": "untrained",
    "raw_input": "raw input",
    "permuted": "permuted",
    "noise": "noise",
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
        low, high = min(facts.rho), max(facts.rho)
        value = f"{low:.3g}" if low == high else f"{low:.3g} … {high:.3g}"
        return f"{law}, ρ = {value}"
    if row.direction == "law from f":
        return f"f → {'log-ratios of ' if row.quantity == 'log_posterior' else ''}p(c∣x)"
    if row.direction == "f from law":
        return f"{law} → f"
    if row.quantity == "representation":
        return "f(x)"
    return law


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
