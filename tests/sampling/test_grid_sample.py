"""Pull: its derivatives, its kinks, and every published rule of sampling."""

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warpkit import Variable, convert_points, grad, grid_sample, identity_grid
from warpkit._core import _native
from warpkit.sampling import BOUNDARIES, _grid_push
from warpkit.testing import check_op
from warpkit.testing.strategies import shapes

KERNELS = ("nearest", "linear")
FRAMES = ("normalized", "corners", "pixel")
PERIODIC = ("reflect", "mirror", "wrap")

every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)
every_kernel = pytest.mark.parametrize("kernel", KERNELS)


def row(*values, dtype=np.float64):
    """One row of pixels, (1, 1, length)."""
    return np.array(values, dtype).reshape(1, 1, -1)


def at(*coordinates, dtype=np.float64):
    """Points on a row, (1, m, 1)."""
    return np.array(coordinates, dtype).reshape(1, -1, 1)


def sample_row(image, *coordinates, **options):
    """Values of a row at pixel coordinates, flat."""
    return grid_sample(image, at(*coordinates), frame="pixel", **options)[0, 0]


@st.composite
def smooth_cases(draw):
    """An image and a grid away from kinks, in 1D to 3D, either of them alone beside a batch at times.

    One point at least is inside: beyond a border all slopes are zero, and only rounding could be compared.
    """
    shape = draw(shapes(draw(st.integers(1, 3)), min_side=2, max_side=4))
    frame = draw(st.sampled_from(FRAMES))
    n = draw(st.integers(1, 2))
    image_n, grid_n = draw(st.sampled_from([(n, n), (1, n), (n, 1)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.standard_normal((image_n, draw(st.integers(1, 2)), *shape))
    lengths = np.array(shape[::-1])
    pixels = rng.integers(-3, lengths + 3, (grid_n, draw(st.integers(1, 4)), len(shape))).astype(np.float64)
    pixels[:, 0] = rng.integers(0, lengths - 1, (grid_n, len(shape)))
    pixels += rng.choice([0.0, 0.5], pixels.shape) + rng.uniform(0.1, 0.4, pixels.shape)
    return image, convert_points(pixels, shape, "pixel", frame), frame


# ---- derivatives -------------------------------------------------------------------------------------------


@every_boundary
@every_kernel
@settings(max_examples=8)
@given(smooth_cases())
def test_derivatives(kernel, boundary, case):
    """Central differences to 1e-6, vjp against jvp and exact adjointness to 1e-12, second order."""
    image, grid, frame = case
    check_op(grid_sample, image, grid, kernel=kernel, boundary=boundary, frame=frame, fill_value=0.5)


@every_boundary
@pytest.mark.parametrize("derivative", [(1, 0), (0, 1), (1, 1)])
def test_derivatives_of_derivatives(boundary, derivative):
    rng = np.random.default_rng(0)
    image = rng.standard_normal((1, 2, 4, 5))
    grid = rng.integers(-3, 8, (1, 7, 2)) + rng.uniform(0.1, 0.9, (1, 7, 2))
    check_op(grid_sample, image, grid, boundary=boundary, frame="pixel", derivative=derivative)


@every_boundary
def test_cotangent_of_each_coordinate(boundary):
    """Element by element, without the checkers: the grid's cotangent is a central difference."""
    rng = np.random.default_rng(1)
    image, step = rng.standard_normal((2, 3, 4, 5)), 1e-5
    grid = rng.integers(-3, 8, (2, 6, 2)) + rng.uniform(0.1, 0.9, (2, 6, 2))
    ct_out = rng.standard_normal((2, 3, 6))
    options = {"boundary": boundary, "frame": "pixel", "fill_value": 2.0}
    _, ct_grid = grid_sample.vjp(ct_out, image, grid, **options)
    for index in np.ndindex(grid.shape):
        shift = np.zeros_like(grid)
        shift[index] = step
        ahead, behind = (grid_sample(image, grid + s, **options) for s in (shift, -shift))
        slope = ((ahead - behind) * ct_out).sum() / (2 * step)
        assert ct_grid[index] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@every_boundary
@given(smooth_cases())
@settings(max_examples=10)
def test_closed_under_differentiation(boundary, case):
    """The jvp along coordinate d is the pull with the derivative's index raised in d, but for rounding."""
    image, grid, frame = case
    ndim = grid.shape[-1]
    options = {"boundary": boundary, "frame": frame, "fill_value": 0.5}
    for index in itertools.product((0, 1), repeat=ndim):
        for d in range(ndim):
            along = np.zeros_like(grid)
            along[..., d] = 1
            tan = grid_sample.jvp((None, along), image, grid, derivative=index, **options)
            higher = tuple(k + (e == d) for e, k in enumerate(index))
            pulled = grid_sample(image, grid, derivative=higher, **options)
            np.testing.assert_allclose(tan, pulled, rtol=1e-15)


def test_mixed_second_derivative():
    """Of one bilinear cell: its four corners with the signs of a checkerboard, in units of the frame."""
    image = np.array([[[[1.0, 2.0], [5.0, 9.0]]]])
    for frame, factor in [("pixel", 1.0), ("corners", 0.25), ("normalized", 1.0)]:
        grid = np.zeros((1, 1, 2)) + (0.5 if frame == "pixel" else 0)
        x = Variable(grid)
        slope = grad(grid_sample(image, x, frame=frame).sum(), x, create_graph=True)
        second = grad(slope[0, 0, 0], x)
        np.testing.assert_array_equal(second, [[[0, factor * (9 - 5 - 2 + 1)]]])


def test_nearest_has_no_slope():
    """Asked for, the grid's cotangent is an array of zeros."""
    rng = np.random.default_rng(2)
    image, grid = rng.standard_normal((1, 1, 4, 4)), rng.standard_normal((1, 5, 2))
    ct_image, ct_grid = grid_sample.vjp(np.ones((1, 1, 5)), image, grid, kernel="nearest")
    assert ct_image.any()
    np.testing.assert_array_equal(ct_grid, np.zeros_like(grid))


def test_no_push_for_who_wants_the_grid_only(monkeypatch):
    """torch scatters an image's gradient even where nobody asks for it. (In array code.)"""
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off by a test"))
    monkeypatch.setattr(_grid_push, "scatter", lambda *args: pytest.fail("an image was scattered"))
    image, grid = np.ones((1, 1, 5)), at(0.5, 1.5)
    ct_image, ct_grid = grid_sample.vjp(np.ones((1, 1, 2)), image, grid, needs=(False, True))
    assert ct_image is None
    assert ct_grid.shape == grid.shape


# ---- kinks: the right derivative ---------------------------------------------------------------------------


@every_boundary
@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_derivative_at_pixel_centres(boundary, length, dtype):
    """The slope is (V(x + h) - V(x)) / h exactly: inside, at the edges, and far outside."""
    image = row(*[3, 5, 4, 9][:length], dtype=dtype)
    x = np.arange(-2 * length - 3, 3 * length + 3)
    step = 2.0**-6
    options = {"boundary": boundary, "fill_value": 7.0}
    ahead, here = sample_row(image, *(x + step), **options), sample_row(image, *x, **options)
    slope = sample_row(image, *x, derivative=(1,), **options)
    np.testing.assert_array_equal(slope, (ahead - here) / step)
    _, ct_grid = grid_sample.vjp(np.ones((1, 1, len(x)), dtype), image, at(*x), frame="pixel", **options)
    np.testing.assert_array_equal(ct_grid[0, :, 0], slope)


def test_right_derivative_is_not_the_papers():
    """Eq. (7) of Jaderberg et al. gives 5 here, an intensity; the one-sided slopes are 2 and -1."""
    assert sample_row(row(3, 5, 4, 9), 1, derivative=(1,)) == -1


@every_boundary
@pytest.mark.parametrize("frame", ["corners", "pixel"])
def test_right_derivative_at_the_identity(boundary, frame):
    """Every point of the identity is a kink in x and in y; 5 x 9 pixels, whose corners are exact."""
    rng = np.random.default_rng(3)
    image = rng.integers(-9, 9, (1, 1, 5, 9)).astype(np.float64)
    grid = identity_grid((5, 9), frame)
    scales = (1.0, 1.0) if frame == "pixel" else (4.0, 2.0)
    options = {"boundary": boundary, "fill_value": 7.0}
    _, ct_grid = grid_sample.vjp(np.ones_like(image), image, grid, frame=frame, **options)
    pixels = identity_grid((5, 9), "pixel")
    for d in range(2):
        neighbour = pixels + np.eye(2)[d]
        difference = grid_sample(image, neighbour, frame="pixel", **options) - image
        np.testing.assert_array_equal(ct_grid[..., d], scales[d] * difference[:, 0])


def test_jvp_at_a_kink_is_linear():
    """Along -x it is minus the right derivative, not the left slope: a jvp is linear in its tangent."""
    image, grid = row(3, 5, 4, 9), at(1)
    for tangent in (1.0, -1.0):
        tan = grid_sample.jvp((None, np.full_like(grid, tangent)), image, grid, frame="pixel")
        assert tan == -tangent


# ---- values ------------------------------------------------------------------------------------------------


@every_boundary
@every_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (4, 5), (3, 2, 4), (1, 6), (1, 1, 1)])
def test_identity_keeps_every_bit(kernel, boundary, dtype, shape):
    """In pixels: NaN, infinities and the sign of zero included."""
    rng = np.random.default_rng(4)
    image = rng.choice([np.nan, np.inf, -np.inf, -0.0, 0.0, 0.1], (2, 2, *shape)).astype(dtype)
    out = grid_sample(image, identity_grid(shape, "pixel"), kernel=kernel, boundary=boundary, frame="pixel")
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, image)
    number = ~np.isnan(image)
    np.testing.assert_array_equal(np.signbit(out[number]), np.signbit(image[number]))


@every_boundary
@every_kernel
@given(smooth_cases(), st.floats(-1e3, 1e3))
@settings(max_examples=10)
def test_constants_are_preserved(kernel, boundary, case, constant):
    """Weights add up to 1, also where taps fall outside."""
    image, grid, frame = case
    flat = np.full_like(image, constant)
    out = grid_sample(flat, grid, kernel=kernel, boundary=boundary, frame=frame, fill_value=constant)
    np.testing.assert_allclose(out, constant, rtol=4e-16)


@every_boundary
@pytest.mark.parametrize(("image_n", "grid_n"), [(3, 3), (1, 3), (3, 1)])
def test_alone_or_in_a_batch(boundary, image_n, grid_n):
    """Bit for bit, in values and cotangents; one element beside many is as if repeated."""
    rng = np.random.default_rng(5)
    image = rng.standard_normal((image_n, 2, 4, 5)).astype(np.float32)
    grid = rng.uniform(-1.5, 1.5, (grid_n, 6, 2))
    ct_out = rng.standard_normal((3, 2, 6)).astype(np.float32)
    together = grid_sample(image, grid, boundary=boundary)
    ct_image, ct_grid = grid_sample.vjp(ct_out, image, grid, boundary=boundary)
    alone = []
    for i in range(3):
        one = image[i % image_n][None], grid[i % grid_n][None]
        np.testing.assert_array_equal(grid_sample(*one, boundary=boundary), together[i : i + 1])
        alone.append(grid_sample.vjp(ct_out[i : i + 1], *one, boundary=boundary))
    for ct, n, parts in (
        (ct_image, image_n, [a for a, _ in alone]),
        (ct_grid, grid_n, [b for _, b in alone]),
    ):
        if n == 3:
            np.testing.assert_array_equal(ct, np.concatenate(parts))
        else:
            np.testing.assert_allclose(ct, sum(parts), rtol=1e-5, atol=1e-6)


def test_shape_of_the_output_is_the_grids():
    image = np.ones((2, 3, 4, 5))
    for out_shape in [(), (7,), (2, 9), (2, 1, 3), (0,), (3, 0)]:
        assert grid_sample(image, np.zeros((2, *out_shape, 2))).shape == (2, 3, *out_shape)


@pytest.mark.parametrize("frame", FRAMES)
def test_frames_mean_the_same_places(frame):
    rng = np.random.default_rng(6)
    image = rng.standard_normal((1, 1, 4, 8))
    expected = [0.25 * image[0, 0, 1, 2] + 0.75 * image[0, 0, 1, 3], image[0, 0, 3, 7]]
    points = {
        "normalized": [[(2.75 - 3.5) / 4, (1 - 1.5) / 2], [7 / 8, 3 / 4]],
        "corners": [[(2.75 - 3.5) / 3.5, (1 - 1.5) / 1.5], [1, 1]],
        "pixel": [[2.75, 1], [7, 3]],
    }
    out = grid_sample(image, np.array([points[frame]]), frame=frame)
    np.testing.assert_allclose(out[0, 0], expected, rtol=1e-14)


# ---- strange coordinates -----------------------------------------------------------------------------------


@every_boundary
@every_kernel
def test_nan_coordinates(kernel, boundary):
    """NaN in any coordinate: NaN in every channel, nothing for the image, NaN for the whole point."""
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    grid = np.array([[[np.nan, 1.0], [1.0, np.nan], [1.25, 1.25]]])
    options = {"kernel": kernel, "boundary": boundary, "frame": "pixel"}
    out = grid_sample(image, grid, **options)
    assert np.isnan(out).tolist() == [[[True, True, False]] * 2]
    ct_image, ct_grid = grid_sample.vjp(np.ones_like(out), image, grid, **options)
    alone, _ = grid_sample.vjp(np.ones((1, 2, 1)), image, grid[:, 2:], **options)
    np.testing.assert_array_equal(ct_image, alone)
    assert np.isnan(ct_grid).tolist() == [[[True, True], [True, True], [False, False]]]


@every_boundary
@every_kernel
@pytest.mark.parametrize("far", [np.inf, 1e300, 2.0**60, 2.0**53])
def test_far_coordinates(kernel, boundary, far):
    """Outside: the fill value, the nearest pixel, or no answer; never a crash, never a wrapped index."""
    image = row(3, 5, 4)
    options = {"kernel": kernel, "boundary": boundary, "fill_value": 7.0, "frame": "pixel"}
    out = grid_sample(image, at(far, -far), **options)[0, 0]
    ct_image, ct_grid = grid_sample.vjp(np.ones((1, 1, 2)), image, at(far, -far), **options)
    if boundary == "constant":
        assert out.tolist() == [7, 7]
        assert ct_image.tolist() == [[[0, 0, 0]]]
    elif boundary == "border":
        assert out.tolist() == [4, 3]
        assert ct_image.tolist() == [[[1, 0, 1]]]
    else:
        assert np.isnan(out).all()
        assert ct_image.tolist() == [[[0, 0, 0]]]
    assert np.isnan(ct_grid).all() if boundary in PERIODIC else not ct_grid.any()


@every_kernel
@pytest.mark.parametrize("boundary", PERIODIC)
def test_the_last_answers_of_periodic_boundaries(kernel, boundary):
    """Right below 2^53 a remainder is still exact: Python's integers say which pixel it is."""
    x = 2**53 - 2
    period = {"reflect": 6, "mirror": 4, "wrap": 3}[boundary]
    pattern = {"reflect": [3, 5, 4, 4, 5, 3], "mirror": [3, 5, 4, 5], "wrap": [3, 5, 4]}[boundary]
    out = sample_row(row(3, 5, 4), x, -x, kernel=kernel, boundary=boundary)
    assert out.tolist() == [pattern[x % period], pattern[-x % period]]


def test_large_grids_in_float32():
    """The dtype of the grid is the user's choice; it is widened before it is scaled."""
    width = 2**20
    image = np.zeros((1, 1, width))
    image[..., -1] = 1.0
    x = np.float32(1 - 1 / width)  # exact; times width / 2 it is not, in float32
    assert grid_sample(image, at(x, dtype=np.float32)).item() == 1


@pytest.mark.parametrize("x", [np.float32(0.49999997), 0.49999999999999994])
def test_nearest_just_under_a_half(x):
    """Rounding x + 1/2 would give the wrong pixel."""
    for boundary in BOUNDARIES:
        out = grid_sample(
            row(3, 5),
            at(x, dtype=x.dtype if hasattr(x, "dtype") else float),
            kernel="nearest",
            boundary=boundary,
            frame="pixel",
        )
        assert out.item() == 3


def test_nearest_at_halves():
    """They go up, on both sides of zero, so that a shift by whole pixels changes nothing."""
    out = sample_row(row(3, 5, 4, 9), -0.5, 0.5, 1.5, 2.5, 3.5, kernel="nearest", fill_value=7)
    assert out.tolist() == [3, 5, 4, 9, 7]


def test_coordinates_just_below_zero():
    """-1e-17 is pixel -1 with the fraction 1: pixel 0 in value, and no reading beside the image."""
    for boundary in BOUNDARIES:
        assert sample_row(row(3, 5), -1e-17, boundary=boundary, fill_value=np.nan) == 3


# ---- strange pixels ----------------------------------------------------------------------------------------


@every_boundary
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_tap_of_zero_weight_is_not_read(boundary, bad):
    """0 * NaN would be NaN: the right neighbour of a pixel that is met exactly does not count."""
    image = np.array([[[[1.0, bad, 2.0], [bad, bad, bad], [3.0, bad, 4.0]]]])
    grid = np.array([[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]]])
    out = grid_sample(image, grid, boundary=boundary, fill_value=bad, frame="pixel")
    assert out.tolist() == [[[1, 2, 3, 4]]]


def test_the_derivative_reads_both_neighbours():
    """There NaN is a NaN slope, for that point alone."""
    image = row(1, np.nan, 2, 4)
    assert np.isnan(sample_row(image, 0, 1, 2, derivative=(1,))).tolist() == [True, True, False]


def test_an_infinite_pixel_is_no_warning():
    """Nor is infinity minus infinity, or infinity times the scale 0 of an axis of one pixel in "corners"."""
    assert np.isnan(sample_row(row(np.inf, np.inf), 0.5, derivative=(1,))).all()
    assert np.isnan(grid_sample(row(np.inf), at(0.3), frame="corners", derivative=(1,))).all()


@every_kernel
def test_minus_zero(kernel):
    out = sample_row(row(-0.0, -0.0, 0.0), 0, 0.25, 0.75, 1, kernel=kernel)
    assert np.signbit(out).all()


@every_boundary
def test_axes_of_one_pixel(boundary):
    """Under "corners" every finite coordinate of such an axis means pixel 0; infinity is NaN."""
    image = np.arange(3.0).reshape(1, 1, 1, 3)
    grid = np.array([[[0.0, -9.0], [0.0, 0.3], [0.0, 1e300], [0.0, np.inf]]])
    out = grid_sample(image, grid, boundary=boundary, frame="corners")[0, 0]
    assert out[:3].tolist() == [1, 1, 1]
    assert np.isnan(out[3])
    _, ct_grid = grid_sample.vjp(np.ones((1, 1, 4)), image, grid, boundary=boundary, frame="corners")
    assert ct_grid[0, :3, 1].tolist() == [0, 0, 0]


# ---- dtypes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_integer_images(dtype):
    """Computed in float32, rounded half to even; the whole range survives."""
    limits = np.iinfo(dtype)
    image = row(0, 1, 2, 3, limits.max, limits.max, limits.min, dtype=dtype)
    out = sample_row(image, 0.5, 1.5, 2.5, 4.5, 6, 1.25, boundary="border")
    assert out.dtype == dtype
    assert out.tolist() == [0, 2, 2, limits.max, limits.min, 1]
    slope = sample_row(image, 0.5, derivative=(1,))
    assert slope.dtype == np.float32
    assert slope == 1


@every_boundary
@every_kernel
def test_integer_images_hold_no_nan(kernel, boundary):
    """A point without an answer is 0, not whatever pixel 0 holds."""
    for dtype in (np.uint8, np.int16):
        image = row(7, 8, 9, dtype=dtype)
        assert sample_row(image, np.nan, kernel=kernel, boundary=boundary, fill_value=5) == 0


@every_boundary
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.int32, np.int64, np.uint64])
def test_label_maps(boundary, dtype):
    """Copied by "nearest" to the last bit; interpolating labels is an error."""
    biggest = 1 if dtype is np.bool_ else np.iinfo(dtype).max
    image = row(biggest, 0, 1, biggest, dtype=dtype)
    out = sample_row(image, -0.4, 0.7, 2.4, 3, kernel="nearest", boundary=boundary)
    assert out.dtype == dtype
    assert out.tolist() == [biggest, 0, 1, biggest]
    with pytest.raises(
        TypeError, match=f"image: expected one of float16, .* for kernel 'linear', given {image.dtype}"
    ):
        sample_row(image, 0.5, boundary=boundary)


def test_float16():
    """Computed in float32 and rounded once, not once per product."""
    rng = np.random.default_rng(7)
    image, grid = rng.standard_normal((1, 2, 5, 6)).astype(np.float16), rng.uniform(-1, 1, (1, 40, 2))
    out = grid_sample(image, grid)
    assert out.dtype == np.float16
    np.testing.assert_array_equal(out, grid_sample(image.astype(np.float32), grid).astype(np.float16))
    ct_image, ct_grid = grid_sample.vjp(out, image, grid)
    assert (ct_image.dtype, ct_grid.dtype) == (np.float16, np.float64)
    assert grid_sample(image, grid.astype(np.float16)).dtype == np.float16


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int16])
def test_integer_grids_are_coordinates(dtype):
    image = row(3, 5, 4, dtype=dtype)
    out = grid_sample(image, np.array([[[2], [0]]]), frame="pixel")
    assert out.tolist() == [[[4, 3]]]


def test_the_other_byte_order():
    """As read from a file: the same bits as in the machine's, in float64 precision."""
    rng = np.random.default_rng(8)
    image, grid = rng.standard_normal((1, 1, 4, 4)), rng.uniform(-1, 1, (1, 9, 2))
    other = image.astype(image.dtype.newbyteorder()), grid.astype(grid.dtype.newbyteorder())
    np.testing.assert_array_equal(grid_sample(*other), grid_sample(image, grid))


@every_boundary
def test_read_only_inputs(boundary):
    """They are neither written to nor copied back."""
    rng = np.random.default_rng(9)
    image, grid = rng.standard_normal((1, 1, 4, 4)), rng.uniform(-2, 2, (1, 9, 2))
    copies = image.copy(), grid.copy()
    for array in (image, grid):
        array.flags.writeable = False
    for kernel in KERNELS:
        out = grid_sample(image, grid, kernel=kernel, boundary=boundary)
        grid_sample.vjp(out, image, grid, kernel=kernel, boundary=boundary)
    np.testing.assert_array_equal(image, copies[0])
    np.testing.assert_array_equal(grid, copies[1])


# ---- nothing at all ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image_shape", "grid_shape"),
    [
        ((0, 2, 4, 5), (0, 3, 2)),
        ((1, 2, 4, 5), (0, 3, 2)),
        ((0, 2, 4, 5), (1, 3, 2)),
        ((2, 2, 4, 5), (2, 0, 2)),
        ((2, 2, 4, 5), (1, 3, 0, 2)),
        ((2, 0, 4, 5), (2, 3, 2)),
        ((0, 1, 4), (0, 3, 1)),
    ],
)
@every_kernel
def test_empty(kernel, image_shape, grid_shape):
    """Empty batches, no points, no channels: empty out, and zeros for what exists."""
    image, grid = np.ones(image_shape), np.zeros(grid_shape)
    n = grid_shape[0] if image_shape[0] == 1 else image_shape[0]
    out = grid_sample(image, grid, kernel=kernel)
    assert out.shape == (n, image_shape[1], *grid_shape[1:-1])
    ct_image, ct_grid = grid_sample.vjp(out, image, grid, kernel=kernel)
    np.testing.assert_array_equal(ct_image, np.zeros(image_shape))
    np.testing.assert_array_equal(ct_grid, np.zeros(grid_shape))
    assert grid_sample.jvp((image, grid), image, grid, kernel=kernel).shape == out.shape


# ---- errors ------------------------------------------------------------------------------------------------

IMAGE, GRID = np.ones((2, 1, 4, 5)), np.zeros((2, 3, 2))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"grid": np.zeros((2, 3, 3))},
            ValueError,
            r"grid: expected a last axis of length 2, .* \(2, 3, 3\)",
        ),
        ({"grid": np.zeros(2)}, ValueError, r"grid: expected a last axis of length 2, .* given shape \(2,\)"),
        (
            {"grid": np.zeros((3, 3, 2))},
            ValueError,
            "grid: expected a batch of 2, that of image, or of 1, given",
        ),
        ({"grid": np.zeros((0, 3, 2))}, ValueError, "grid: expected a batch of 2, .* given a batch of 0"),
        ({"grid": None}, TypeError, "grid: expected a NumPy or CuPy array .* given builtins.NoneType"),
        ({"grid": GRID.astype(object)}, TypeError, "grid: expected real numbers .* given dtype object"),
        (
            {"image": np.ones((4, 5))},
            ValueError,
            r"image: expected shape \(n, c, \*spatial\) .* shape \(4, 5\)",
        ),
        ({"image": np.ones((1,) * 6)}, ValueError, r"image: expected shape \(n, c, \*spatial\) with 1 to 3"),
        ({"image": [[1.0, 2.0], [3.0, 4.0]]}, ValueError, r"image: expected shape .* given shape \(2, 2\)"),
        ({"image": [[1.0, 2.0], [3.0]]}, ValueError, "image: expected rows of equal length"),
        (
            {"image": np.ones((2, 1, 0, 5))},
            ValueError,
            "image: expected at least one pixel on every spatial axis",
        ),
        ({"image": 1j * IMAGE}, TypeError, "image: expected real numbers .* given dtype complex128"),
        ({"image": np.ones((2, 1, 4, 5), int)}, TypeError, "image: expected one of float16, .* given int64"),
        ({"kernel": "bicubic"}, ValueError, "kernel: expected one of .*'linear', 'nearest', given 'bicubic'"),
        ({"kernel": None}, ValueError, "kernel: expected one of .* given None"),
        ({"boundary": "zeros"}, ValueError, "boundary: expected one of 'constant', .* given 'zeros'"),
        ({"frame": "world"}, ValueError, "frame: expected one of 'normalized', .* given 'world'"),
        ({"fill_value": None}, TypeError, "fill_value: expected a number, given builtins.NoneType"),
        ({"fill_value": "a"}, TypeError, "fill_value: expected a number, given builtins.str"),
        ({"fill_value": (1, 2)}, TypeError, "fill_value: expected a number, given builtins.tuple"),
        ({"fill_value": 10**400}, ValueError, "fill_value: expected a number that float64 can hold"),
        ({"derivative": 1}, ValueError, r"derivative: expected 2 non-negative integers, in the order \(x, y"),
        ({"derivative": (1,)}, ValueError, "derivative: expected 2 non-negative integers"),
        ({"derivative": (-1, 0)}, ValueError, "derivative: expected 2 non-negative integers"),
        ({"derivative": (1.0, 0)}, ValueError, "derivative: expected 2 non-negative integers"),
        ({"derivative": (True, False)}, ValueError, "derivative: expected 2 non-negative integers"),
        (
            {"mode": "linear"},
            TypeError,
            "grid_sample: argument 'mode' is unknown or given twice; its arguments are",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_errors(change, error, message):
    with pytest.raises(error, match=message):
        grid_sample(**{"image": IMAGE, "grid": GRID, **change})


@pytest.mark.parametrize(
    ("dtype", "fill_value"),
    [
        (np.uint8, 256),
        (np.uint8, -1),
        (np.uint8, 0.5),
        (np.int16, np.nan),
        (np.uint16, np.inf),
        (np.bool_, 2),
        (np.float32, 1e39),
        (np.float16, 1e5),
    ],
)
def test_fill_values_that_the_image_cannot_hold(dtype, fill_value):
    with pytest.raises(ValueError, match=f"fill_value: expected .* that {np.dtype(dtype)} can hold, given"):
        grid_sample(np.ones((1, 1, 3), dtype), at(9), kernel="nearest", fill_value=fill_value)


@pytest.mark.parametrize("fill_value", [np.inf, -np.inf, np.nan, np.float32(2.5), np.array(1.5), True, 3])
def test_fill_values_of_any_kind(fill_value):
    np.testing.assert_array_equal(sample_row(row(1, 2), 9, fill_value=fill_value), [float(fill_value)])


def test_tensors_of_other_libraries():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"image: expected .* warpkit\.bridges\), given torch\.Tensor"):
        grid_sample(torch.ones(1, 1, 3), at(1))


# ---- many threads, and the compiled kernel -----------------------------------------------------------------


def test_many_threads():
    """Python threads that sample at the same time do not disturb each other."""
    rng = np.random.default_rng(10)
    cases = [(rng.standard_normal((1, 1, 16, 16)), rng.uniform(-1, 1, (1, 500, 2))) for _ in range(8)]
    expected = [grid_sample(*case) for case in cases]
    found = [None] * len(cases)

    def work(i):
        for _ in range(10):
            found[i] = grid_sample(*cases[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)
@every_boundary
@every_kernel
@given(st.data())
@settings(max_examples=15)
def test_compiled_and_array_code_agree(kernel, boundary, data):
    """Forward to the bit; cotangents but for the order of their sums."""
    shape = data.draw(shapes(data.draw(st.integers(2, 3)), max_side=9))
    image_dtype, grid_dtype = (data.draw(st.sampled_from([np.float32, np.float64])) for _ in "ab")
    frame = data.draw(st.sampled_from(FRAMES))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    image = rng.standard_normal((2, 2, *shape)).astype(image_dtype)
    lengths = np.array(shape[::-1])
    scales = {
        "normalized": 2 / lengths,
        "corners": 2 / np.maximum(lengths - 1, 1),
        "pixel": np.ones(len(shape)),
    }
    grid = rng.uniform(-2 * lengths, 3 * lengths, (2, 50, len(shape))) * scales[frame]
    grid[0, 0], grid[1, :3, 0] = np.inf, [np.nan, 1e30, -1e30]
    grid = grid.astype(grid_dtype)
    static = grid_sample.bind((image, grid), {"kernel": kernel, "boundary": boundary, "frame": frame})[1]
    compiled, array_code = grid_sample(image, grid, **static), grid_sample.body(image, grid, **static)
    np.testing.assert_array_equal(compiled, array_code)
    np.testing.assert_array_equal(np.signbit(compiled), np.signbit(array_code))
    ct_out = rng.standard_normal(compiled.shape).astype(image_dtype)
    found = grid_sample.vjp(ct_out, image, grid, **static)
    expected = grid_sample.vjp.own_rule(ct_out, image, grid, needs=(True, True), **static)
    # Slopes are differences of pixels, and round by the size of these.
    subtracted = np.abs(image).max() * np.abs(ct_out).max() * lengths.max()
    for x, y, terms in zip(found, expected, (0, subtracted), strict=True):
        bound = max(64 * np.nan_to_num(np.abs(y)).max(initial=0), terms)
        np.testing.assert_allclose(x, y, rtol=0, atol=np.finfo(image_dtype).eps * bound)
