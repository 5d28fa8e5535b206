"""Does a change of the code that computes change the digest, and nothing else?"""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import sources

CELL = "experiments.simulation.cell"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project: write(name, text) replaces a module, digest() is that of toy.cell.

    start() is what a process does first; digest() does it anew, unless told that it goes on.
    """
    (tmp_path / "toy").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "PACKAGES", ("toy",))
    monkeypatch.setattr(sources, "_noted", {})

    class Project:
        def write(self, name, text):
            (tmp_path / "toy" / f"{name}.py").write_text(text, encoding="utf-8")

        def start(self):
            importlib.invalidate_caches()
            sources._source.cache_clear()
            sources._noted.clear()
            sources.note_files()

        def digest(self, module="toy.cell", goes_on=False):
            if not goes_on:
                self.start()
            return sources.source_digest.__wrapped__(module)

    made = Project()
    made.write("__init__", "")
    made.write("cell", '"""What?"""\nfrom toy.helper import double\nx = double(1)\n')
    made.write("helper", "import toy.deep as deep\n\ndef double(n):\n    return deep.two * n\n")
    made.write("deep", "two = 2\n")
    made.write("words", "from toy.cell import x\nprint(x)\n")
    yield made
    for name in [name for name in sys.modules if name.split(".")[0] == "toy"]:
        del sys.modules[name]


def test_comments_docstrings_and_layout_change_nothing(project):
    before = project.digest()
    project.write(
        "cell", '"""Why?"""\n\nfrom toy.helper import double  # twice\n\nx = double( 1 )\n'
    )
    text = '"""New."""\nimport toy.deep as deep\n\n\ndef double(n):\n    return deep.two * n\n'
    project.write("helper", text)
    assert project.digest() == before


def test_docstrings_of_functions_and_classes_change_nothing(project):
    documented = (
        'import toy.deep as deep\n\ndef double(n):\n    """{}"""\n    return deep.two * n\n'
    )
    project.write("helper", documented.format("Twice."))
    before = project.digest()
    project.write("helper", documented.format("Two times."))
    assert project.digest() == before
    project.write("helper", documented.replace('    """{}"""\n', ""))
    assert project.digest() == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cell", "from toy.helper import double\nx = double(2)\n"),
        ("helper", "import toy.deep as deep\n\ndef double(n):\n    return n * deep.two\n"),
        ("deep", "two = 2.0\n"),
    ],
)
def test_a_changed_statement_counts_wherever_it_is_imported_from(project, name, text):
    before = project.digest()
    project.write(name, text)
    assert project.digest() != before


@pytest.mark.parametrize("line", ["from .helper import double", "from . import helper"])
def test_a_relative_import_counts(project, line):
    project.write("cell", f"{line}\n")
    before = project.digest()
    project.write("helper", "def double(n):\n    return n + n\n")
    assert project.digest() != before


def test_a_relative_import_starts_from_the_package_that_it_stands_in(project, tmp_path):
    (tmp_path / "toy" / "inner").mkdir()
    project.write("inner/__init__", "from .part import x\n")
    project.write("inner/part", "from ..helper import double as x\n")
    before = project.digest("toy.inner")
    project.write("helper", "def double(n):\n    return n + n\n")
    assert project.digest("toy.inner") != before


def test_what_only_reads_results_does_not_count(project):
    before = project.digest()
    project.write("words", "from toy.cell import x\nprint(x + 1)\n")
    assert project.digest() == before


def test_modules_that_import_each_other_are_read_once(project):
    project.write("deep", "import toy.helper\ntwo = 2\n")
    assert len(project.digest()) == 64


def test_modules_of_other_projects_are_not_read(project):
    before = project.digest("json")
    assert before == project.digest("numpy")


@pytest.fixture(scope="module")
def closure():
    """The modules whose source the simulation's digest covers."""
    asked, path = [], sources._path
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_path", lambda name: asked.append(name) or path(name))
        sources.source_digest.__wrapped__(CELL)
    return {name for name in asked if path(name) is not None}


@pytest.mark.parametrize(
    "name",
    [
        CELL,
        "experiments.measures",
        "latentgen.exact",
        "latentgen.worlds",
        "latentgen.sampling",
        "latentgen.kernels",
        "estimators.instruments.softmax_fit",
        "estimators.training.engine",
        "estimators.predictors.mlp",
    ],
)
def test_the_simulation_is_recomputed_when_what_computes_it_changes(closure, name):
    assert name in closure


@pytest.mark.parametrize(
    "name",
    [
        "experiments.simulation",
        "experiments.simulation.finding",
        "experiments.simulation.tables",
        "experiments.wording",
        "experiments.report",
        "experiments.figures",
        "experiments.pipeline",
        "experiments.store",
        "paper_figs.simulation",
    ],
)
def test_the_simulation_is_kept_when_words_figures_or_profiles_change(closure, name):
    assert name not in closure


def test_data_beside_a_module_counts(project, tmp_path):
    before = project.digest()
    (tmp_path / "toy" / "data").mkdir()
    world = tmp_path / "toy" / "data" / "world.json"
    world.write_text('{"prior": ["1/2", "1/2"]}', encoding="utf-8")
    with_data = project.digest()
    world.write_text('{"prior": ["1/3", "2/3"]}', encoding="utf-8")
    assert len({before, with_data, project.digest()}) == 3


def edited(project, path):
    path.write_text(path.read_text(encoding="utf-8") + "three = 3\n", encoding="utf-8")


def edited_and_put_back(project, path):
    before = path.stat()
    os.utime(path, (before.st_atime + 2, before.st_mtime + 2))  # no disk counts more coarsely


def created(project, path):
    project.write("helper", "import toy.deep as deep\nimport toy.late\n")
    project.start()
    path.with_name("late.py").write_text("", encoding="utf-8")


@pytest.mark.parametrize("happens", [edited, edited_and_put_back, created])
def test_text_that_may_not_be_what_was_imported_has_no_digest(project, tmp_path, happens):
    project.start()
    happens(project, tmp_path / "toy" / "deep.py")
    with pytest.raises(sources.SourcesChanged, match=r"\w+\.py changed after .*: run again"):
        project.digest(goes_on=True)
    assert len(project.digest()) == 64


def test_data_that_changes_after_the_start_is_named(project, tmp_path):
    world = tmp_path / "toy" / "data" / "world.json"
    world.parent.mkdir()
    world.write_text("{}", encoding="utf-8")
    project.start()
    world.write_text("{ }", encoding="utf-8")
    with pytest.raises(sources.SourcesChanged, match=r"world\.json changed"):
        project.digest(goes_on=True)


def test_only_what_the_digest_covers_may_not_change(project):
    expected = project.digest()
    project.start()
    project.write("words", "from toy.cell import x\nprint(x + 1)\n")
    assert project.digest(goes_on=True) == expected


def test_what_changes_after_it_was_read_is_of_no_account(project):
    project.start()
    before = project.digest(goes_on=True)
    project.write("deep", "two = 2.0\n")
    assert project.digest(goes_on=True) == before


def test_files_are_noted_once(project):
    project.start()
    project.write("deep", "two = 2.0\n")
    sources.note_files()
    with pytest.raises(sources.SourcesChanged, match=r"deep\.py changed"):
        project.digest(goes_on=True)


@pytest.mark.skipif(os.name != "posix", reason="not everybody may make links elsewhere")
def test_an_editors_lock_is_no_obstacle(project, tmp_path):
    (tmp_path / "toy" / ".#cell.py").symlink_to("somebody@somewhere:1")
    assert len(project.digest()) == 64


EDITED_MEANWHILE = """
import sys
from pathlib import Path
from experiments import command_line

class Editor:
    def find_spec(self, name, path, target=None):
        if name == "experiments.runner":
            file = Path(sys.modules["experiments.residual.cell"].__file__)
            file.write_text(file.read_text(encoding="utf-8") + "new = 1\\n", encoding="utf-8")

sys.meta_path.insert(0, Editor())
command_line.main(sys.argv[1:])
"""


def test_a_source_that_is_edited_after_its_import_stores_nothing_under_the_new_name(tmp_path):
    package = Path(sources.__file__).parent
    shutil.copytree(package, tmp_path / "experiments")
    (tmp_path / "edited_meanwhile.py").write_text(EDITED_MEANWHILE, encoding="utf-8")
    words = ["run", "residual", "--profile", "smoke", "--workers", "1", "--quiet", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "edited_meanwhile.py", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert re.search(r"latentgen: \S+cell\.py changed after .*: run again", done.stderr)
    assert not list(tmp_path.glob("out/**/metrics.json"))
