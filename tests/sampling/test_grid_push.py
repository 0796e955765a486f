"""Push: the exact adjoint of pull, for every boundary, kernel and derivative."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warpkit import Variable, convert_points, grad, grid_push, grid_sample
from warpkit.sampling import BOUNDARIES
from warpkit.testing import check_op
from warpkit.testing.strategies import shapes

every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)
every_kernel = pytest.mark.parametrize("kernel", ["nearest", "linear"])


@st.composite
def cases(draw):
    """A shape and grids in and around it, kinks included, some points NaN or far away."""
    shape = draw(shapes(draw(st.integers(1, 3)), max_side=5))
    n = draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = np.array(shape[::-1])
    grid = rng.uniform(
        -2 * lengths, 3 * lengths, (draw(st.sampled_from([1, n])), *draw(shapes(2)), len(shape))
    )
    grid = np.where(rng.random(grid.shape) < 0.3, np.rint(grid), grid)
    if draw(st.booleans()):
        grid[rng.random(grid.shape) < 0.1] = draw(st.sampled_from([np.nan, np.inf, -1e300]))
    return shape, grid, n, rng


def inner(a, b):
    """<a, b> in float64, and the sum of its terms' sizes."""
    products = a.astype(np.float64) * b.astype(np.float64)
    return products.sum(), np.abs(products).sum()


@every_boundary
@every_kernel
@settings(max_examples=15)
@given(
    cases(),
    st.sampled_from(["normalized", "pixel"]),
    st.sampled_from([(np.float32, 1e-5), (np.float64, 1e-12)]),
)
def test_adjoint_of_pull(kernel, boundary, case, frame, precision):
    """<U', push(V)> = <pull(U'), V> for each derivative: 1e-12 in float64, 1e-5 in float32."""
    shape, grid, n, rng = case
    dtype, rtol = precision
    finite = np.nan_to_num(grid, posinf=0.0, neginf=0.0)
    grid = np.where(np.isfinite(grid), convert_points(finite, shape, "pixel", frame), grid)
    image = rng.standard_normal((n, 2, *shape)).astype(dtype)
    values = rng.standard_normal((n, 2, *grid.shape[1:-1])).astype(dtype)
    for derivative in itertools.product((0, 1), repeat=len(shape)):
        options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
        pushed = grid_push(values, grid, shape, **options)
        assert pushed.dtype == dtype
        pulled = grid_sample(image, grid, **options)
        known = ~np.isnan(pulled)  # a point without an answer gives nothing
        left, size = inner(image, pushed)
        right, other = inner(np.where(known, pulled, 0), values)
        weights = np.abs(values).sum() * np.abs(image).max() * max(1, *shape) ** sum(derivative)
        assert abs(left - right) <= rtol * max(size, other, weights)


@every_boundary
@pytest.mark.parametrize("derivative", [None, (1, 0)])
def test_derivatives(boundary, derivative):
    """Central differences, vjp against jvp, adjointness, second order."""
    rng = np.random.default_rng(0)
    grid = rng.integers(-2, 6, (2, 6, 2)) + rng.uniform(0.1, 0.9, (2, 6, 2))
    values = rng.standard_normal((2, 2, 6))
    check_op(grid_push, values, grid, shape=(4, 5), boundary=boundary, frame="pixel", derivative=derivative)


@pytest.mark.parametrize(("values_n", "grid_n"), [(1, 3), (3, 1), (3, 3)])
def test_batch_broadcast(values_n, grid_n):
    """One beside many is as if repeated; each alone gives the same bits."""
    rng = np.random.default_rng(1)
    values, grid = rng.standard_normal((values_n, 2, 5)), rng.uniform(-1, 5, (grid_n, 5, 1))
    out = grid_push(values, grid, (4,), frame="pixel")
    for i in range(3):
        alone = grid_push(values[i % values_n][None], grid[i % grid_n][None], (4,), frame="pixel")
        np.testing.assert_array_equal(out[i : i + 1], alone)
    check_op(grid_push, values, np.floor(grid) + 0.3, shape=(4,), frame="pixel")


@every_boundary
def test_mass_is_kept(boundary):
    """Weights add up to 1: only "constant" loses what falls outside."""
    values, grid = np.ones((1, 1, 4)), np.array([[[-7.3], [0.5], [1.0], [9.8]]])
    assert grid_push(values, grid, (3,), boundary=boundary, frame="pixel").sum() == pytest.approx(
        2 if boundary == "constant" else 4
    )


def test_cotangent_of_the_grid_at_a_kink():
    """The right derivative, as of pull: moving a value right takes it from here and gives it to the next."""
    x = Variable(np.array([[[1.0]]]))
    weight = np.array([3.0, 5.0, 4.0])
    out = grid_push(np.array([[[2.0]]]), x, (3,), frame="pixel")
    assert grad((out * weight).sum(), x).tolist() == [[[2 * (4 - 5)]]]


def test_shape_of_the_image_is_free():
    for shape in [(1, 1), (7, 2), (3, 300)]:
        assert grid_push(np.ones((2, 3, 5)), np.zeros((2, 5, 2)), shape).shape == (2, 3, *shape)


@pytest.mark.parametrize("values_shape", [(0, 1, 3), (1, 0, 3), (2, 1, 0)])
def test_empty(values_shape):
    grid = np.zeros((values_shape[0], values_shape[2], 2))
    out = grid_push(np.ones(values_shape), grid, (4, 5))
    np.testing.assert_array_equal(out, np.zeros((*values_shape[:2], 4, 5)))
    assert grid_push(np.ones((2, 1, 0)), np.zeros((2, 0, 2)), (0, 5)).shape == (2, 1, 0, 5)


VALUES, GRID = np.ones((2, 1, 3)), np.zeros((2, 3, 2))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"shape": (4, -5)}, ValueError, r"shape: expected lengths of at least 0, given \(4, -5\)"),
        ({"shape": (4.0, 5)}, TypeError, r"shape: expected integers, given \(4.0, 5\)"),
        ({"shape": 5}, TypeError, "shape: expected a tuple of integers, given builtins.int"),
        ({"shape": "45"}, TypeError, "shape: expected a tuple of integers, given builtins.str"),
        ({"shape": np.array([4, 5])}, TypeError, "shape: expected a hashable value"),
        ({"shape": ()}, ValueError, r"shape: expected 1 to 3 lengths, one per spatial axis, given \(\)"),
        ({"shape": (2, 2, 2, 2)}, ValueError, "shape: expected 1 to 3 lengths"),
        (
            {"shape": (4, 5, 6)},
            ValueError,
            r"grid: expected a last axis of length 3, for shape \(4, 5, 6\), given",
        ),
        ({"shape": (0, 5)}, ValueError, r"shape: expected at least one pixel on every axis, given \(0, 5\)"),
        ({"shape": (2**40, 2**40)}, ValueError, r"shape: expected fewer than 2\^63 elements"),
        ({"grid": np.zeros((2, 3, 3))}, ValueError, "grid: expected a last axis of length 2"),
        ({"grid": np.zeros(2)}, ValueError, "grid: expected a last axis of length 2"),
        (
            {"grid": np.zeros((3, 3, 2))},
            ValueError,
            "grid: expected a batch of 2, that of values, or of 1, given",
        ),
        (
            {"values": np.ones((2, 1, 4))},
            ValueError,
            r"values: expected shape \(n, c, 3\), with the points of grid",
        ),
        ({"values": np.ones(3)}, ValueError, r"values: expected shape \(n, c, 3\)"),
        ({"values": np.ones((2, 1, 3), int)}, TypeError, "values: expected a floating dtype, given int64"),
        ({"values": None}, TypeError, "values: expected a NumPy or CuPy array"),
        ({"derivative": (1,)}, ValueError, "derivative: expected 2 non-negative integers"),
        ({"kernel": "bicubic"}, ValueError, "kernel: expected one of"),
        ({"boundary": "zeros"}, ValueError, "boundary: expected one of"),
        ({"frame": "world"}, ValueError, "frame: expected one of"),
        ({"fill_value": 0.0}, TypeError, "grid_push: argument 'fill_value' is unknown"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_errors(change, error, message):
    with pytest.raises(error, match=message):
        grid_push(**{"values": VALUES, "grid": GRID, "shape": (4, 5), **change})


def test_a_shape_too_large_for_the_machine():
    with pytest.raises(MemoryError):
        grid_push(VALUES, GRID, (2**30, 2**10 * 2**10))
