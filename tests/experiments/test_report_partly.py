"""Does a report show the experiments that are complete, and name those that are not?"""

import re
from dataclasses import replace

import pytest

from experiments import command_line, figures, registry, runner
from experiments.experiment import Claim, Judgement
from tests.experiments.toy import Toy, ToyConfig

MISSING = (
    "not computed in {}: other; `latentgen figures` with the same options computes what is missing"
)


def experiment(name):
    """A toy with two cells and a claim."""
    config = ToyConfig((1, 2), 2)
    claim = Claim(f"{name}-holds", "us", "It holds", "none", "", lambda _: Judgement("holds", "1"))
    return replace(
        Toy().experiment, name=name, question=f"What is {name}?", claims=(claim,),
        profiles={"smoke": config, "paper": config},
    )  # fmt: skip


@pytest.fixture
def latentgen(monkeypatch, capsys, tmp_path):
    """The command line, where there are `mine` and `other`: its exit code and what it says."""
    made = {name: experiment(name) for name in ("mine", "other")}
    monkeypatch.setattr(registry, "questions", lambda: {n: e.question for n, e in made.items()})
    monkeypatch.setattr(registry, "experiment", made.__getitem__)
    monkeypatch.setattr(runner, "experiment_named", made.__getitem__)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(figures, "draw", lambda *_: {})

    def run(*words):
        code = 0
        try:
            command_line.main([*words, "--profile", "smoke", "--out", str(tmp_path)])
        except SystemExit as stopped:
            code = stopped.code
        said = capsys.readouterr()
        heard.append(said.out)
        return code, said.err

    heard = run.heard = []
    return run


def page(tmp_path):
    """Which experiments have a section, which are named as left out, and what makes the page."""
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    sections = re.findall(r'<h2 id="(mine|other)">', text)
    left_out = re.findall(r'<p id="left-out">.*: (.*)\.</p>', text)
    (command,) = re.findall(r"makes this page: <code>(.*?)</code>", text)
    assert command.endswith(f" --out {tmp_path}")
    return sections, left_out, command.removesuffix(f" --out {tmp_path}")


@pytest.mark.parametrize("how", ["absent", "incomplete", "damaged"])
def test_a_report_shows_what_is_complete_and_names_what_is_not(latentgen, tmp_path, how):
    assert latentgen("run", "mine", "--workers", "1")[0] == 0
    if how != "absent":
        assert latentgen("run", "other", "--workers", "1")[0] == 0
        folder = next((tmp_path / "store" / "other").glob("[!.]*"))
        if how == "damaged":
            (folder / "metrics.json").write_text("{}")
        else:
            folder.rename(tmp_path / "elsewhere")
    assert latentgen("report") == (0, f"{MISSING.format(tmp_path)}\n")
    assert page(tmp_path) == (["mine"], ["other"], "latentgen report --profile smoke")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.search(r'id="claim-other-holds">\s*<summary><span[^>]*>not computed<', text)


def test_a_report_of_all_experiments_leaves_none_out(latentgen, tmp_path):
    for name in ("mine", "other"):
        assert latentgen("run", name, "--workers", "1") == (0, "")
        assert page(tmp_path)[:2] == ([name], [])  # a run was asked for one alone
    assert latentgen("report") == (0, "")
    assert page(tmp_path) == (["mine", "other"], [], "latentgen figures --profile smoke")


def test_without_a_complete_experiment_there_is_no_report(latentgen, tmp_path):
    (tmp_path / "store").mkdir()
    code, said = latentgen("report")
    assert code == 2
    assert said.startswith("latentgen: 2 of 2 cells of mine are not stored in ")
    assert said.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


def test_a_run_that_replaces_the_page_of_another_command_says_what_draws_it_again(
    latentgen, tmp_path
):
    def told():
        return re.findall(r"report\.html and .* again", latentgen.heard[-1])

    assert latentgen("figures", "--workers", "1") == (0, "")
    assert told() == []  # there was no page
    folder = f" --out {tmp_path}"
    again = f"`latentgen report --profile smoke{folder}` draws all that is stored again"
    whole = f"`latentgen figures --profile smoke{folder}`"
    assert latentgen("run", "mine", "--workers", "1") == (0, "")
    assert told() == [
        "report.html and the figures of mine now show this command only, in place of "
        f"{whole}: {again}"
    ]
    assert latentgen("run", "mine", "--workers", "1") == (0, "")
    assert told() == []  # the same page
    assert latentgen("report") == (0, "")
    assert told() == []  # which shows all there is


def test_a_check_that_replaces_the_page_of_the_paper_says_so(latentgen, tmp_path):
    (tmp_path / "report.html").write_text(
        "makes this page: <code>latentgen figures --profile paper --seeds 20</code>"
    )
    assert latentgen("figures", "--workers", "1") == (0, "")
    assert (
        "report.html and figures/ now show this command only, in place of `latentgen figures "
        "--profile paper --seeds 20`: `latentgen report --profile paper --seeds 20 --out "
        f"{tmp_path}` draws all that is stored again" in latentgen.heard[-1]
    )
