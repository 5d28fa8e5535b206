"""Does importing do nothing but import, and does the package work without the tests' checks?"""

import subprocess
import sys
import textwrap

import pytest

import latentgen as lg


def run(source):
    code = textwrap.dedent(source)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_importing_neither_imports_hypothesis_nor_touches_jax():
    run("""
        import jax, sys
        before = dict(jax.config.values)
        import latentgen as lg
        assert "hypothesis" not in sys.modules
        assert not any(name.startswith(("matplotlib", "sklearn", "flax")) for name in sys.modules)
        assert dict(jax.config.values) == before
        from jax._src import xla_bridge
        assert not xla_bridge._backends, "a device was started"
        lg.strategies.spaces()
        assert "hypothesis" in sys.modules
    """)


def test_wrong_types_are_value_errors_where_nothing_checks_annotations():
    run("""
        import networkx as nx
        import latentgen as lg

        def refused(build, words):
            try:
                build()
            except ValueError as error:
                assert words in str(error), error
            else:
                raise AssertionError(words)

        coin = ((0,), [[0.5, 0.5]] * 2)
        refused(lambda: lg.ConceptSpace((2.5,)), "a sequence of integers; got (2.5,)")
        refused(lambda: lg.ConceptSpace(2), "cardinalities must be a sequence of integers; got 2")
        refused(
            lambda: lg.ConceptModel.from_graph(
                nx.Graph([(0, 1)]), (2, 2), [[0.5, 0.5]] * 2, coin, coin
            ),
            "directed and acyclic; got undirected edges",
        )
        assert lg.ConceptSpace([2, 3]) == lg.ConceptSpace((2, 3))
    """)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'latentgen' has no attribute 'strategy'"):
        _ = lg.strategy
    assert lg.strategies.__name__ == "latentgen.strategies"


def test_every_public_name_is_documented():
    # jaxtyping is put there by the checks of the tests.
    public = [name for name in vars(lg) if not name.startswith("_") and name != "jaxtyping"]
    bare = [name for name in public if not getattr(lg, name).__doc__]
    assert not bare
