"""Ops as native functions of JAX, to any order and under every transformation."""

import importlib
import pkgutil

import numpy as np
import pytest

import warpkit
from warpkit._core import Op, all_ops

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
check_grads = pytest.importorskip("jax.test_util").check_grads
bridge = pytest.importorskip("warpkit.bridges.jax")

for room in pkgutil.iter_modules(warpkit.__path__):
    if room.name not in ("__main__", "bridges", "cli"):
        importlib.import_module(f"warpkit.{room.name}")

OPS = [op for op in all_ops() if op.__module__.startswith("warpkit.")]
OPS_BY_NAME = {op.name: op for op in OPS}


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def smooth_samples(op):
    return [sample for sample in op.draw_samples(np.random.default_rng(5)) if sample.smooth]


def on_arrays(op, sample):
    """A function of the floating arguments alone, and these as JAX arrays."""
    positions = [i for i, x in enumerate(sample.arrays) if x.dtype.kind == "f"]

    def function(*given):
        arguments = list(sample.arrays)
        for i, x in zip(positions, given, strict=True):
            arguments[i] = x
        return bridge.wrap(op)(*arguments, **sample.static)

    return function, [jnp.asarray(sample.arrays[i]) for i in positions]


def image_and_grid(n=2):
    rng = np.random.default_rng(0)
    return jnp.asarray(rng.standard_normal((n, 2, 4, 5))), jnp.asarray(rng.uniform(-1, 1, (n, 3, 3, 2)))


def close(found, expected, tolerance=1e-11):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_gradients(op):
    """Forward and reverse mode to second order, against JAX's central differences."""
    sample = smooth_samples(op)[0]
    function, arrays = on_arrays(op, sample)
    if function(*arrays).dtype.kind == "f":
        check_grads(function, arrays, order=2, modes=("fwd", "rev"))


@pytest.mark.parametrize("name", ["grid_sample", "affine_grid"])
def test_gradients_of_all_samples(name):
    for sample in smooth_samples(OPS_BY_NAME[name])[:3]:
        function, arrays = on_arrays(OPS_BY_NAME[name], sample)
        check_grads(jax.jit(function), arrays, order=2, modes=("fwd", "rev"))


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_jit_and_vmap(op):
    sample = smooth_samples(op)[0]
    function, arrays = on_arrays(op, sample)
    out = op(*sample.arrays, **sample.static)
    np.testing.assert_array_equal(function(*arrays), out)
    np.testing.assert_array_equal(jax.jit(function)(*arrays), out)
    if not arrays:
        return
    batches = [jnp.stack([x, 0.5 * x, x]) for x in arrays]
    mapped = jax.jit(jax.vmap(function))(*batches)
    for i in range(3):
        close(mapped[i], function(*[batch[i] for batch in batches]))


@pytest.mark.parametrize("name", ["grid_sample", "affine_grid"])
def test_compositions(name):
    """Every order of forward and reverse mode gives the same second derivative, also mapped and compiled."""
    function, arrays = on_arrays(OPS_BY_NAME[name], smooth_samples(OPS_BY_NAME[name])[1])
    directions = [jnp.cos(x) for x in arrays]

    def loss(*given):
        return (function(*given) ** 3).sum()

    which = tuple(range(len(arrays)))
    gradient = jax.grad(loss, which)

    def forward_over_reverse(*given):
        return jax.jvp(gradient, given, tuple(directions))[1]

    def reverse_over_reverse(*given):
        def slope(*inner):
            return sum((g * d).sum() for g, d in zip(gradient(*inner), directions, strict=True))

        return jax.grad(slope, which)(*given)

    def reverse_over_forward(*given):
        return jax.grad(lambda *inner: jax.jvp(loss, inner, tuple(directions))[1], which)(*given)

    expected = jax.jit(forward_over_reverse)(*arrays)
    for other in (reverse_over_reverse, reverse_over_forward):
        jax.tree.map(lambda x, y: close(x, y, 1e-10), other(*arrays), expected)
    batches = [jnp.stack([x, 0.9 * x]) for x in arrays]
    per_example = jax.jit(jax.vmap(gradient))(*batches)
    jax.tree.map(lambda x, y: close(x[0], y), per_example, gradient(*arrays))


def test_vmap_folds_into_the_batch():
    image, grid = image_and_grid()
    images = jnp.stack([image, 2 * image, 3 * image], axis=1)
    mapped = jax.vmap(bridge.grid_sample, in_axes=(1, None))
    program = str(jax.make_jaxpr(mapped)(images, grid))
    assert program.count("warpkit[") == 1
    assert "scan" not in program
    close(mapped(images, grid)[2], bridge.grid_sample(3 * image, grid))


def test_vmap_loops_where_it_cannot_fold():
    image, grid = image_and_grid()
    grids = jnp.stack([grid[:1], grid[1:]])  # one grid for two images: their batch lengths differ
    mapped = jax.vmap(bridge.grid_sample, in_axes=(None, 0))(image, grids)
    close(mapped[1], bridge.grid_sample(image, grid[1:]))


def test_linear_transpose():
    """An op that is linear in an argument can be transposed without being differentiated first."""
    image, grid = image_and_grid()
    (found,) = jax.linear_transpose(lambda image: bridge.grid_sample(image, grid), image)(
        jnp.ones((2, 2, 3, 3))
    )
    expected, _ = OPS_BY_NAME["grid_sample"].vjp(np.ones((2, 2, 3, 3)), np.asarray(image), np.asarray(grid))
    close(found, expected)
    with pytest.raises(NotImplementedError, match="exp is not linear in x"):
        jax.linear_transpose(bridge.exp, jnp.ones(3))(jnp.ones(3))


def test_only_what_is_needed_is_computed():
    """The image's gradient is never scattered for one who wants that of the grid."""
    image, grid = image_and_grid()
    program = str(jax.make_jaxpr(jax.grad(lambda grid: bridge.grid_sample(image, grid).sum()))(grid))
    assert "grid_sample.vjp[01]" in program
    assert "grid_sample.vjp[11]" not in program


def test_several_outputs_of_which_one_is_an_integer():
    def body(a, b):
        whole = np.floor(a * b)
        return whole.astype(np.int64), a * b - whole

    op = Op("modf_product", body, ("a", "b"), {}, multiple=True)
    op.spec(lambda a, b: (a.with_dtype(np.int64), a))

    @op.vjp.rule
    def vjp(cts, a, b, *, needs):
        return cts[1] * b if needs[0] else None, cts[1] * a if needs[1] else None

    @op.jvp.rule
    def jvp(tangents, a, b):
        terms = [t * x for t, x in zip(tangents, (b, a), strict=True) if t is not None]
        return None, terms[0] if len(terms) == 1 else terms[0] + terms[1]

    function = bridge.wrap(op)
    a, b = jnp.array([0.3, 1.6]), jnp.array([2.1, 1.2])
    assert function(a, b)[0].tolist() == [0, 1]
    check_grads(lambda a, b: function(a, b)[1], (a, b), order=1, modes=("fwd", "rev"))


def test_without_double_precision():
    jax.config.update("jax_enable_x64", False)
    image, grid = (x.astype(jnp.float32) for x in image_and_grid())
    out = jax.jit(bridge.grid_sample)(image, grid)
    assert out.dtype == jnp.float32
    assert jax.jit(bridge.divide)(jnp.array([1, 2]), jnp.array([2, 2])).tolist() == [0.5, 1.0]
    assert bridge.exp(np.zeros(2)).dtype == jnp.float32  # a NumPy array becomes what JAX makes of it
    gradient = jax.jit(jax.grad(lambda grid: bridge.grid_sample(image, grid).sum()))(grid)
    assert gradient.dtype == jnp.float32


def test_many_large_calls_under_jit_do_not_deadlock():
    image = jnp.zeros((1, 1, 512, 512))

    @jax.jit
    def chain(x):
        for _ in range(4):
            x = bridge.add(bridge.sin(x), 1.0) * 0.1
        return x

    outs = [chain(image + i) for i in range(20)]
    assert all(bool(jnp.isfinite(out).all()) for out in outs)


def test_numbers_and_keywords():
    x = jnp.array([1.0, 2.0], dtype=jnp.float32)
    assert bridge.add(x, 1).tolist() == [2, 3]
    assert bridge.multiply(b=x, a=2.0).dtype == jnp.float32


def test_errors():
    x = jnp.ones((2, 2))
    with pytest.raises(TypeError, match=r"b: expected a JAX or NumPy array, given builtins\.list"):
        bridge.matmul(x, [[1.0]])
    with pytest.raises(TypeError, match=r"a: expected real numbers.*, given dtype complex128"):
        bridge.matmul(x.astype(complex), x)
    with pytest.raises(ValueError, match="b: expected 2 rows"):
        jax.jit(bridge.matmul)(x, jnp.ones((3, 2)))
    with pytest.raises(TypeError, match="argument 'b' is missing"):
        bridge.matmul(x)
    with pytest.raises(TypeError, match="exponent: expected a hashable value"):
        bridge.power(x, jnp.asarray(2.0))
    with pytest.raises(AttributeError, match="no op named 'does_not_exist'"):
        bridge.does_not_exist  # noqa: B018
