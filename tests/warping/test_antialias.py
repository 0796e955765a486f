"""warp with antialias=True: photographs, every class, every layout, derivatives."""

import dataclasses

import numpy as np
import pytest
import skimage.data

import warpkit as wk
from warpkit.autograd import grad
from warpkit.grids import FRAMES
from warpkit.ops import avg_pool

MATRICES = [wk.Translation, wk.Attention, wk.Rigid, wk.Similarity, wk.Affine, wk.Projective]
CLASSES = [*MATRICES, wk.ThinPlateSpline, wk.Displacement, wk.Composed]

each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
each_frame = pytest.mark.parametrize("frame", FRAMES)


def photograph(name):
    photo = getattr(skimage.data, name)() / 255.0
    return photo if photo.ndim == 2 else photo.mean(-1)


def mean_over_pixels(photo, transform, shape, n=24):
    """The exact mean, but for n x n being finite, of the photograph as piecewise constant pixels."""
    fine = (np.arange(n * max(shape)) + 0.5) / n - 0.5
    x, y = np.meshgrid(fine[: n * shape[1]], fine[: n * shape[0]])
    places = np.rint(transform(np.stack([x, y], axis=-1).reshape(-1, 2))[0]).astype(int)
    column, row = places[:, 0].clip(0, photo.shape[1] - 1), places[:, 1].clip(0, photo.shape[0] - 1)
    return photo[row, column].reshape(shape[0], n, shape[1], n).mean((1, 3))


def gain(photo, transform, shape, same_as=None):
    """In decibels, over plain sampling."""
    expected = mean_over_pixels(photo, same_as or transform, shape)
    errors = [
        np.mean((wk.warp(photo, transform, shape, boundary="border", antialias=way) - expected) ** 2)
        for way in (False, True)
    ]
    return 10 * np.log10(errors[0] / errors[1])


def shrunk(photo, factor, shape, angle=0.5):
    """A turn about the centre of the photograph, not quite on its pixels."""
    centre = tuple((length - 1) / 2 for length in photo.shape[::-1])
    middle = np.array([[a + 0.3 - (length - 1) / 2 for a, length in zip(centre, shape[::-1], strict=True)]])
    turn = wk.Similarity(np.array([factor]), np.array([angle]), np.zeros((1, 2)), centre, frame="pixel")
    return turn @ wk.Translation(middle, frame="pixel")


@pytest.mark.parametrize("name", ["camera", "astronaut", "coffee", "chelsea", "gravel"])
@pytest.mark.parametrize(
    ("factor", "least"), [(1.1, 6.0), (1.5, 11.0), (2.0, 22.0), (3.4, 30.0), (8.0, 40.0)]
)
def test_photographs(name, factor, least):
    photo = photograph(name)
    shape = (int(min(photo.shape) / factor / 1.5) // 3,) * 2 if factor < 2 else (24, 24)
    assert gain(photo, shrunk(photo, factor, shape), shape) > least


@pytest.mark.parametrize("name", ["camera", "rocket"])
def test_photographs_under_other_maps(name):
    photo, shape = photograph(name), (30, 30)
    height, width = photo.shape
    corners = np.array([[0.0, 0.0], [29.0, 0.0], [29.0, 29.0], [0.0, 29.0], [14.0, 14.0]])
    into = np.array([[0.05, 0.05], [0.95, 0.1], [0.9, 0.9], [0.1, 0.95], [0.4, 0.45]]) * [width, height]
    spline = wk.ThinPlateSpline.from_points(corners, into, frame="pixel")
    trapezium = np.array([[0.1, 0.1], [0.9, 0.2], [0.7, 0.9], [0.4, 0.8]]) * [width, height]
    homography = wk.Projective.from_points(corners[:4], trapezium, frame="pixel")
    field = wk.Displacement(spline.grid(shape) - wk.identity_grid(shape, "pixel"), frame="pixel")
    aslant = wk.Affine(np.array([[[2.0, -6.0, 200.0], [1.0, 3.0, 100.0]]]), frame="pixel")
    for transform in (spline, homography, aslant):
        assert gain(photo, transform, shape) > 30
    assert gain(photo, field, shape, same_as=spline) > 30


@pytest.mark.parametrize(("factor", "most"), [(1.0, 2e-5), (2.0, 2e-3), (3.0, 2e-3), (8.0, 5e-4)])
def test_jumps_are_small(factor, most):
    """One sample more, under a map that is the same but for a millionth; none to be seen at 1."""
    photo = photograph("camera")
    factor += 1e-4  # the tolerance
    less, more = (
        wk.warp(photo, shrunk(photo, factor + step, (40, 40)), (40, 40), antialias=True)
        for step in (-1e-6, 1e-6)
    )
    assert 0 < np.sqrt(np.mean((less - more) ** 2)) < most


@each_class
@each_frame
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_changes_where_nothing_shrinks(cls, frame, dtype):
    """Maps close to the identity, into an output of twice as many pixels."""
    rng = np.random.default_rng(0)
    image = rng.standard_normal((2, 3, 8, 9)).astype(dtype)
    transform = cls.random(rng, 2, n=2).to_frame(frame, (8, 9), (16, 18))
    plain = wk.warp(image, transform, (16, 18))
    np.testing.assert_array_equal(wk.warp(image, transform, (16, 18), antialias=True), plain)


@each_frame
def test_rotations_do_not_shrink(frame):
    """Though their columns are longer than 1 by rounding."""
    image = np.random.default_rng(1).standard_normal((40, 40)).astype(np.float32)
    for angle in np.linspace(-3, 3, 13, dtype=np.float32):
        turn = wk.Rigid(angle[None], np.zeros((1, 2), np.float32), frame=frame)
        np.testing.assert_array_equal(wk.warp(image, turn, antialias=True), wk.warp(image, turn))


@pytest.mark.parametrize("factor", [2, 3, 8])
@pytest.mark.parametrize("ndim", [2, 3])
def test_fewer_pixels_are_block_averages(factor, ndim):
    """The identity of frame coordinates, into an output that is smaller by a whole factor."""
    shape = (3, 2, 4)[:ndim]
    image = np.random.default_rng(2).standard_normal((2, 1, *(factor * n for n in shape)))
    expected = avg_pool(image, factor)
    for still in (wk.Affine.identity(ndim), wk.Projective.identity(ndim), wk.Displacement.identity(shape)):
        found = wk.warp(image, still, shape, antialias=True)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    matrix = np.concatenate([factor * np.eye(ndim), np.full((ndim, 1), (factor - 1) / 2)], axis=1)
    found = wk.warp(image, wk.Affine(matrix[None], frame="pixel"), shape, antialias=True)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
def test_constants_stay_constant(cls, ndim):
    transform = cls.random(np.random.default_rng(3), ndim, n=2)
    image, shape = np.full((9, 12, 10)[:ndim], 0.7), (2, 3, 3)[:ndim]
    out = wk.warp(image, transform, shape, boundary="border", antialias=True)
    np.testing.assert_allclose(out, 0.7, rtol=1e-13)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
def test_derivatives(cls, ndim):
    """Of the image and of every field, against central differences, some points shrinking."""
    rng = np.random.default_rng(4)
    image, shape = rng.standard_normal((2, 9, 8, 10)[: ndim + 1]), (2, 3, 2)[:ndim]
    transform = cls.random(rng, ndim, n=2)
    parts = transform.transforms if isinstance(transform, wk.Composed) else (transform,)
    assert not np.array_equal(
        wk.warp(image, transform, shape, antialias=True), wk.warp(image, transform, shape)
    )
    direction = rng.standard_normal(wk.warp(image, transform, shape).shape)

    def check(value_of, start):
        variable = wk.Variable(start)
        (ct,) = grad((value_of(variable) * direction).sum(), [variable])
        v = rng.standard_normal(start.shape)
        step = 1e-7
        ahead, behind = value_of(start + step * v), value_of(start - step * v)
        difference = ((ahead - behind) * direction).sum() / (2 * step)
        assert abs((ct * v).sum() - difference) <= 2e-6 * np.abs(ct * v).sum()

    check(lambda x: wk.warp(x, transform, shape, antialias=True), image)
    for i, one in enumerate(parts):
        for field in dataclasses.fields(one):
            start = getattr(one, field.name)
            if not isinstance(start, np.ndarray):
                continue

            def value_of(x, i=i, one=one, name=field.name):
                new = dataclasses.replace(one, **{name: x})
                whole = wk.Composed((*parts[:i], new, *parts[i + 1 :])) if len(parts) > 1 else new
                return wk.warp(image, whole, shape, antialias=True)

            check(value_of, start)


@pytest.mark.parametrize("cls", [wk.Affine, wk.Projective, wk.ThinPlateSpline], ids=lambda cls: cls.__name__)
def test_second_derivatives(cls):
    """The gradient's derivative along a direction, against differences of the gradient."""
    rng = np.random.default_rng(5)
    image, transform = rng.standard_normal((12, 11)), cls.random(rng, 2)
    start, v = transform.theta, rng.standard_normal(transform.theta.shape)

    def gradient(theta):
        at = theta if isinstance(theta, wk.Variable) else wk.Variable(theta)
        out = wk.warp(image, dataclasses.replace(transform, theta=at), (3, 4), antialias=True)
        return at, grad((out * out).sum(), at, create_graph=True)

    at, first = gradient(wk.Variable(start))
    second = grad((first * v).sum(), at)
    w, step = rng.standard_normal(start.shape), 1e-6
    ahead, behind = (gradient(start + sign * step * w)[1].data for sign in (1, -1))
    difference = ((ahead - behind) * v).sum() / (2 * step)
    assert (second * w).sum() == pytest.approx(difference, rel=1e-5)


def test_items_of_a_batch_do_not_meet():
    """Each alone gives the same bits, shrinking or not."""
    rng = np.random.default_rng(6)
    image = rng.standard_normal((3, 2, 20, 16))
    theta = np.eye(2, 3) * np.array([0.5, 1.7, 3.0])[:, None, None] + rng.uniform(-0.1, 0.1, (3, 2, 3))
    together = wk.warp(image, wk.Affine(theta), antialias=True)
    for i in range(3):
        alone = wk.warp(image[i : i + 1], wk.Affine(theta[i : i + 1]), antialias=True)
        np.testing.assert_array_equal(alone[0], together[i])
    np.testing.assert_array_equal(together[0], wk.warp(image[:1], wk.Affine(theta[:1]))[0])


def test_layouts():
    rng = np.random.default_rng(7)
    photo = rng.integers(0, 256, (32, 24, 3)).astype(np.uint8)
    out = wk.warp(photo, wk.Affine.identity(2), (8, 6), channel_axis=-1, antialias=True)
    assert out.dtype == np.uint8
    means = photo.reshape(8, 4, 6, 4, 3).mean((1, 3))
    np.testing.assert_array_equal(out, np.rint(means))
    many = wk.warp(photo[..., 0], wk.Affine.identity(2, n=3), (8, 6), antialias=True)
    assert many.shape == (3, 8, 6)


def test_labels_cannot_be_averaged():
    """Whether the map shrinks or not: what is an error does not depend on values."""
    labels = np.zeros((8, 8), np.int32)
    for shape in ((2, 2), (8, 8)):
        with pytest.raises(TypeError, match=r"image: expected one of .* to be averaged, given int32"):
            wk.warp(labels, wk.Affine.identity(2), shape, kernel="nearest", antialias=True)


def test_beyond_the_horizon():
    """Nothing is there, as without antialias; nor does it spoil the gradient."""
    theta = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.5, 1.0]]])
    image = np.random.default_rng(8).standard_normal((64, 64))
    out = wk.warp(image, wk.Projective(theta), (16, 16), antialias=True, fill_value=5.0)
    plain = wk.warp(image, wk.Projective(theta), (16, 16), fill_value=5.0)
    far = np.isinf(wk.Projective(theta).grid((16, 16))[0, ..., 0])
    assert far.any()
    assert (out[far] == 5.0).all()
    assert (out != plain).any()
    variable = wk.Variable(theta)
    (ct,) = grad(wk.warp(image, wk.Projective(variable), (16, 16), antialias=True).sum(), [variable])
    assert np.isfinite(ct).all()
