"""Does the documentation tell of every public name, and of no other?"""

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

import estimators
import latentgen

DOCS = Path(__file__).parents[1] / "docs"
MEMBERS = re.compile(r"^```\{members\} ([\w.]+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
LISTED = ["latentgen", "latentgen.theorems", "estimators"]  # name by name, in an order of our own
MODULES = {"kernels", "theorems", "worlds"}


def told(module):
    """The names that the pages of the API list under a module."""
    pages = [page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md")]
    found = [block for page in pages for block in MEMBERS.findall(page)]
    return [name for owner, names in found if owner == module for name in names.split()]


@pytest.mark.parametrize("module", LISTED)
def test_every_public_name_stands_in_the_api_once(module):
    reexported = re.findall(
        r"^from .* import \w+ as (\w+)$",
        inspect.getsource(importlib.import_module(module)),
        flags=re.MULTILINE,
    )
    assert Counter(told(module)) == Counter(set(reexported) - MODULES)


def test_no_signature_is_longer_than_can_be_read():
    """`ArrayLike` stands in quotes, as help() writes out what it means: 150 characters a time."""
    functions = {
        name: value for name, value in vars(estimators).items() if inspect.isfunction(value)
    }
    lengths = {name: len(str(inspect.signature(value))) for name, value in functions.items()}
    assert len(lengths) > 30
    assert {name: length for name, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_every_page_begins_with_its_one_title(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^# .+$", text, flags=re.MULTILINE)
    included = page.read_text(encoding="utf-8").startswith("```{include}")
    assert len(titles) == (0 if included else 1)


@pytest.mark.parametrize(
    "page", sorted((DOCS / "experiments").glob("[!i]*.md")), ids=lambda page: page.stem
)
def test_every_page_of_an_experiment_says_what_is_asked_how_to_run_it_and_where_the_code_is(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(r"^Question: .+\?$", text, flags=re.MULTILINE | re.DOTALL)
    assert f"`latentgen run {page.stem}`" in text
    assert f"(../../experiments/{page.stem}/" in text
    assert "../pictures/" in text
    assert re.search(r"^(## |\*\*)What it (does not show|shows)", text, flags=re.MULTILINE)


def test_what_is_cited_is_this_version():
    cited = (DOCS / "cite.md").read_text(encoding="utf-8")
    assert f"Version {latentgen.__version__}" in cited
