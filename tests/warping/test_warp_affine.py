"""The fused affine warp against grid and sample, SciPy and scikit-image; derivatives; bad input."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import transform as skimage_transform

import warpkit as wk
from warpkit.grids import FRAMES
from warpkit.testing import check_op, check_vjp

SHAPES = {2: ((9, 7), (6, 8)), 3: ((5, 6, 4), (4, 3, 7))}

each_ndim = pytest.mark.parametrize("ndim", [2, 3])


def near_identity(rng, n, ndim, size=0.2):
    return np.eye(ndim, ndim + 1) + rng.uniform(-size, size, (n, ndim, ndim + 1))


@each_ndim
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("boundary", ["constant", "border", "reflect", "mirror", "wrap"])
def test_is_grid_and_sample(ndim, frame, boundary):
    rng = np.random.default_rng(0)
    shape, out_shape = SHAPES[ndim]
    image, theta = rng.standard_normal((2, 3, *shape)), near_identity(rng, 2, ndim)
    options = {"boundary": boundary, "fill_value": 0.5}
    expected = wk.grid_sample(image, wk.affine_grid(theta, out_shape, frame=frame), frame=frame, **options)
    out = wk.warp_affine(image, theta, out_shape, frame=frame, **options)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12 if frame == "pixel" else 1e-11)


@each_ndim
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(
    ("boundary", "mode"),
    [
        ("constant", "grid-constant"),
        ("border", "nearest"),
        ("reflect", "reflect"),
        ("mirror", "mirror"),
        ("wrap", "grid-wrap"),
    ],
)
def test_against_scipy(ndim, order, boundary, mode):
    """SciPy's matrix acts on (..., y, x): rows and columns the other way round."""
    rng = np.random.default_rng(1)
    shape, out_shape = SHAPES[ndim]
    image, theta = rng.standard_normal(shape), near_identity(rng, 1, ndim)
    theta[:, :, -1] += rng.uniform(-2, 2, (1, ndim))
    expected = ndimage.affine_transform(
        image,
        theta[0, ::-1, ndim - 1 :: -1],
        theta[0, ::-1, -1],
        output_shape=out_shape,
        order=order,
        mode=mode,
        cval=0.5,
    )
    out = wk.warp_affine(
        image[None, None],
        theta,
        out_shape,
        frame="pixel",
        kernel=("nearest", "linear")[order],
        boundary=boundary,
        fill_value=0.5,
    )
    np.testing.assert_allclose(out[0, 0], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("boundary", "mode"),
    [("border", "edge"), ("reflect", "symmetric"), ("mirror", "reflect"), ("wrap", "wrap")],
)
def test_against_scikit_image(boundary, mode):
    rng = np.random.default_rng(2)
    image, theta = rng.standard_normal((9, 7)), near_identity(rng, 1, 2)
    inverse_map = skimage_transform.AffineTransform(matrix=np.vstack([theta[0], [0, 0, 1]]))
    expected = skimage_transform.warp(image, inverse_map, output_shape=(6, 8), order=1, mode=mode)
    out = wk.warp_affine(image[None, None], theta, (6, 8), frame="pixel", boundary=boundary)
    np.testing.assert_allclose(out[0, 0], expected, rtol=0, atol=1e-11)


def test_against_scikit_image_inside():
    rng = np.random.default_rng(3)
    image = rng.standard_normal((9, 9))
    theta = near_identity(rng, 1, 2, 0.1)
    theta[:, :, 2] += 2
    inverse_map = skimage_transform.AffineTransform(matrix=np.vstack([theta[0], [0, 0, 1]]))
    expected = skimage_transform.warp(
        image, inverse_map, output_shape=(4, 5), order=1, mode="constant", cval=0.5
    )
    out = wk.warp_affine(image[None, None], theta, (4, 5), frame="pixel", fill_value=0.5)
    np.testing.assert_allclose(out[0, 0], expected, rtol=0, atol=1e-12)


def test_derivatives():
    check_op(wk.warp_affine)


@each_ndim
@pytest.mark.parametrize("frame", FRAMES)
def test_gradient_of_theta(ndim, frame):
    """Against central differences, element by element."""
    rng = np.random.default_rng(4)
    shape, out_shape = SHAPES[ndim]
    image, theta = rng.standard_normal((2, 2, *shape)), near_identity(rng, 2, ndim)
    ct_out = rng.standard_normal((2, 2, *out_shape))
    options = {"shape": out_shape, "frame": frame, "boundary": "border"}
    ct_theta = wk.warp_affine.vjp(ct_out, image, theta, needs=(False, True), **options)[1]
    step = 1e-7
    for index in np.ndindex(theta.shape):
        change = np.zeros_like(theta)
        change[index] = step
        plus, minus = (wk.warp_affine(image, theta + sign * change, **options) for sign in (1, -1))
        difference = ((plus - minus) * ct_out).sum() / (2 * step)
        assert ct_theta[index] == pytest.approx(difference, rel=1e-6, abs=1e-6)


def test_theta_gradient_sums_in_float64():
    """In float32 and over many pixels, the gradient is that of float64 but for what the image rounds to."""
    rng = np.random.default_rng(5)
    image = rng.standard_normal((1, 1, 256, 256)).astype(np.float32)
    theta = near_identity(rng, 1, 2, 0.05).astype(np.float32)
    ct_out = rng.standard_normal(image.shape).astype(np.float32)
    narrow = wk.warp_affine.vjp(ct_out, image, theta)[1]
    wide = wk.warp_affine.vjp(ct_out.astype(np.float64), image.astype(np.float64), theta.astype(np.float64))[
        1
    ]
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-4 * np.abs(wide).max())


def test_batches_broadcast():
    rng = np.random.default_rng(6)
    image, theta = rng.standard_normal((3, 2, 5, 6)), near_identity(rng, 3, 2)
    together = wk.warp_affine(image, theta)
    for i in range(3):
        np.testing.assert_array_equal(together[i : i + 1], wk.warp_affine(image[i : i + 1], theta[i : i + 1]))
    np.testing.assert_array_equal(
        wk.warp_affine(image[:1], theta)[2], wk.warp_affine(image[:1], theta[2:])[0]
    )
    np.testing.assert_array_equal(
        wk.warp_affine(image, theta[:1])[2], wk.warp_affine(image[2:], theta[:1])[0]
    )
    check_vjp(wk.warp_affine, image[:1], theta)
    check_vjp(wk.warp_affine, image, theta[:1])
    assert wk.warp_affine(image[:0], theta[:1]).shape == (0, 2, 5, 6)
    assert wk.warp_affine(image[:1], theta[:0]).shape == (0, 2, 5, 6)
    assert wk.warp_affine(image, theta, (0, 4)).shape == (3, 2, 0, 4)


def test_nan_gives_nan():
    theta = np.array([[[1.0, 0.0, np.nan], [0.0, 1.0, 0.0]]])
    assert np.isnan(wk.warp_affine(np.ones((1, 1, 3, 3)), theta)).all()
    ct_image, ct_theta = wk.warp_affine.vjp(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), theta)
    assert (ct_image == 0).all()
    assert np.isnan(ct_theta[0, 0]).all()


def test_bad_arguments():
    image, theta = np.zeros((1, 1, 4, 5)), np.eye(2, 3)[None]
    with pytest.raises(
        ValueError, match=r"theta: expected shape \(n, 2, 3\) in 2D, .* given shape \(1, 3, 3\)"
    ):
        wk.warp_affine(image, np.eye(3)[None])
    with pytest.raises(ValueError, match=r"image: expected shape \(n, c, \*spatial\) with 2 spatial axes"):
        wk.warp_affine(image[0], theta)
    with pytest.raises(TypeError, match="theta: expected a floating dtype, given int"):
        wk.warp_affine(image, theta.astype(int))
    with pytest.raises(TypeError, match="image: expected real numbers"):
        wk.warp_affine(image.astype(object), theta)
    with pytest.raises(ValueError, match="shape: expected lengths of at least 0"):
        wk.warp_affine(image, theta, (-2, 3))
    with pytest.raises(TypeError, match="shape: expected integers"):
        wk.warp_affine(image, theta, (2.0, 3))
    with pytest.raises(ValueError, match="frame: expected one of"):
        wk.warp_affine(image, theta, frame="world")
    with pytest.raises(ValueError, match="grid: expected a batch of 2"):
        wk.warp_affine(np.zeros((2, 1, 4, 5)), np.tile(theta, (3, 1, 1)))
