"""Does the page alone tell what the paper claims, what became of that, and what words mean?"""

import html
import re
from pathlib import Path

import pytest

from experiments import report
from experiments.claims import Row
from experiments.report_sources import linked, told

GLOSSARY = Path(report.__file__).parents[1] / "GLOSSARY.md"
PAPER = "arXiv:2503.08980"
NEEDED = (  # words of statements, assumptions and sources
    "readout", "whitened f", "pins c", "anchored", "η", "α", "ℓ", "diversity condition",
    "coverage δ", "TV", "gauge-free cosine", "L", "β", "A", "logit distance", "d_LLV", "ER1",
    "Mess3", "chained words", "v3", "v4", "ρ",
)  # fmt: skip


def row(verdict, source=PAPER, experiment="other"):
    return Row("name", verdict, source, "affine", "none", "S .99", "latentgen", "", experiment)


def written(folder, rows, profile="paper"):
    """The text of a report without experiments."""
    report.write(folder / "report.html", [], rows, profile, "latentgen figures")
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The page's list of words: term -> meaning."""
    page = written(tmp_path_factory.mktemp("words"), [])
    terms = page[page.index('<h2 id="words">') :]
    return dict(re.findall("<dt>(.+?)</dt><dd>(.+?)</dd>", html.unescape(terms)))


ROWS = [
    *[row("holds", f"{PAPER}v4, Theorem 3.1", "theorems")] * 3,
    *[row("fails", f"{PAPER}v3, Theorem 3.1")] * 2,
    row("holds", f"{PAPER}, Theorem 3.1 against arXiv:2405.15943"),
    row("fails", f"{PAPER}, Theorem 3.1, without its diversity condition"),
    row("holds", "arXiv:2405.15943"),
]


def test_claims_of_the_paper_are_counted_by_kind():
    found = told(ROWS)
    assert found.num_claims == 7
    kinds = (found.exact, found.assumed, found.left_out)
    assert [kind.counts for kind in kinds] == ["holds 3", "fails 2, holds 1", "fails 1"]
    assert [kind.num_claims for kind in kinds] == [3, 3, 1]


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        (ROWS, "its identities hold in every world tried; what it concludes from"),
        ([*ROWS, row("fails", PAPER, "theorems")], "not all of its identities hold; what it"),
        ([row("holds")], "nothing that it concludes from them fails where it was judged."),
        ([row("fails"), row("undecided")], "nothing that it concludes from them holds where it"),
    ],
)  # fmt: skip
def test_the_answer_follows_from_the_verdicts(rows, answer):
    assert told(rows).answer.startswith(f"In short: {answer}")


@pytest.mark.parametrize("verdict", ["not evidence", "not computed", "undecided"])
def test_without_a_verdict_there_is_no_answer(verdict):
    assert told([row(verdict), row(verdict, PAPER, "theorems")]).answer == ""


def test_the_page_says_what_the_paper_claims_and_what_became_of_it(tmp_path):
    page = written(tmp_path, ROWS)
    header = " ".join(page[page.index("<header>") : page.index("</header>")].split())
    assert "7 of the 8 claims name one paper: Liu et al., <cite>I Predict Therefore I Am" in header
    assert f'<a href="https://arxiv.org/abs/2503.08980">{PAPER}</a>' in header
    assert "f(x) ≈ A log p(c∣x) + b" in header
    assert "3 are judged: holds 3." in header
    assert "with a rival 3: fails 2, holds 1." in header
    assert "1 more: fails 1." in header
    assert "In short: its identities hold" in header
    assert "95 % t intervals over worlds unless a picture says otherwise" in header


def test_a_page_without_claims_of_the_paper_does_not_speak_of_it(tmp_path):
    page = written(tmp_path, ROWS[-1:])
    assert "Liu et al." not in page
    assert 'id="from-paper"' not in page


def test_a_paper_is_a_link_and_the_rest_of_a_source_is_text():
    assert linked(f"{PAPER}v3, p < q") == (
        f'<a href="https://arxiv.org/abs/2503.08980v3">{PAPER}v3</a>, p &lt; q'
    )
    assert linked("docs/theory.md, 5") == "docs/theory.md, 5"


def test_a_chosen_verdict_hides_nothing_on_paper(tmp_path):
    style = written(tmp_path, ROWS).split("<style>")[1].split("</style>")[0]
    on_screen = re.compile(r"@media screen \{\n(?:body:has\(.*\n)+\}")
    assert len(on_screen.findall(style)) == 1
    assert ":checked" not in on_screen.sub("", style)


def test_the_page_says_that_its_files_must_be_sent_along(tmp_path):
    assert "lie in the folder <code>figures</code> beside this page: send it along" in written(
        tmp_path, ROWS
    )


@pytest.mark.parametrize("word", NEEDED)
def test_a_word_that_verdicts_rest_on_is_explained(words, word):
    assert any(word in re.split(", ", term) or word == term for term in words)


def test_words_that_the_glossary_has_mean_the_same_there(words):
    glossary = re.sub(r"[*`]", "", GLOSSARY.read_text(encoding="utf-8"))
    same = (
        "TV", "coverage δ", "whitened f", "identified part of f", "raw, gauge-free cosine",
        "logit distance",
    )  # fmt: skip
    for term in same:
        assert words[term] in glossary, term
    assert all(
        part in glossary for part in words["pins c, anchored"].rsplit(" (", 1)[0].split("; ")
    )
    assert words["readout"].split(": ")[1] in glossary
