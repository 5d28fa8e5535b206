"""Does a change of the code that computes change the digest, and nothing else?"""

import importlib
import sys

import pytest

from experiments import sources

CELL = "experiments.simulation.cell"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project: write(name, text) replaces a module, digest() is that of toy.cell."""
    (tmp_path / "toy").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "PACKAGES", ("toy",))

    class Project:
        def write(self, name, text):
            (tmp_path / "toy" / f"{name}.py").write_text(text, encoding="utf-8")

        def digest(self, module="toy.cell"):
            importlib.invalidate_caches()
            sources._source.cache_clear()
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
