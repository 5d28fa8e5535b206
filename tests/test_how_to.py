"""Does every how-to page run, and does each block print what stands below it?"""

import re
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"
PAGES = sorted(HOW_TO.glob("*.md"))
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
