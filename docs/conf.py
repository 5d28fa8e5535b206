"""How is the documentation built? `make docs`, with warnings as errors."""

import re

project = "latentgen"
author = "The latentgen authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "latentgen"
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signatures carry shapes, which read better as they are written
suppress_warnings = ["myst.xref_missing"]  # links to source files: tests/test_readme.py has them
default_role = "py:obj"


def setup(app):
    """Docstrings are plain text with formulas: p(c|x), [*values, word], coef_."""
    app.connect("autodoc-process-docstring", _escape_formulas)
    app.connect("autodoc-skip-member", _skip_foreign)


def _escape_formulas(app, what, name, obj, options, lines):
    for number, line in enumerate(lines):
        parts = line.split("`")  # every second part is a name between backticks
        parts[::2] = [re.sub(r"[*|\\]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
        lines[number] = "`".join(parts)


def _skip_foreign(app, what, name, obj, skip, options):
    """What an estimator inherits from scikit-learn is documented there."""
    foreign = str(getattr(obj, "__module__", "")).startswith("sklearn")
    return True if foreign or name.startswith("set_") or name == "get_metadata_routing" else None
