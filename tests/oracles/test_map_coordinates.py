"""grid_sample against scipy.ndimage.map_coordinates, for every boundary that SciPy has."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from warpkit import grid_sample
from warpkit.testing.strategies import shapes

# SciPy's "constant" fades over the last half pixel in some versions and interpolates coordinates in others;
# "grid-constant" and "grid-wrap" are those that act on taps.
SCIPY_MODES = {
    "constant": "grid-constant",
    "border": "nearest",
    "reflect": "reflect",
    "mirror": "mirror",
    "wrap": "grid-wrap",
}
ORDERS = {"nearest": 0, "linear": 1}


def scipy_sample(image, grid, *, kernel, boundary, fill_value):
    """One image and channel at a time; SciPy orders coordinates as array axes, (z, y, x)."""
    points = np.moveaxis(grid.astype(np.float64), -1, 1)[:, ::-1]
    return np.array(
        [
            [
                map_coordinates(
                    channel.astype(np.float64),
                    coordinates,
                    order=ORDERS[kernel],
                    mode=SCIPY_MODES[boundary],
                    cval=fill_value,
                )
                for channel in channels
            ]
            for channels, coordinates in zip(image, points, strict=True)
        ]
    )


@st.composite
def cases(draw, fractions):
    """An image of any shape in 1D to 3D, and a grid of another shape, in and around it."""
    ndim = draw(st.integers(1, 3))
    shape, out_shape = draw(shapes(ndim, max_side=7)), draw(shapes(draw(st.integers(1, 3)), max_side=5))
    n, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image_dtype, grid_dtype = (draw(st.sampled_from([np.float32, np.float64])) for _ in "ab")
    image = rng.standard_normal((n, channels, *shape)).astype(image_dtype)
    lengths = np.array(shape[::-1])
    whole = np.floor(rng.uniform(-3 * lengths - 3, 4 * lengths + 3, (n, *out_shape, ndim)))
    grid = (whole + rng.choice(fractions, whole.shape)).astype(grid_dtype)
    return image, grid, draw(st.sampled_from([0.0, 0.75, -1e3]))


def check(image, grid, **options):
    out = grid_sample(image, grid, frame="pixel", **options)
    expected = scipy_sample(image, grid, **options)
    assert out.dtype == image.dtype
    scale = max(np.abs(image).max(), abs(options["fill_value"]))
    # A few roundings of the dtype, and in SciPy those of a coordinate of up to 30 that it reflects.
    tolerance = 4 * np.finfo(image.dtype).eps + 64 * np.finfo(np.float64).eps
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("boundary", SCIPY_MODES)
@settings(max_examples=40)
@given(cases(fractions=[0.0, 2.0**-20, 0.125, 0.3, 0.5, 0.7, 1 - 2.0**-20]))
def test_linear(boundary, case):
    image, grid, fill_value = case
    check(image, grid, kernel="linear", boundary=boundary, fill_value=fill_value)


@pytest.mark.parametrize("boundary", SCIPY_MODES)
@settings(max_examples=40)
@given(cases(fractions=[0.0, 0.125, 0.3, 0.49, 0.51, 0.7, 0.99]))
def test_nearest(boundary, case):
    """Away from halves, where SciPy rounds after it has reflected the coordinate."""
    image, grid, fill_value = case
    check(image, grid, kernel="nearest", boundary=boundary, fill_value=fill_value)


def test_wrap_is_not_scipys_wrap():
    """SciPy's plain "wrap" has the period N - 1: known there, and kept for compatibility."""
    image = np.arange(4.0)
    x = np.array([4.0])
    ours = grid_sample(image[None, None], x[None, :, None], boundary="wrap", frame="pixel")[0, 0]
    assert ours == map_coordinates(image, [x], order=1, mode="grid-wrap") == 0
    assert map_coordinates(image, [x], order=1, mode="wrap") == 1
