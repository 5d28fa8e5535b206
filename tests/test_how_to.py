"""Does every page with examples run, and does each block print what stands below it?"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADD = ROOT / "docs" / "how-to" / "add-an-experiment.md"
# its blocks read a store that a command has to fill first: tests/experiments/test_reading.py
STORED = ROOT / "docs" / "how-to" / "read-results.md"
PAGES = [
    page
    for page in sorted((ROOT / "docs").rglob("*.md"))
    if "```python" in page.read_text(encoding="utf-8") and page not in (ADD, STORED)
]
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", flags=re.DOTALL)
NEEDS = {"assess-a-torch-model": ["torch", "pandas"]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_prints_what_the_page_says(page, capsys):
    for name in NEEDS.get(page.stem, []):
        pytest.importorskip(name)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks
    for number, (block, output) in enumerate(blocks):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)
        printed = capsys.readouterr().out
        assert not output or printed == output, f"block {number} printed\n{printed}"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of the packages with the two files that the page on experiments adds, and no more."""
    folder = tmp_path_factory.mktemp("sources")
    unwanted = shutil.ignore_patterns("__pycache__")
    for package in ("latentgen", "estimators", "experiments", "paper_figs"):
        shutil.copytree(ROOT / package, folder / package, ignore=unwanted)
    added = re.findall(r"`(\w+/\w+\.py)`:\n\n```python\n(.*?)```", ADD.read_text(), re.DOTALL)
    assert [name for name, _ in added] == ["experiments/sharpening.py", "paper_figs/sharpening.py"]
    for name, content in added:
        assert not (folder / name).exists()
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def latentgen(sources, *words):
    """What a command line says, run from the copy, in one process to spare imports."""
    words += ("--workers", "1") * (words[0] == "run")
    done = subprocess.run(
        [sys.executable, "-m", "experiments.command_line", *words],
        cwd=sources, env={**os.environ, "PYTHONPATH": str(sources)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_on_experiments_adds_one_from_question_to_figure(sources):
    shell = re.findall(r"```sh\n(.*?)```", ADD.read_text(), re.DOTALL)[0].splitlines()
    said = [latentgen(sources, *line.split()[1:]) for line in shell]
    assert "sharpening\tHow fast does the belief sharpen as the context grows?" in said[0]
    assert "2 of 2 cells computed" in said[1]
    assert "computed" in said[2]
    assert "sharpening-falls" in said[3]
    out = sources / "output"
    assert (out / "figures" / "sharpening.pdf").is_file()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "flip_rate = 0.2 (usually 0.1)" in page
    again = latentgen(sources, *shell[1].split()[1:])
    assert "nothing to compute" in again


def test_what_the_page_on_experiments_claims_is_so(sources):
    latentgen(sources, "run", "sharpening", "--out", "paper", "--quiet")
    row = latentgen(sources, "show", "sharpening-falls", "--out", "paper")
    assert re.search(r"verdict\s+holds", row)
