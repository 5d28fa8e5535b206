"""How are figures drawn from stored results and written, the same bytes every time?

A figure script is a module of `paper_figs` named after its experiment; `draw(table)` takes the
path of the CSV and returns name -> matplotlib Figure.
"""

import importlib
import io
from pathlib import Path

from matplotlib.figure import Figure

PNG_DOTS_PER_INCH = 160


def draw(experiment: str, table: Path, folder: Path) -> dict[str, str]:
    """Draw an experiment's figures as PDF and PNG into a folder; returns name -> SVG text."""
    import matplotlib

    matplotlib.use("Agg")
    figures: dict[str, Figure] = importlib.import_module(f"paper_figs.{experiment}").draw(table)
    pictures = {}
    with matplotlib.rc_context({"svg.hashsalt": "latentgen", "svg.fonttype": "path"}):
        for name, figure in figures.items():
            pdf = {"Creator": None, "Producer": None, "CreationDate": None}
            figure.savefig(folder / f"{name}.pdf", metadata=pdf)
            figure.savefig(
                folder / f"{name}.png", dpi=PNG_DOTS_PER_INCH, metadata={"Software": None}
            )
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
            pictures[name] = text.getvalue()[text.getvalue().index("<svg") :]
    return pictures
