"""Does the README tell the truth?"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_prints_what_the_readme_says(capsys):
    (example,) = blocks("python")
    (output,) = blocks("text")
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == output


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(target):
    assert (ROOT / target).exists()


def test_the_layout_names_every_package_and_no_other():
    named = set(re.findall(r"^- `(\w+)/`", README, flags=re.MULTILINE))
    assert named == {"latentgen", "estimators", "experiments", "paper_figs", "tests"}


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_every_relative_link_of_the_docs_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
