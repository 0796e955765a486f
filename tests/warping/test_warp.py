"""warp: layouts, the identity to the bit, and derivatives through every class."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import warpkit as wk
from warpkit.autograd import grad
from warpkit.grids import FRAMES, identity_grid
from warpkit.transforms import AbstractMatrix

MATRICES = [wk.Translation, wk.Attention, wk.Rigid, wk.Similarity, wk.Affine, wk.Projective]
CLASSES = [*MATRICES, wk.ThinPlateSpline, wk.Displacement, wk.Composed]

each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
each_frame = pytest.mark.parametrize("frame", FRAMES)


def control_points(ndim):
    return identity_grid((3,) * ndim, "corners").reshape(-1, ndim)


def identity(cls, shape, frame, dtype=np.float64):
    ndim = len(shape)
    if cls is wk.ThinPlateSpline:
        return cls.identity(control_points(ndim), frame=frame, dtype=dtype)
    if cls is wk.Composed:  # of all kinds that are not merged
        parts = (wk.ThinPlateSpline, wk.Displacement, wk.Projective, wk.Displacement, wk.Affine)
        return cls(tuple(identity(part, shape, frame, dtype) for part in parts))
    return cls.identity(shape if cls is wk.Displacement else ndim, frame=frame, dtype=dtype)


def assert_identity_is_exact(cls, shape, frame, dtype, kernel="linear"):
    image = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    image.flat[0] = -0.0
    out = wk.warp(image, identity(cls, shape, frame, dtype), kernel=kernel)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out.view(np.uint8), image.view(np.uint8))


@each_class
@each_frame
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (47, 300), (1, 7, 2), (13, 5, 8)], ids=str)
def test_identity_is_exact(cls, frame, dtype, shape):
    assert_identity_is_exact(cls, shape, frame, dtype)


@pytest.mark.slow
@each_class
@each_frame
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identity_is_exact_at_all_sizes(cls, frame, dtype):
    for length in range(1, 301):
        assert_identity_is_exact(cls, (3, length), frame, dtype)
        assert_identity_is_exact(cls, (length, 2), frame, dtype)
        assert_identity_is_exact(cls, (2, length, 3), frame, dtype)


@each_class
@each_frame
def test_identity_with_nearest_and_integers(cls, frame):
    assert_identity_is_exact(cls, (6, 7), frame, np.float64, kernel="nearest")
    image = np.arange(42, dtype=np.uint8).reshape(6, 7)
    for kernel in ("linear", "nearest"):
        np.testing.assert_array_equal(wk.warp(image, identity(cls, (6, 7), frame), kernel=kernel), image)


@each_frame
@pytest.mark.parametrize("cls", [*MATRICES, wk.ThinPlateSpline], ids=lambda cls: cls.__name__)
def test_right_derivative_at_the_identity(cls, frame):
    """A shift's derivative is the difference to the right neighbour, though every point meets a kink."""
    image = np.random.default_rng(1).standard_normal((5, 6))
    scale = {"normalized": (3.0, 2.5), "corners": (2.5, 2.0), "pixel": (1.0, 1.0)}[frame]
    forward = np.pad(image, ((0, 1), (0, 1)))
    slopes = (np.diff(forward, axis=1)[:-1] * scale[0], np.diff(forward, axis=0)[:, :-1] * scale[1])
    still = identity(cls, image.shape, frame)
    for axis in range(2):
        shift = wk.Variable(np.zeros(()))
        unit = np.eye(2)[axis]
        if cls is wk.ThinPlateSpline:
            moved = dataclasses.replace(still, theta=still.theta + shift * unit)
        elif issubclass(cls, AbstractMatrix) and "theta" in {f.name for f in dataclasses.fields(cls)}:
            column = np.zeros(still.theta.shape)
            column[:, :2, -1] = unit
            moved = dataclasses.replace(still, theta=still.theta + shift * column)
        else:
            moved = dataclasses.replace(still, translation=still.translation + shift * unit)
        out = wk.warp(image, moved)
        for pixel in [(0, 0), (2, 3), (4, 5), (4, 2), (1, 5)]:
            (slope,) = grad(out[pixel], [shift], retain_graph=True)
            assert slope == pytest.approx(slopes[axis][pixel], rel=1e-9)


def test_right_derivative_of_a_displacement():
    image = np.random.default_rng(2).standard_normal((5, 6))
    field = wk.Variable(np.zeros((1, 5, 6, 2)))
    (ct,) = grad(wk.warp(image, wk.Displacement(field, frame="pixel")).sum(), [field])
    padded = np.pad(image, ((0, 1), (0, 1)))
    np.testing.assert_allclose(ct[0, ..., 0], np.diff(padded, axis=1)[:-1], rtol=1e-13)
    np.testing.assert_allclose(ct[0, ..., 1], np.diff(padded, axis=0)[:, :-1], rtol=1e-13)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("channels", [None, 0, -1, 1])
@pytest.mark.parametrize("n", [None, 1, 3])
@pytest.mark.parametrize("maps", [1, 3])
def test_layouts(cls, ndim, channels, n, maps):
    """Every layout is the plain (n, c, *spatial) one with its axes elsewhere."""
    rng = np.random.default_rng(3)
    transform = cls.random(rng, ndim, n=maps)
    spatial, shape = (5, 4, 6)[:ndim], (3, 2, 4)[:ndim]
    plain = rng.standard_normal((n or 1, 2, *spatial))
    joint = max(n or 1, maps)
    alone = [
        wk.warp(plain[min(i, (n or 1) - 1)][None], part(transform, min(i, maps - 1)), shape)
        for i in range(joint)
    ]
    expected = np.concatenate(alone)
    if n is None:
        plain = plain[0]
        expected = expected if maps > 1 else expected[0]
    if channels is not None:
        # In a batch, axis 0 for the channels puts the batch second.
        at = channels % plain.ndim
        plain = np.moveaxis(plain, 0 if n is None else 1, at)
        leading = expected.ndim - plain.ndim
        expected = np.moveaxis(expected, expected.ndim - ndim - 1, at + leading)
    out = wk.warp(plain, transform, shape, channel_axis=channels)
    assert out.shape == expected.shape
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


def part(transform, i):
    """One of a batch of transforms."""
    if isinstance(transform, wk.Composed):
        return wk.Composed(tuple(part(x, i) for x in transform.transforms))
    arrays = {
        field.name: getattr(transform, field.name)[i : i + 1]
        for field in dataclasses.fields(transform)
        if isinstance(getattr(transform, field.name), np.ndarray) and field.name != "control_points"
    }
    return dataclasses.replace(transform, **arrays)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
def test_plain_image(cls, ndim):
    """(H, W) is one channel of (C, H, W)."""
    rng = np.random.default_rng(4)
    image, transform = rng.standard_normal((5, 4, 6)[:ndim]), cls.random(rng, ndim)
    out = wk.warp(image, transform)
    assert out.shape == (transform.shape if cls is wk.Displacement else image.shape)
    np.testing.assert_array_equal(out, wk.warp(image[None, None], transform, out.shape)[0, 0])
    many = cls.random(rng, ndim, n=2)
    assert wk.warp(image, many, (3, 4, 5)[:ndim]).shape == (2, 3, 4, 5)[: ndim + 1]
    assert wk.warp(image, cls.random(rng, ndim, n=0)).shape[0] == 0
    assert wk.warp(image[None, None][:0], transform).shape[0] == 0


@each_class
@each_frame
@pytest.mark.parametrize("ndim", [2, 3])
def test_warp_is_grid_and_sample(cls, frame, ndim):
    """In pixels the same; in other frames but for the rounding of a grid of frame coordinates."""
    rng = np.random.default_rng(5)
    shape, out_shape = (8, 7, 9)[:ndim], (6, 6, 6)[:ndim]
    image, transform = rng.standard_normal((2, 2, *shape)), cls.random(rng, ndim, n=2, frame=frame)
    if cls is wk.Composed:
        field = wk.Displacement.random(rng, ndim, frame=frame, shape=shape)
        transform = field @ wk.ThinPlateSpline.random(rng, ndim, n=2, frame=frame)
    expected = wk.grid_sample(image, transform.grid(out_shape), frame=frame, boundary="mirror")
    out = wk.warp(image, transform, out_shape, boundary="mirror")
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12 if frame == "pixel" else 1e-11)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
def test_derivatives(cls, ndim):
    """Of the image and of every field, against central differences."""
    rng = np.random.default_rng(6)
    image, transform = rng.standard_normal((2, 5, 4, 6)[: ndim + 1]), cls.random(rng, ndim, n=2)
    parts = transform.transforms if isinstance(transform, wk.Composed) else (transform,)
    direction = rng.standard_normal(wk.warp(image, transform).shape)

    def check(value_of, start):
        variable = wk.Variable(start)
        (ct,) = grad((value_of(variable) * direction).sum(), [variable])
        v = rng.standard_normal(start.shape)
        step = 1e-7
        difference = ((value_of(start + step * v) - value_of(start - step * v)) * direction).sum() / (
            2 * step
        )
        assert abs((ct * v).sum() - difference) <= 1e-6 * np.abs(ct * v).sum()

    check(lambda x: wk.warp(x, transform), image)
    for i, one in enumerate(parts):
        for field in dataclasses.fields(one):
            start = getattr(one, field.name)
            if not isinstance(start, np.ndarray):
                continue

            def value_of(x, i=i, one=one, name=field.name):
                new = dataclasses.replace(one, **{name: x})
                whole = wk.Composed((*parts[:i], new, *parts[i + 1 :])) if len(parts) > 1 else new
                return wk.warp(image, whole)

            check(value_of, start)


@given(
    angle=st.floats(-3, 3),
    scale=st.floats(0.5, 2.0),
    shift=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_similarity_against_scipy(angle, scale, shift):
    """SciPy counts axes the other way round: (row, column) is (y, x)."""
    image = np.random.default_rng(7).standard_normal((9, 12))
    transform = wk.Similarity(
        np.array([scale]), np.array([angle]), np.array([shift]), (4.0, 3.0), frame="pixel"
    )
    theta = transform.to_affine().theta[0]
    expected = ndimage.affine_transform(
        image, theta[::-1, 1::-1], theta[::-1, 2], order=1, mode="grid-constant", cval=0.5
    )
    out = wk.warp(image, transform, fill_value=0.5)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-11)


def test_direction_of_rotation():
    """A positive angle looks up clockwise on the screen; the picture turns the other way."""
    image = np.zeros((5, 5))
    image[2, 4] = 1.0  # right of the centre
    out = wk.warp(image, wk.Rigid(np.array([np.pi / 2]), np.zeros((1, 2))))
    assert out[0, 2] == pytest.approx(1)  # above it
    assert out.sum() == pytest.approx(1)


def test_displacement_on_another_shape_is_interpolated():
    rng = np.random.default_rng(8)
    image, transform = rng.standard_normal((1, 1, 8, 8)), wk.Displacement.random(rng, 2, shape=(5, 4))
    assert wk.warp(image[0, 0], transform).shape == (5, 4)
    out = wk.warp(image, transform, (9, 10))
    expected = wk.grid_sample(image, transform.grid((9, 10)))
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12)


def test_nan_parameters_give_nan():
    image = np.ones((4, 5))
    for cls in (wk.Translation, wk.Affine, wk.Projective):
        still = identity(cls, (4, 5), "normalized")
        name = "translation" if cls is wk.Translation else "theta"
        out = wk.warp(image, dataclasses.replace(still, **{name: getattr(still, name) * np.nan}))
        assert np.isnan(out).all()
    spline = identity(wk.ThinPlateSpline, (4, 5), "normalized")
    assert np.isnan(wk.warp(image, dataclasses.replace(spline, theta=spline.theta * np.nan))).all()
    field = np.zeros((1, 4, 5, 2))
    field[0, 1, 2] = np.nan
    out = wk.warp(image, wk.Displacement(field))
    assert np.isnan(out).sum() == 1
    assert np.isnan(out[1, 2])


def test_bad_arguments():
    image, transform = np.zeros((4, 5)), wk.Affine.identity(2)
    with pytest.raises(TypeError, match=r"transform: expected a transform, given numpy\.ndarray"):
        wk.warp(image, np.eye(2, 3)[None])
    with pytest.raises(ValueError, match=r"image: expected spatial axes \(H, W\).*given shape \(5,\)"):
        wk.warp(image[0], transform)
    with pytest.raises(ValueError, match="image: expected spatial axes"):
        wk.warp(np.zeros((1, 1, 1, 4, 5)), transform)
    with pytest.raises(ValueError, match="and channels at axis -1"):
        wk.warp(image, transform, channel_axis=-1)
    with pytest.raises(ValueError, match="channel_axis: expected an axis of an image of shape"):
        wk.warp(np.zeros((4, 5, 3)), transform, channel_axis=3)
    with pytest.raises(ValueError, match="shape: expected lengths of at least 0"):
        wk.warp(image, transform, (-1, 5))
    with pytest.raises(TypeError, match="shape: expected integers"):
        wk.warp(image, transform, (2.5, 5))
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        wk.warp(image, transform, (2, 5, 5))
    with pytest.raises(TypeError, match="image: expected real numbers"):
        wk.warp(image.astype(object), transform)
    with pytest.raises(ValueError, match="boundary: expected one of"):
        wk.warp(image, transform, boundary="edge")
    with pytest.raises(ValueError, match="batch of"):
        wk.warp(np.zeros((2, 1, 4, 5)), wk.Affine.identity(2, n=3))


def test_errors_speak_of_the_transform():
    image, shift = np.ones((3, 1, 4, 4)), wk.Translation(np.zeros((2, 2)))
    with pytest.raises(
        ValueError, match="transform: expected a batch of 3, that of the image, or of 1, given a batch of 2"
    ):
        wk.warp(image, shift)
    failed = wk.Rigid.from_points(np.zeros((1, 2)), np.zeros((1, 2)))
    assert not failed
    with pytest.raises(
        ValueError, match=r"transform: expected a transform, given a failed estimate: .*points"
    ):
        wk.warp(image, failed)
