"""Pull with kernels that have a parameter: values, and every gradient with respect to the parameter."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import warpkit as wk
from warpkit.sampling import BOUNDARIES
from warpkit.testing import check_op

SCIPY_MODES = dict(zip(BOUNDARIES, ("constant", "nearest", "reflect", "mirror", "wrap"), strict=True))
every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)
every_kernel = pytest.mark.parametrize("kernel", ["gaussian", "keys"])


def draw(rng, kernel, shape, *, n=(2, 2, 2), points=4):
    """An image, points away from kinks, parameters away from 0; each with its own batch."""
    lengths = np.array(shape[::-1])
    image = rng.standard_normal((n[0], 2, *shape))
    whole = rng.integers(-2, lengths + 2, (n[1], points, len(shape)))
    grid = whole + rng.choice([0.0, 0.5], whole.shape) + rng.uniform(0.1, 0.4, whole.shape)
    sign = -1 if kernel == "keys" else 1
    return image, grid, sign * rng.uniform(0.5, 1.0, (n[2], len(shape)))


# ---- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "a"), [("cubic", -0.5), ("cubic_sharp", -0.75)])
@every_boundary
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keys_has_the_bits_of_cubic(name, a, boundary, dtype):
    rng = np.random.default_rng(0)
    image, grid = rng.standard_normal((2, 2, 4, 5)).astype(dtype), rng.uniform(-5, 9, (2, 60, 2))
    parameters = np.full((1, 2), a)
    options = {"boundary": boundary, "fill_value": 0.5, "frame": "pixel"}
    found = wk.grid_sample_parametric(image, grid, parameters, kernel="keys", **options)
    assert found.dtype == dtype
    np.testing.assert_array_equal(
        found, wk.grid_sample.body(image, grid, kernel=name, derivative=None, **options)
    )


@every_boundary
def test_gaussian_filter(boundary):
    """At pixel centres it is SciPy's Gaussian filter of radius 3, with one sigma per axis."""
    rng = np.random.default_rng(1)
    image, sigma = rng.standard_normal((9, 12)), np.array([[0.6, 1.3]])  # x, y
    grid = wk.identity_grid(image.shape, "pixel")
    options = {"kernel": "gaussian", "boundary": boundary, "fill_value": 0.5, "frame": "pixel"}
    found = wk.grid_sample_parametric(image[None, None], grid, sigma, **options)
    expected = gaussian_filter(image, sigma[0, ::-1], mode=SCIPY_MODES[boundary], cval=0.5, radius=3)
    np.testing.assert_allclose(found[0, 0], expected, rtol=0, atol=1e-14)


@every_kernel
@pytest.mark.parametrize("n", [(3, 3, 3), (1, 1, 3), (1, 3, 1), (3, 1, 1), (3, 1, 3), (1, 3, 3)])
def test_batches(kernel, n):
    """Each array alone beside the others' batch is as if repeated, and its cotangent a sum."""
    rng = np.random.default_rng(2)
    arrays = draw(rng, kernel, (4, 5), n=n)
    options = {"kernel": kernel, "frame": "pixel"}
    found = wk.grid_sample_parametric(*arrays, **options)
    repeated = [np.broadcast_to(x, (3, *x.shape[1:])) for x in arrays]
    np.testing.assert_array_equal(found, wk.grid_sample_parametric(*repeated, **options))
    ct_out = rng.standard_normal(found.shape)
    cts = wk.grid_sample_parametric.vjp(ct_out, *arrays, **options)
    of_repeated = wk.grid_sample_parametric.vjp(ct_out, *repeated, **options)
    for ct, full in zip(cts, of_repeated, strict=True):
        total = full.sum(axis=0, keepdims=True) if ct.shape[0] == 1 else full
        np.testing.assert_allclose(ct, total, rtol=1e-12, atol=1e-13)


# ---- derivatives -------------------------------------------------------------------------------------------


@every_kernel
@every_boundary
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_derivatives(kernel, boundary, shape):
    """By image, grid and parameters, to second order."""
    arrays = draw(np.random.default_rng(3), kernel, shape)
    options = {"kernel": kernel, "boundary": boundary, "fill_value": 0.5, "frame": "pixel"}
    check_op(wk.grid_sample_parametric, *arrays, **options)


@every_kernel
@pytest.mark.parametrize(
    ("derivative", "parameter_derivative"), [((1, 0), (0, 1)), ((0, 0), (2, 0)), ((0, 1), (1, 1))]
)
def test_derivatives_of_derivatives(kernel, derivative, parameter_derivative):
    """Closed under differentiation, in both indices."""
    image, grid, parameters = draw(np.random.default_rng(4), kernel, (3, 4), n=(1, 1, 1))
    options = {
        "kernel": kernel,
        "boundary": "reflect",
        "derivative": derivative,
        "parameter_derivative": parameter_derivative,
    }
    normalized = wk.convert_points(grid, (3, 4), "pixel", "normalized")
    check_op(wk.grid_sample_parametric, image, normalized, parameters, **options)
    for d, axis in enumerate(np.eye(2)):
        tan = wk.grid_sample_parametric.jvp(
            (None, None, axis[None]), image, normalized, parameters, **options
        )
        higher = tuple(k + (e == d) for e, k in enumerate(parameter_derivative))
        raised = wk.grid_sample_parametric(
            image, normalized, parameters, **options | {"parameter_derivative": higher}
        )
        np.testing.assert_array_equal(tan, raised)


def test_one_number_for_all_coordinates():
    """Repeated by an op, so that its derivative is the sum: a shared sigma, fitted by Newton's method."""
    rng = np.random.default_rng(5)
    image = rng.standard_normal((1, 1, 12, 12))
    grid = wk.identity_grid((12, 12), "pixel")
    options = {"kernel": "gaussian", "boundary": "mirror", "frame": "pixel"}
    target = gaussian_filter(image, (0, 0, 0.83, 0.83), mode="mirror", radius=3)

    def loss(sigma):
        blurred = wk.grid_sample_parametric(image, grid, wk.ops.broadcast_to(sigma, (1, 2)), **options)
        return ((blurred - target) * (blurred - target)).mean()

    sigma = np.array([[0.7]])
    for _ in range(8):
        at = wk.Variable(sigma)
        slope = wk.grad(loss(at), at, create_graph=True)
        sigma = sigma - slope.data / wk.grad(slope.sum(), at)
    np.testing.assert_allclose(sigma, 0.83, rtol=1e-9)


def test_nan():
    """A coordinate that is NaN leaves other points alone; a parameter that is NaN spoils its image."""
    arrays = draw(np.random.default_rng(6), "gaussian", (4, 5))
    image, grid, parameters = (x.copy() for x in arrays)
    grid[0, 1, 0] = np.nan
    parameters[1, 0] = np.nan
    options = {"kernel": "gaussian", "frame": "pixel"}
    out = wk.grid_sample_parametric(image, grid, parameters, **options)
    assert np.isnan(out[0]).any(axis=0).tolist() == [False, True, False, False]
    assert np.isnan(out[1]).all()
    ct_image, ct_grid, _ = wk.grid_sample_parametric.vjp(
        np.ones_like(out), image, grid, parameters, **options
    )
    assert not np.isnan(ct_image[0]).any()
    assert np.isnan(ct_grid[0]).any(axis=1).tolist() == [False, True, False, False]


# ---- errors ------------------------------------------------------------------------------------------------


@every_kernel
def test_empty(kernel):
    for image_n, grid_n, n, points in [(0, 0, 0, 3), (2, 2, 2, 0), (1, 0, 1, 3), (1, 1, 0, 3)]:
        arrays = np.ones((image_n, 1, 4)), np.zeros((grid_n, points, 1)), np.full((n, 1), 0.5)
        out = wk.grid_sample_parametric(*arrays, kernel=kernel)
        assert out.shape == (0 if 0 in (grid_n, n) else 2, 1, points)
        for ct, x in zip(wk.grid_sample_parametric.vjp(out, *arrays, kernel=kernel), arrays, strict=True):
            np.testing.assert_array_equal(ct, np.zeros_like(x))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"parameters": np.ones(2)}, ValueError, r"parameters: expected shape \(n, 2\), .* shape \(2,\)"),
        ({"parameters": np.ones((1, 3))}, ValueError, r"parameters: expected shape \(n, 2\), .* \(1, 3\)"),
        ({"parameters": np.ones((3, 2))}, ValueError, "parameters: expected a batch of 2, .* a batch of 3"),
        ({"parameters": np.ones((1, 2), int)}, TypeError, "parameters: expected a floating dtype, .* int64"),
        ({"image": np.ones((2, 1, 4, 5), np.uint8)}, TypeError, "image: expected a floating .* uint8"),
        ({"image": np.ones((2, 1, 0, 5))}, ValueError, "image: expected at least one pixel"),
        ({"kernel": "cubic"}, ValueError, "kernel: expected one of 'gaussian', 'keys', given 'cubic'"),
        ({"boundary": "zeros"}, ValueError, "boundary: expected one of"),
        ({"frame": "world"}, ValueError, "frame: expected one of"),
        ({"derivative": (1,)}, ValueError, "^derivative: expected 2 non-negative integers"),
        ({"parameter_derivative": (1,)}, ValueError, "parameter_derivative: expected 2 non-negative"),
        ({"fill_value": None}, TypeError, "fill_value: expected a number"),
    ],
)
def test_errors(change, error, message):
    arguments = {
        "image": np.ones((2, 1, 4, 5)),
        "grid": np.zeros((2, 3, 2)),
        "parameters": np.ones((1, 2)),
        "kernel": "gaussian",
    }
    with pytest.raises(error, match=message):
        wk.grid_sample_parametric(**arguments | change)
