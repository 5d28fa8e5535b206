"""Does every page with examples run, and does each block print what stands below it?"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.experiment import CellRecord

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


CLAIM = ("show", "sharpening-falls", "--out", "paper")
NOT_COMPUTED = r"verdict\s+not computed"


def test_what_the_page_on_experiments_claims_is_so(sources):
    latentgen(sources, "run", "sharpening", "--out", "paper", "--quiet")
    assert re.search(r"verdict\s+holds", latentgen(sources, *CLAIM))
    file = sources / "experiments" / "sharpening.py"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace("above the last", "over the last"), encoding="utf-8")
        assert re.search(NOT_COMPUTED, latentgen(sources, *CLAIM))
    finally:
        file.write_text(text, encoding="utf-8")


def as_folder(file, layout):
    """Deal the names of a file out to those of a folder as the page shows it; each has its imports
    and the names of all before it, __init__.py those of all."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {}
    for node in tree.body:
        for target in getattr(node, "targets", [node]):
            named[getattr(target, "id", getattr(target, "name", ""))] = node
    file.unlink()
    folder = file.with_suffix("")
    folder.mkdir()
    rows = re.findall(r"^    (\w+)\.py +(.+)$", layout, flags=re.MULTILINE)
    before = ""
    for name, own in sorted(rows, key=lambda row: row[0] == "__init__"):
        body = [tree.body[0]] * (name == "__init__") + imports
        body += ast.parse(before).body + [named.pop(each) for each in own.split(", ")]
        (folder / f"{name}.py").write_text(ast.unparse(ast.Module(body, [])), encoding="utf-8")
        before += f"from experiments.{folder.name}.{name} import *\n"
    return folder, {name for name, node in named.items() if node not in imports and name}


def test_in_a_folder_as_the_page_shows_it_a_word_of_a_verdict_computes_nothing_again(
    sources, tmp_path
):
    copy = tmp_path / "sources"
    shutil.copytree(sources, copy, ignore=shutil.ignore_patterns("__pycache__", "output", "paper"))
    layouts = re.findall(r"```text\n(experiments/sharpening/\n.*?)```", ADD.read_text(), re.DOTALL)
    folder, left = as_folder(copy / "experiments" / "sharpening.py", layouts[0])
    assert not left
    few = ("run", "sharpening", "--profile", "smoke", "--quiet", "--out", "paper")
    latentgen(copy, *few)
    claims = folder / "claims.py"
    text = claims.read_text(encoding="utf-8")
    claims.write_text(text.replace("above the last", "over the last"), encoding="utf-8")
    row = latentgen(copy, *CLAIM, "--profile", "smoke")
    assert "over the last" in row
    assert not re.search(NOT_COMPUTED, row)


def judged(*settings):
    """The verdict of the page's judge; of each size the mean entropy with and without context."""
    names = {}
    exec(compile(BLOCK.findall(ADD.read_text(encoding="utf-8"))[0][0], ADD.name, "exec"), names)
    seeds = list(range(20))
    records = [
        CellRecord(
            {"num_context_bits": size, "flip_rate": 0.1, "seeds": seeds},
            {
                f"entropy.{source}": [mean + 0.001 * (seed % 3) for seed in seeds]
                for source, mean in (("exact", exact), ("permuted", permuted + size / 1e5))
            },
        )
        for size, exact, permuted in settings
    ]
    return names["judge"](records).verdict


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ([(2, 0.9, 1.2), (4, 0.6, 1.2), (8, 0.3, 1.2)], "holds"),
        ([(8, 0.3, 1.2), (2, 0.9, 1.2), (4, 0.6, 1.2)], "holds"),  # in whatever order
        ([(2, 0.3, 1.2), (4, 0.6, 1.2), (8, 0.9, 1.2)], "fails"),  # it rises
        ([(2, 0.9, 1.2), (4, 0.3, 1.2), (8, 0.6, 1.2)], "fails"),  # it falls and rises
        ([(2, 0.9, 0.32), (4, 0.6, 0.32), (8, 0.3, 0.32)], "not evidence"),  # near the null
        ([(2, 0.9, 1.2)], "undecided"),  # one size
    ],
)
def test_the_judge_of_the_page_tells_a_fall_from_a_rise_and_from_the_null(settings, verdict):
    assert judged(*settings) == verdict
