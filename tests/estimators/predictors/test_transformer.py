"""Does the transformer follow its equations, and can all of its parts be read and changed?"""

import functools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es

KINDS = ("residual_stream", "head_output", "mlp_output")
ROTARY = es.Transformer(
    num_words=5,
    num_tokens=4,
    dim=3,
    context_length=6,
    width=8,
    num_layers=2,
    num_heads=2,
    mlp_ratio=3,
)
LEARNED = es.Transformer(
    num_words=5,
    num_tokens=4,
    dim=3,
    context_length=6,
    width=6,
    num_layers=3,
    num_heads=3,
    positions="learned",
)
EACH = pytest.mark.parametrize("predictor", [ROTARY, LEARNED], ids=["rotary", "learned"])
DRAW = np.random.default_rng(0)
FIRST, SECOND = (jnp.asarray(DRAW.integers(0, 5, (3, 4)), jnp.int32) for _ in range(2))


@functools.cache
def parameters(predictor):
    """Parameters of which none is at a special value such as a bias of zero."""
    draw = np.random.default_rng(1)
    params = jax.jit(predictor.init)(jax.random.key(0))
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf + 0.2 * draw.standard_normal(leaf.shape), leaf.dtype), params
    )


def identity(site, value):
    return value


def norm(row, at):
    row = (row - row.mean()) / np.sqrt(row.var() + 1e-6)
    return row * at["scale"] + at["bias"]


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def turned(row, t):
    """Rotary position t of one head's row, pair by pair."""
    half = len(row) // 2
    pairs = (row[:half] + 1j * row[half:]) * np.exp(1j * t * 10000.0 ** (-np.arange(half) / half))
    return np.concatenate([pairs.real, pairs.imag])


def oracle_heads(predictor, at, rows):
    """What each head adds to each row of one context [prefix, head, width]."""
    size, rotary = predictor.width // predictor.num_heads, predictor.positions == "rotary"
    normalised = [norm(row, at["attention_norm"]) for row in rows]
    added = np.zeros((len(rows), predictor.num_heads, predictor.width))
    for head in range(predictor.num_heads):
        part = slice(head * size, (head + 1) * size)
        query, key, value = (
            [row @ at[name][:, part] for row in normalised] for name in ("query", "key", "value")
        )
        if rotary:
            query, key = ([turned(row, t) for t, row in enumerate(x)] for x in (query, key))
        for t in range(len(rows)):
            share = np.exp([query[t] @ key[s] / np.sqrt(size) for s in range(t + 1)])
            mixed = sum(w * value[s] for s, w in enumerate(share / share.sum()))
            added[t, head] = mixed @ at["output"][part]
    return added


def oracle(predictor, params, context):
    """Streams, heads, MLPs and f of one context, in float64, row by row."""
    at = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params["params"])
    rows = np.array([at["start"], *(at["word"][word] for word in context)])
    if predictor.positions == "learned":
        rows = rows + at["position"][: len(rows)]
    streams, heads, mlps = [rows], [], []
    for layer in range(predictor.num_layers):
        part = at[f"layer_{layer}"]
        heads.append(oracle_heads(predictor, part, rows))
        rows = rows + heads[-1].sum(1)
        hidden = [norm(row, part["mlp_norm"]) @ part["expand"] for row in rows]
        hidden = gelu(np.array(hidden) + part["expand_bias"])
        mlps.append(hidden @ part["contract"] + part["contract_bias"])
        rows = rows + mlps[-1]
        streams.append(rows)
    last = np.array([norm(row, at["final_norm"]) for row in rows])
    f = last @ at["projection"]["kernel"] + at["projection"]["bias"]
    return es.Trace(np.array(streams), np.array(heads), np.array(mlps), f)


@EACH
def test_its_trace_follows_the_equations(predictor):
    params = parameters(predictor)
    found = jax.jit(predictor.trace)(params, FIRST)
    for sample, context in enumerate(np.asarray(FIRST)):
        expected = oracle(predictor, params, context)
        for kind in KINDS:
            one = getattr(found, kind)[:, sample]
            np.testing.assert_allclose(one, getattr(expected, kind), atol=3e-5, err_msg=kind)
        np.testing.assert_allclose(found.representation[sample], expected.representation, atol=3e-5)


@EACH
def test_a_layer_adds_its_heads_and_its_mlp_to_the_stream_and_nothing_else(predictor):
    trace = jax.jit(predictor.trace)(parameters(predictor), FIRST)
    shape = (3, 5, predictor.width)
    layers = predictor.num_layers
    assert trace.residual_stream.shape == (layers + 1, *shape)
    assert trace.head_output.shape == (layers, 3, 5, predictor.num_heads, predictor.width)
    assert trace.mlp_output.shape == (layers, *shape)
    assert trace.representation.shape == (3, 5, predictor.dim)
    total = trace.residual_stream[:-1] + trace.head_output.sum(3) + trace.mlp_output
    np.testing.assert_allclose(trace.residual_stream[1:], total, atol=1e-5)


@EACH
def test_an_edit_that_changes_nothing_keeps_every_bit(predictor):
    params = parameters(predictor)
    plain = predictor.represent_prefixes(params, FIRST)
    assert np.array_equal(predictor.represent_edited(params, FIRST, identity), plain)
    assert np.array_equal(predictor.trace(params, FIRST).representation, plain)
    compiled = jax.jit(predictor.represent_edited, static_argnums=2)(params, FIRST, identity)
    assert np.array_equal(compiled, jax.jit(predictor.represent_prefixes)(params, FIRST))


@EACH
def test_edits_are_called_at_every_site_in_the_order_of_computation(predictor):
    seen = []
    predictor.represent_edited(
        parameters(predictor), FIRST, lambda site, value: (seen.append(site), value)[1]
    )
    expected = [es.Site("residual_stream", 0)]
    for layer in range(predictor.num_layers):
        expected += [es.Site("head_output", layer), es.Site("mlp_output", layer)]
        expected += [es.Site("residual_stream", layer + 1)]
    assert seen == expected


def patch(predictor, params, context, site, replacement):
    """f of every prefix when one site takes the value replacement."""
    return predictor.represent_edited(
        params, context, lambda at, value: replacement if at == site else value
    )


@EACH
def test_a_patched_stream_carries_the_other_context_over(predictor):
    params = parameters(predictor)
    patched = jax.jit(patch, static_argnums=(0, 3))
    donor = jax.jit(predictor.trace)(params, SECOND)
    own = predictor.represent_prefixes(params, FIRST)
    assert np.abs(own - donor.representation).max() > 0.1
    for layer in range(predictor.num_layers + 1):
        site = es.Site("residual_stream", layer)
        found = patched(predictor, params, FIRST, site, donor.residual_stream[layer])
        np.testing.assert_allclose(found, donor.representation, atol=1e-5)


@EACH
def test_a_patched_head_or_mlp_changes_the_stream_by_the_difference(predictor):
    params = parameters(predictor)
    first, second = (predictor.trace(params, context) for context in (FIRST, SECOND))
    for kind in ("head_output", "mlp_output"):
        site = es.Site(kind, 0)
        replacement = getattr(second, kind)[0]
        streams = []

        def edit(at, value, site=site, replacement=replacement, streams=streams):
            if at.kind == "residual_stream":
                streams.append(value)
            return replacement if at == site else value

        predictor.represent_edited(params, FIRST, edit)
        if kind == "mlp_output":
            change = replacement - first.mlp_output[0]
            np.testing.assert_allclose(streams[1] - first.residual_stream[1], change, atol=1e-5)
        else:
            before_mlp = first.residual_stream[0] + replacement.sum(2)
            rows = np.asarray(before_mlp[0], np.float64)
            expected = rows + oracle_mlp(params, rows)
            np.testing.assert_allclose(streams[1][0], expected, atol=3e-5)


def oracle_mlp(params, rows):
    at = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params["params"]["layer_0"])
    hidden = np.array([norm(row, at["mlp_norm"]) for row in rows]) @ at["expand"]
    return gelu(hidden + at["expand_bias"]) @ at["contract"] + at["contract_bias"]


@EACH
def test_no_gradient_flows_from_a_later_prefix_at_any_site(predictor):
    params = parameters(predictor)
    trace = jax.jit(predictor.trace)(params, FIRST)
    shifts = {kind: jnp.zeros_like(getattr(trace, kind)) for kind in KINDS}

    @jax.jit
    @jax.grad
    def slope(shifts, t):
        def edit(site, value):
            return value + shifts[site.kind][site.layer]

        return predictor.represent_edited(params, FIRST, edit)[:, t].sum()

    for t in range(5):
        for found in slope(shifts, t).values():
            assert not np.any(found[:, :, t + 1 :])
            assert np.any(found[:, :, t], axis=(1, 2)).all()


def test_an_edit_must_keep_the_shape():
    with pytest.raises(ValueError, match=r"keep the shape .*\(3, 5, 8\) at Site.* got \(8,\): ret"):
        ROTARY.represent_edited(parameters(ROTARY), FIRST, lambda site, value: value[0, 0])


def test_longer_contexts_are_refused_by_traces_and_edits_too():
    context = jnp.zeros((1, 7), jnp.int32)
    for read in (ROTARY.trace, lambda p, c: ROTARY.represent_edited(p, c, identity)):
        with pytest.raises(ValueError, match="at most 6 words; got 7"):
            read(parameters(ROTARY), context)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width of a Transformer must be a whole number, at least 1; got 0"),
        ({"num_layers": 0}, "num_layers of a Transformer"),
        ({"num_heads": 0}, "num_heads of a Transformer"),
        ({"mlp_ratio": 0}, "mlp_ratio of a Transformer"),
        ({"dim": 0}, "dim of a Transformer"),
        ({"context_length": -1}, "context_length of a Transformer"),
        ({"width": 10}, "with 4 heads and rotary positions must be a multiple of 8; got 10"),
        ({"width": 12}, "must be a multiple of 8; got 12"),
        (
            {"width": 10, "positions": "learned"},
            "learned positions must be a multiple of 4; got 10",
        ),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings, message):
    sizes = {"num_words": 2, "num_tokens": 2, "dim": 2, "context_length": 3}
    with pytest.raises(ValueError, match=message):
        es.Transformer(**{**sizes, **settings})


def test_other_positions_are_refused_where_types_are_not_executed():
    settings = SimpleNamespace(**{**vars(ROTARY), "positions": "sine"})
    with pytest.raises(ValueError, match="must be 'rotary' or 'learned'; got 'sine'"):
        es.Transformer.__post_init__(settings)
