"""Push with kernels that have a parameter: the exact adjoint of pull with them."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.sampling import BOUNDARIES
from warpkit.testing import check_op

every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)
every_kernel = pytest.mark.parametrize("kernel", ["gaussian", "keys"])
DERIVATIVES = [(None, None), ((1, 0), None), (None, (0, 1)), ((0, 1), (1, 0))]


def draw(rng, kernel, shape):
    """Values, points away from kinks, and parameters away from 0."""
    whole = rng.integers(-2, np.array(shape[::-1]) + 2, (2, 4, len(shape)))
    grid = whole + rng.choice([0.0, 0.5], whole.shape) + rng.uniform(0.1, 0.4, whole.shape)
    parameters = (-1 if kernel == "keys" else 1) * rng.uniform(0.5, 1.0, (2, len(shape)))
    return rng.standard_normal((2, 2, 4)), grid, parameters


@every_kernel
@every_boundary
@pytest.mark.parametrize(("derivative", "parameter_derivative"), DERIVATIVES)
def test_adjoint_of_pull(kernel, boundary, derivative, parameter_derivative):
    """<U, push(V)> = <pull(U), V>, for every pair of derivatives."""
    rng = np.random.default_rng(0)
    values, grid, parameters = draw(rng, kernel, (4, 5))
    image = rng.standard_normal((2, 2, 4, 5))
    options = {
        "kernel": kernel,
        "boundary": boundary,
        "frame": "pixel",
        "derivative": derivative,
        "parameter_derivative": parameter_derivative,
    }
    pushed = wk.grid_push_parametric(values, grid, parameters, (4, 5), **options)
    pulled = wk.grid_sample_parametric(image, grid, parameters, **options)
    assert (image * pushed).sum() == pytest.approx((pulled * values).sum(), rel=1e-12)


@every_kernel
@every_boundary
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_derivatives(kernel, boundary, shape):
    """By values, grid and parameters, to second order."""
    arrays = draw(np.random.default_rng(1), kernel, shape)
    check_op(wk.grid_push_parametric, *arrays, shape, kernel=kernel, boundary=boundary, frame="pixel")


def test_keys_is_cubic_at_one_half():
    values, grid, _ = draw(np.random.default_rng(2), "keys", (4, 5))
    found = wk.grid_push_parametric(values, grid, np.full((1, 2), -0.5), (4, 5), kernel="keys", frame="pixel")
    expected = wk.grid_push(values, grid, (4, 5), kernel="cubic", frame="pixel")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@every_kernel
def test_mass(kernel):
    """What is pushed inside stays, whatever the parameter."""
    rng = np.random.default_rng(3)
    values, grid = rng.standard_normal((1, 1, 20)), rng.uniform(3, 8, (1, 20, 2))
    for parameter in (-0.9, 0.4, 1.5):
        image = wk.grid_push_parametric(
            values, grid, np.full((1, 2), parameter), (12, 12), kernel=kernel, frame="pixel"
        )
        assert image.sum() == pytest.approx(values.sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"parameters": np.ones((1, 3))}, ValueError, r"parameters: expected shape \(n, 2\)"),
        ({"parameters": np.ones((3, 2))}, ValueError, "parameters: expected a batch of 2"),
        ({"values": np.ones((2, 1, 4))}, ValueError, "values: expected shape"),
        ({"values": np.ones((2, 1, 3), int)}, TypeError, "values: expected a floating dtype"),
        ({"grid": np.zeros((2, 3, 3))}, ValueError, "grid: expected a last axis of length 2"),
        ({"shape": (4, 0)}, ValueError, "shape: expected at least one pixel on every axis"),
        ({"kernel": "linear"}, ValueError, "kernel: expected one of 'gaussian', 'keys', given 'linear'"),
        ({"boundary": "zeros"}, ValueError, "boundary: expected one of"),
        ({"parameter_derivative": (0, -1)}, ValueError, "parameter_derivative: expected 2 non-negative"),
    ],
)
def test_errors(change, error, message):
    arguments = {
        "values": np.ones((2, 1, 3)),
        "grid": np.zeros((2, 3, 2)),
        "parameters": np.ones((1, 2)),
        "shape": (4, 5),
        "kernel": "gaussian",
    }
    with pytest.raises(error, match=message):
        wk.grid_push_parametric(**arguments | change)
