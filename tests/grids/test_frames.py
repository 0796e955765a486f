"""Frames: pixel = s g + o, their conversions, and the identity grid."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit import Variable, convert_points, grad, identity_grid
from warpkit.grids import FRAMES, axis_coordinates, frame_scales
from warpkit.testing.strategies import shapes

EXACT = 1e-15
"""A few roundings of float64, relative to the length of an axis."""

any_shape = st.integers(1, 3).flatmap(lambda ndim: shapes(ndim, min_side=2, max_side=300))


def points_of(shape, n=50):
    """Pixel coordinates in the image and around it, in the order (x, y[, z])."""
    lengths = np.array(shape[::-1])
    return np.random.default_rng(0).uniform(-2, lengths + 2, (n, len(shape)))


@pytest.mark.parametrize(
    ("frame", "edges", "centres"),
    [
        ("normalized", (-1, 1), (-0.75, 0.75)),
        ("corners", (-4 / 3, 4 / 3), (-1, 1)),
        ("pixel", (-0.5, 3.5), (0, 3)),
    ],
)
def test_what_a_frame_means(frame, edges, centres):
    """On four pixels: the outer edges, -0.5 and 3.5, and the centres of the corner pixels, 0 and 3."""
    (scale,), (offset,) = frame_scales((4,), frame)
    np.testing.assert_allclose(np.array(edges) * scale + offset, [-0.5, 3.5], rtol=EXACT)
    np.testing.assert_allclose(np.array(centres) * scale + offset, [0, 3], atol=EXACT)
    assert axis_coordinates(4, frame)[[0, -1]].tolist() == pytest.approx(centres, abs=EXACT)


def test_x_is_the_last_axis():
    assert frame_scales((2, 4, 10), "normalized") == ((5.0, 2.0, 1.0), (4.5, 1.5, 0.5))
    grid = identity_grid((2, 3, 4), "pixel")
    assert grid.shape == (1, 2, 3, 4, 3)
    assert grid[0, 1, 2, 3].tolist() == [3, 2, 1]


@given(any_shape)
def test_conversions_undo_each_other(shape):
    """From each frame to each other one and back, and the way round over all three."""
    pixels = points_of(shape)
    for source, target in itertools.permutations(FRAMES, 2):
        there = convert_points(pixels, shape, source, target)
        back = convert_points(there, shape, target, source)
        np.testing.assert_allclose(back, pixels, rtol=1e-13, atol=1e-12)
    around = pixels
    for source, target in itertools.pairwise([*FRAMES, FRAMES[0]]):
        around = convert_points(around, shape, source, target)
    np.testing.assert_allclose(around, pixels, rtol=1e-13, atol=1e-12)


@given(st.integers(1, 3).flatmap(lambda ndim: shapes(ndim, min_side=2, max_side=20)))
def test_identity_grid_is_the_pixel_centres(shape):
    """In every frame it converts to whole pixels."""
    whole = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")[::-1], axis=-1)[None]
    for frame in FRAMES:
        grid = identity_grid(shape, frame)
        assert grid.dtype == np.float64
        np.testing.assert_allclose(convert_points(grid, shape, frame, "pixel"), whole, atol=1e-12)


@pytest.mark.parametrize("frame", FRAMES)
def test_coordinates_are_symmetric(frame):
    """Bit for bit: the middle of an image is 0 in both relative frames, whatever its size."""
    for length in range(1, 200):
        axis = axis_coordinates(length, frame)
        mirrored = length - 1 - axis[::-1] if frame == "pixel" else -axis[::-1]
        np.testing.assert_array_equal(axis, mirrored)


def test_identity_grid_is_rounded_once():
    narrow, wide = identity_grid((5, 7), dtype=np.float32), identity_grid((5, 7))
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))


def test_an_axis_of_one_pixel():
    """Its centre is 0 in the relative frames; "corners" cannot tell its ends apart, and says so."""
    for frame in FRAMES:
        assert axis_coordinates(1, frame).tolist() == [0]
        assert identity_grid((1, 3), frame)[0, 0, :, 1].tolist() == [0, 0, 0]
    assert frame_scales((1, 5), "corners")[0] == (2.0, 0.0)
    np.testing.assert_array_equal(
        convert_points(np.array([[0.5, 0.7]]), (1, 5), "corners", "pixel"), [[3, 0]]
    )
    with pytest.raises(
        ValueError, match=r"shape: expected at least 2 pixels along axis 0 in frame 'corners'"
    ):
        convert_points(np.zeros((1, 2)), (1, 5), "pixel", "corners")


def test_conversion_keeps_float32_and_widens_integers():
    pixels = [[0, 3], [7, 1]]
    expected = [[-0.875, 0.75], [0.875, -0.25]]
    for points in (pixels, np.array(pixels), np.array(pixels, np.uint8)):
        out = convert_points(points, (4, 8), "pixel", "normalized")
        assert out.dtype == np.float64
        np.testing.assert_array_equal(out, expected)
    assert convert_points(np.array(pixels, np.float32), (4, 8), "pixel", "normalized").dtype == np.float32


def test_conversion_of_variables():
    """Its gradient is the scale s / s', in the order (x, y)."""
    points = Variable(np.array([[0.5, -0.5]]))
    out = convert_points(points, (4, 8), "normalized", "corners")
    np.testing.assert_allclose(grad(out.sum(), points), [[4 / 3.5, 2 / 1.5]], rtol=EXACT)


def test_empty():
    assert identity_grid((0, 3)).shape == (1, 0, 3, 2)
    assert convert_points(np.zeros((0, 2)), (2, 3), "pixel", "corners").shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: identity_grid((2, -3)),
            ValueError,
            r"shape: expected lengths of at least 0, given \(2, -3\)",
        ),
        (lambda: identity_grid((2.0, 3)), TypeError, r"shape: expected integers, given \(2.0, 3\)"),
        (lambda: identity_grid(5), TypeError, "shape: expected a tuple of integers, given builtins.int"),
        (lambda: identity_grid(()), ValueError, r"shape: expected at least one length, given \(\)"),
        (lambda: identity_grid((2,), "world"), ValueError, "frame: expected one of .*, given 'world'"),
        (lambda: frame_scales((2,), None), ValueError, "frame: expected one of .*, given None"),
        (
            lambda: convert_points(np.zeros((5, 3)), (4, 8), "pixel", "corners"),
            ValueError,
            r"points: expected a last axis of length 2, for shape \(4, 8\), given shape \(5, 3\)",
        ),
        (
            lambda: convert_points(np.float64(3), (4,), "pixel", "corners"),
            ValueError,
            "points: expected a last axis",
        ),
        (
            lambda: convert_points("ab", (4,), "pixel", "corners"),
            TypeError,
            "points: expected a NumPy or CuPy array",
        ),
        (
            lambda: convert_points(np.zeros((5, 2)), (0, 8), "pixel", "normalized"),
            ValueError,
            "shape: expected at least",
        ),
        (
            lambda: convert_points(np.zeros((5, 2)), (4, 8), "px", "corners"),
            ValueError,
            "frame: expected one of",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
