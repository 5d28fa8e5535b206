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
autodoc_typehints = "signature"  # they carry the shapes
suppress_warnings = ["myst.xref_missing"]  # links to source files: tests/test_readme.py has them
default_role = "py:obj"


def setup(app):
    """Docstrings are plain text with formulas: p(c|x), [*values, word], coef_."""
    app.connect("autodoc-process-docstring", _escape_formulas)
    app.connect("autodoc-skip-member", _skip_foreign)
    app.connect("autodoc-process-signature", _shorten)


def _escape_formulas(app, what, name, obj, options, lines):
    for number, line in enumerate(lines):
        parts = line.split("`")  # every second part is a name between backticks
        parts[::2] = [re.sub(r"[*|\\]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
        lines[number] = "`".join(parts)


def _skip_foreign(app, what, name, obj, skip, options):
    """What is inherited from scikit-learn or typing is documented there; fields of a tuple are
    told in its docstring."""
    foreign = str(getattr(obj, "__module__", "")).split(".")[0] in ("sklearn", "typing")
    request = name.startswith("set_") or name == "get_metadata_routing"
    field = type(obj).__name__ == "_tuplegetter"
    return True if foreign or request or field else None


# what numpy.typing.ArrayLike is, written out
ARRAY_LIKE = re.compile(r"(?:~?[\w.]*\.)?_Buffer \| .*?_NestedSequence\[complex \| bytes \| str\]")


def _shorten(app, what, name, obj, options, signature, result):
    if signature is None:
        return None
    return ARRAY_LIKE.sub("ArrayLike", signature), result
