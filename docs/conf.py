"""How is the documentation built? `make docs`, with warnings as errors."""

import importlib
import inspect
import pkgutil
import re
from pathlib import PurePath

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger

project = "latentgen"
author = "The latentgen authors"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",  # a line a name above the entries of each section
    "sphinx.ext.viewcode",  # [source] beside every entry
]
html_theme = "furo"
html_title = "latentgen"
html_show_copyright = False
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autosummary_generate = False
autodoc_typehints = "signature"  # they carry the shapes
autodoc_member_order = "bysource"
default_role = "py:obj"

LOGGER = getLogger(__name__)
PACKAGES = {"lg": "latentgen", "es": "estimators"}  # as the examples import them
# pages made of files that live where a reader of the repository looks for them
ROOT_PAGES = {
    "GLOSSARY": "glossary",
    "CHANGELOG": "changelog",
    "CONTRIBUTING": "contributing",
    "README": "index",
}


def setup(app):
    """Docstrings and pages are plain text with formulas: p(c_k|x), [*values, word], coef_."""
    app.connect("source-read", _write_members)
    app.connect("autodoc-process-docstring", _mark_names)
    app.connect("autodoc-skip-member", _skip_foreign)
    app.connect("autodoc-process-signature", _shorten)
    app.add_transform(LinkNames)
    app.add_transform(LinkPages)
    app.add_transform(RaiseAndLower)


# ---- the API: a block of names becomes a table of them and an entry for each -------------------

MEMBERS = re.compile(r"^```\{members\} ([\w.]+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def _write_members(app, docname, source):
    source[0] = MEMBERS.sub(lambda found: _entries(found[1], found[2].split()), source[0])


def _entries(module, names):
    """The names given; or the module's question and all that it defines for others."""
    known = importlib.import_module(module)
    lines = [f".. currentmodule:: {module}"]
    if not names:
        lines = [f".. automodule:: {module}", "   :no-members:"]
        names = [
            name
            for name, value in vars(known).items()
            if getattr(value, "__module__", "") == module and not name.startswith("_")
        ]
    lines += ["", ".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   {name}" for name in names]
    for name in names:
        kind = "class" if inspect.isclass(getattr(known, name)) else "function"
        lines += ["", f".. auto{kind}:: {name}"] + ["   :members:"] * (kind == "class")
    return "\n".join(["```{eval-rst}", *lines, "```"])


# snake_case and learnt_ are names; max_c, d_LLV, p_y are formulas
SNAKE = r"(?!(?:(?:arg)?(?:max|min)|Var|TV)_\w\b)[A-Za-z]{2,}\w*_\w+|[a-z]\w+_"


def _mark_names(app, what, name, obj, options, lines):
    """Set names in type and escape what reStructuredText would take for its own."""
    for number in range(len(lines) - 1, 0, -1):  # an indented example is code
        if what == "module" and lines[number].startswith("    ") and not lines[number - 1]:
            lines[number:number] = ["::", ""]
    own = "|".join(sorted(map(re.escape, _own_names(obj)), key=len, reverse=True)) or r"(?!)"
    told = rf"(?:{own})(?=:|(?: [^\s.;:\[]+)? \[|, \w+(?:, \w+)*:)"  # where one is told of
    names = re.compile(rf"(?<![\w.{{])({SNAKE}|{told})(?![\w(])")
    for number, line in enumerate(lines):
        parts = line.split("`")  # every second part is a name between backticks
        for index in range(0, len(parts), 2):
            pieces = names.split(parts[index])
            pieces[1::2] = [f"``{piece}``" for piece in pieces[1::2]]
            pieces[::2] = [re.sub(r"[*|\\]|(?<=\w)_(?!\w)", r"\\\g<0>", p) for p in pieces[::2]]
            for after in range(2, len(pieces), 2):  # an empty word where letters would touch
                pieces[after] = re.sub(r"^(?![\s.,;:!?)\]]|$)", r"\\ ", pieces[after])
                pieces[after - 2] = re.sub(r"(?<=[^\s(\[])$", r"\\ ", pieces[after - 2])
            parts[index] = "".join(pieces)
        lines[number] = "`".join(parts)


def _own_names(obj):
    """The parameters of a function, the fields of a tuple or of a dataclass."""
    try:
        return [name for name in inspect.signature(obj).parameters if len(name) > 1]
    except (TypeError, ValueError):
        return []


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


# ---- all pages: names, files and formulas ------------------------------------------------------


class LinkNames(SphinxTransform):
    """`lg.log_posterior` leads to its entry, where it has one; no such name is a warning."""

    default_priority = 600
    name = re.compile(r"(lg|es|latentgen|estimators)((?:\.\w+)+)(?:\(.*\))?$", flags=re.DOTALL)

    def apply(self, **kwargs):
        for literal in list(self.document.findall(nodes.literal)):
            found = self.name.match(literal.astext())
            if found is None or isinstance(literal.parent, nodes.reference | addnodes.pending_xref):
                continue
            target = PACKAGES.get(found[1], found[1]) + found[2]
            if not _exists(target):
                LOGGER.warning("there is no %s", target, location=literal)
            literal.replace_self(_link(self.env, "py", "obj", target, [literal.deepcopy()]))


def _exists(target):
    try:
        pkgutil.resolve_name(target)
    except (AttributeError, ImportError):
        return False
    return True


class LinkPages(SphinxTransform):
    """GLOSSARY.md and its like are pages here, not files to download; so is docs/theory.md."""

    default_priority = 601
    theory = re.compile(r"(docs/theory\.md)")

    def apply(self, **kwargs):
        files = self.document.findall(addnodes.download_reference)
        for link in [*files, *self.document.findall(addnodes.pending_xref)]:
            page = ROOT_PAGES.get(PurePath(link["reftarget"]).stem)
            if link["reftype"] == "myst" and page is not None:
                link.replace_self(_link(self.env, "std", "doc", f"/{page}", link.children))
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, nodes.paragraph) and "docs/theory.md" in text:
                parts = self.theory.split(text.astext())
                found: list[nodes.Node] = [nodes.Text(part) for part in parts]
                found[1::2] = [
                    _link(self.env, "std", "doc", "/theory", [nodes.inline("", "theory")])
                    for _ in parts[1::2]
                ]
                text.parent.replace(text, found)


def _link(env, domain, kind, target, children):
    link = addnodes.pending_xref(
        "", refdomain=domain, reftype=kind, reftarget=target, refexplicit=True
    )
    link["refdoc"] = env.docname
    link += children
    return link


class RaiseAndLower(SphinxTransform):
    """p(c_k|x) and 2^m as they are read; in the source formulas stay plain text."""

    default_priority = 900
    untouched = nodes.literal | nodes.literal_block | nodes.raw | addnodes.desc_signature

    def apply(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            parent, inside = text.parent, text.parent
            while inside is not None and not isinstance(inside, self.untouched):
                inside = inside.parent
            if inside is None and re.search(r"\w_|\^", text.astext()):
                parent.replace(text, _raised_and_lowered(text.astext()))


WORD = r"[−+]?[^\W_½²³ᵀ]+"
GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}|\([^()]*\)"
# a letter with its accents, or a function's name; what is raised may stand on anything that ends
BASE = r"(?<![A-Za-z0-9_])((?:arg)?(?:max|min)|Var|TV|∏|[^\W_][\u0300-\u036f]*)"
LOWERED = rf"{BASE}_({GROUP}|{WORD}(?![A-Za-z0-9_]))"
RAISED = rf"(?<=[\w)\]}}‖])\^({GROUP}|{WORD}(?:_{WORD})?|½)"


def _raised_and_lowered(formula):
    """The text with subscripts and superscripts as nodes; braces are left out, inner ones first."""
    found, start = [], 0
    for match in re.finditer(f"{LOWERED}|{RAISED}", formula):
        base, below, above = match.groups()
        kind = nodes.superscript if base is None else nodes.subscript
        body = above if base is None else below
        inner = _raised_and_lowered(body.strip("{}") if body.startswith("{") else body)
        found += [nodes.Text(formula[start : match.start()] + (base or "")), kind("", "", *inner)]
        start = match.end()
    return [*found, nodes.Text(formula[start:])]
