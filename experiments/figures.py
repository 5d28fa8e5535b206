"""How are figures drawn from stored results and written, the same bytes every time?

A figure script is a module of `paper_figs` named after its experiment; `draw(table)` takes the
path of the CSV and returns name -> matplotlib Figure.
"""

import importlib
import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from experiments.store import replace_file

FORMATS: dict[str, dict[str, Any]] = {  # without dates and versions, which change the bytes
    "pdf": {"metadata": {"Creator": None, "Producer": None, "CreationDate": None}},
    "png": {"metadata": {"Software": None}, "dpi": 160},
}


def draw(experiment: str, table: Path, folder: Path) -> dict[str, str]:
    """Draw an experiment's figures as PDF and PNG into a folder; returns name -> SVG text."""
    import matplotlib

    matplotlib.use("Agg")
    figures: dict[str, Figure] = importlib.import_module(f"paper_figs.{experiment}").draw(table)
    pictures = {}
    with matplotlib.rc_context({"svg.hashsalt": "latentgen", "svg.fonttype": "path"}):
        for name, figure in figures.items():
            for kind, options in FORMATS.items():
                content = io.BytesIO()
                figure.savefig(content, format=kind, **options)
                replace_file(folder / f"{name}.{kind}", content.getvalue())
            pictures[name] = as_svg(figure)
    return pictures


def as_svg(figure: Figure) -> str:
    """A figure as an SVG element, to stand in a page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
