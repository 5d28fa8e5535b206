"""The figures of the architectures: which law each holds at equal excess loss."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from paper_figs import style
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Point, Row, Series, curve, point, select

ARCHITECTURES = {
    "log_bilinear": (style.BLUE, "D", "log-bilinear"),
    "mlp": (style.GREEN, "o", "MLP"),
    "gru": (style.ORANGE, "s", "GRU"),
    "transformer": (style.PURPLE, "^", "transformer"),
}
LEVELS = {"early": ".1", "trained": ".01", "late": ".001"}
WORDS = {"bags": "independent words", "chain": "chained words"}
ERRORS = {
    "noise": ((0, (1, 1)), "noise"),
    "mixed": ((0, (9, 3)), "mixed with p(y)"),
    "tempered": ((0, (3, 1, 1, 1, 1, 1)), "tempered"),
}
SYMBOLS = {"channel": "η", "random": "α"}
MARGIN = 0.01  # as in estimators.assessment.verdict
PLACE = 0.42  # half the height of a place
STEP = 0.19  # between architectures at one place
SMALL_PRINT = (
    "From top to bottom the token from sharp to weak: y = c up to noise η, then p(y∣c) drawn at "
    "random with concentration α; below it the words read. Means with 95 % t intervals over worlds "
    "(networks 10 of the perfect predictor's 20 in the paper's profile), held out by distinct "
    "belief. "
)

World = tuple[str, str, str]  # family, sharpness, length


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(
        table,
        {
            "architectures_laws": _laws,
            "architectures_gaps": _gaps,
            "architectures_readout": _readouts,
        },
    )


def _laws(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 8.0))
    grid = figure.subplots(len(WORDS), len(LEVELS), sharex="row", sharey="row", squeeze=False)
    for line, words in zip(grid, WORDS, strict=True):
        chosen = select(rows, words=words)
        for axes, (source, level) in zip(line, LEVELS.items(), strict=True):
            style.guide(axes, 0, across=True)
            _oracle(axes, chosen, "score_difference.oracle.held_out")
            _networks(axes, chosen, f"score_difference.{source}.held_out", f"equal.{source}")
            _untrained(axes, chosen, "score_difference.untrained.held_out")
            axes.set_title(f"excess {level} of I(x; y)")
            _places(axes, chosen)
        line[0].set_ylabel(WORDS[words])
    grid[-1, len(LEVELS) // 2].set_xlabel(
        "← p explains more      S of log p(c∣x) less S of p(c∣x)      log p explains more →"
    )
    text = (
        SMALL_PRINT + "S: the share of a network's own predictions that a law explains. Hollow: "
        "not every seed has .7 to 1 of that excess loss."
    )
    return finish(figure, text, legend=handles(list(grid.flat)) | _hollow(), ncols=4)


def _gaps(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 8.2))
    grid = figure.subplots(len(WORDS), len(LEVELS), sharey="row", squeeze=False)
    for line, words in zip(grid, WORDS, strict=True):
        chosen = select(rows, words=words)
        for axes, (source, level) in zip(line, LEVELS.items(), strict=True):
            axes.axvspan(-MARGIN, MARGIN, color=style.GREY, alpha=0.15, linewidth=0, label="±.01")
            style.level(axes, Point(0, 0, 0), style.BLACK, "perfect predictor", across=True)
            name, equal = f"oracle_gap.{source}.held_out", f"equal.{source}"
            _networks(axes, chosen, name, equal, hollow=False)
            if source == "trained":
                _errors(axes, chosen)
            axes.set_title(f"excess {level} of I(x; y)")
            _places(axes, chosen)
            most = max(*(abs(end) for end in axes.get_xlim()), 1.5 * MARGIN)
            axes.set_xlim(-most, most)
        line[0].set_ylabel(WORDS[words])
    grid[-1, len(LEVELS) // 2].set_xlabel(
        "← nearer p      S of log p less S of p, less the perfect predictor's      nearer log p →"
    )
    text = (
        SMALL_PRINT + "Paired by seed. Scales differ between panels. Only networks that reach .7 "
        "to 1 of the level on every seed. Nulls at .01: the perfect predictor with an error of "
        "that excess loss, noise on its logits, mixed with p(y), or its logits shrunk (tempered)."
    )
    return finish(figure, text, legend=handles(list(grid.flat)), ncols=5)


def _readouts(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 5.6))
    grid = figure.subplots(1, len(WORDS), sharex=True, sharey=False)
    for axes, words in zip(grid, WORDS, strict=True):
        chosen = select(rows, words=words)
        _oracle(axes, chosen, "readout.oracle.held_out")
        _networks(axes, chosen, "readout.trained.held_out", "counted.trained")
        _untrained(axes, chosen, "readout.untrained.held_out")
        for name in ARCHITECTURES:
            mine = _column(select(chosen, architecture=name), chosen, "readout.permuted.held_out")
            _whole_place(axes, mine, style.DASHES["permuted"], "null: rows permuted")
        oracle = select(chosen, architecture="oracle")
        raw = _column(oracle, chosen, "readout.raw_input.held_out")
        _whole_place(axes, raw, style.DASHES["raw_input"], "null: raw input")
        _places(axes, chosen)
        axes.set_title(WORDS[words])
        axes.set_xlabel("readout of p(c∣x) from f(x)")
    text = (
        SMALL_PRINT + "Excess loss .01 of I(x; y). 1: a softmax of an affine map of f gives p(c∣x) "
        "back exactly; 0: no better than p(c). Hollow: more than that loss on some seed."
    )
    return finish(figure, text, legend=handles(list(grid)) | _hollow(), ncols=4)


def _hollow() -> dict[str, Line2D]:
    look: dict[str, Any] = {"markersize": 4, "linestyle": "none", "markerfacecolor": "white"}
    return {"hollow: not at that loss": Line2D([], [], color=style.BLACK, marker="o", **look)}


def _worlds(rows: list[Row]) -> list[World]:
    """Places along the diagonal, in the order of the table."""
    return list(dict.fromkeys(_world(row) for row in rows))


def _world(row: Row) -> World:
    return row["family"], row["sharpness"], row["context_length"]


def _places(axes: Axes, rows: list[Row]) -> None:
    """One place a world, from the top down."""
    labels = [
        f"{SYMBOLS[family]} = {sharpness.removeprefix('0').removesuffix('.0')}\n{length} words"
        for family, sharpness, length in _worlds(rows)
    ]
    axes.set_yticks([-place for place in range(len(labels))], labels)
    axes.tick_params(labelsize=8)
    axes.locator_params(axis="x", nbins=4)
    axes.set_ylim(0.55 - len(labels), 0.55)
    axes.grid(False, axis="y")


def _column(rows: list[Row], all_rows: list[Row], metric: str, shift: float = 0.0) -> Series:
    """A metric at its places along the diagonal; only answered points."""
    quantity, source, estimate = (metric.split(".") + [""] * 3)[:3]
    found = {
        place: point([row for row in rows if _world(row) == world], quantity, source, estimate)
        for place, world in enumerate(_worlds(all_rows))
    }
    return curve((shift - place, *value) for place, value in found.items() if value)


def _oracle(axes: Axes, rows: list[Row], metric: str) -> None:
    data = _column(select(rows, architecture="oracle"), rows, metric)
    style.line_at(axes, data, style.BLACK, "perfect predictor", half=PLACE, across=True)


def _networks(
    axes: Axes, rows: list[Row], metric: str, condition: str, hollow: bool = True
) -> None:
    """Markers side by side; hollow, or left out, where some seed does not meet the condition."""
    for number, (name, (colour, marker, label)) in enumerate(ARCHITECTURES.items()):
        chosen = select(rows, architecture=name)
        met = _column(chosen, rows, condition)
        places = [place for place, mean in zip(met.position, met.mean, strict=True) if mean == 1]
        reached, not_reached = style.split(_column(chosen, rows, metric), places)
        look: dict[str, Any] = {"marker": marker, "joined": False, "across": True}
        style.trained(axes, style.shifted(reached, _shift(number)), colour, label, **look)
        if hollow:
            aside = style.shifted(not_reached, _shift(number))
            style.trained(axes, aside, colour, hollow=True, **look)


def _untrained(axes: Axes, rows: list[Row], metric: str) -> None:
    """The same networks untrained, each at the height of its network."""
    for number, name in enumerate(ARCHITECTURES):
        data = _column(select(rows, architecture=name), rows, metric, _shift(number))
        label = "null: the same, untrained"
        dashes = style.DASHES["untrained"]
        style.null_at(axes, data, dashes, label, half=STEP / 2, across=True)


def _errors(axes: Axes, rows: list[Row]) -> None:
    """The perfect predictor with errors that nothing learnt."""
    chosen = select(rows, architecture="oracle")
    for error, (dashes, label) in ERRORS.items():
        data = _column(chosen, rows, f"oracle_gap.{error}.held_out")
        _whole_place(axes, data, dashes, f"null: {label}")


def _whole_place(axes: Axes, data: Series, dashes: Any, label: str) -> None:
    """A null as high as a place."""
    style.null_at(axes, data, dashes, label, half=PLACE, across=True)


def _shift(number: int) -> float:
    return STEP * ((len(ARCHITECTURES) - 1) / 2 - number)


if __name__ == "__main__":
    run(draw)
