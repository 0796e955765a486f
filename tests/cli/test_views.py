import itertools
from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._inputs import Input
from warpkit.cli._views import make_views, resize


def view_of(array, geometry=None, ndim=None):
    ndim = ndim or (array.ndim if geometry is None else geometry.ndim)
    fixed = Input(Path("a"), array, geometry, ndim)
    inside = np.ones(fixed.shape, bool)
    return make_views(fixed, array, array, inside)


def test_greys_become_colours_from_0_to_1():
    array = np.random.default_rng(0).normal(100, 20, (30, 40))
    (view,) = view_of(array)
    assert view.fixed.shape == (30, 40, 3)
    assert (view.fixed.min(), view.fixed.max()) == (0, 1)
    np.testing.assert_array_equal(view.fixed[..., 0], view.fixed[..., 2])
    assert (
        np.diff(view.fixed[..., 0].ravel()[array.ravel().argsort()]) >= 0
    ).all()  # brighter stays brighter
    np.testing.assert_array_equal(view.after, view.fixed)
    assert view.covered.all()


def test_hue_is_kept():
    array = np.random.default_rng(0).random((3, 30, 40))
    (view,) = view_of(array, ndim=2)
    between = ((view.fixed > 0) & (view.fixed < 1)).all(axis=-1)
    a, b = (np.diff(x, axis=-1)[between] for x in (view.fixed, np.moveaxis(array, 0, -1)))
    np.testing.assert_allclose(a, a.ravel()[0] / b.ravel()[0] * b, atol=1e-9)  # one gain for all three
    (two,) = view_of(array[:2], ndim=2)
    np.testing.assert_array_equal(two.fixed[..., 0], two.fixed[..., 1])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_to_be_seen(value):
    (view,) = view_of(np.full((5, 6), value))
    assert (view.fixed == 0).all()


def test_sparse_images_are_not_black():
    array = np.zeros((40, 40))
    array[3, 4] = 7.0
    assert view_of(array)[0].fixed.max() == 1


def test_nan_is_black():
    array = np.random.default_rng(0).random((30, 40)) + 5
    array[2, 3] = np.nan
    (view,) = view_of(array)
    assert (view.fixed[2, 3] == 0).all()
    assert view.fixed.mean() > 0.4


def test_the_moving_image_has_one_scale():
    """What is outside after the warp does not count; and before and after are equally bright."""
    rng = np.random.default_rng(0)
    array = rng.uniform(10, 20, (30, 40))
    inside = np.zeros((30, 40), bool)
    inside[:, :20] = True
    after = np.where(inside, array, 0)
    (view,) = make_views(Input(Path("a"), array, None, 2), array, after, inside)
    np.testing.assert_array_equal(view.before[:, :20], view.after[:, :20])
    assert 0.4 < view.before.mean() < 0.6
    np.testing.assert_array_equal(view.covered, inside)


def test_pixels_are_square():
    geometry = wk.Geometry((30, 40), spacing=(1.0, 2.5))  # x, y
    assert view_of(np.random.default_rng(0).random((30, 40)), geometry)[0].fixed.shape == (75, 40, 3)


def place(geometry):
    """x, y, z in the world of every pixel, (3, *shape)."""
    z, y, x = np.indices(geometry.shape)
    matrix = geometry.matrix
    return np.einsum("ij,jzyx->izyx", matrix[:3, :3], np.stack([x, y, z])) + matrix[:3, 3, None, None, None]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_volumes_are_upright(order, signs):
    """However a volume is stored: rows lead to the back or down, columns to the left or to the back."""
    direction = np.zeros((3, 3))
    direction[list(order), range(3)] = signs
    lengths, spacing = np.array([11, 9, 7])[list(order)], np.array([1.0, 1.0, 2.0])[list(order)]
    tilt = wk.Rigid(np.array([[0.05, -0.04, 0.03]]), np.zeros((1, 3)), frame="pixel").to_projective().theta[0]
    turned = np.asarray(tilt)[:3, :3] @ direction
    geometry = wk.Geometry(
        tuple(lengths[::-1].tolist()), tuple(spacing.tolist()), direction=tuple(map(tuple, turned.tolist()))
    )
    x, y, z = (view_of(coordinate, geometry) for coordinate in place(geometry))
    assert [view.fixed.shape[:2] for view in x] == [(9, 11), (14, 11), (14, 9)]
    for views, picture, axis, sign in [
        (x, 0, 1, 1),
        (y, 0, 0, 1),
        (x, 1, 1, 1),
        (z, 1, 0, -1),
        (y, 2, 1, 1),
        (z, 2, 0, -1),
    ]:
        steps = np.diff(views[picture].fixed[..., 0].mean(axis=1 - axis))
        assert (sign * steps >= 0).all()
        assert abs(steps.sum()) > 0.7


def test_a_volume_without_a_place():
    volume = np.random.default_rng(0).random((5, 6, 7))
    views = view_of(volume)
    assert [view.fixed.shape for view in views] == [(6, 7, 3), (5, 7, 3), (5, 6, 3)]


def test_resize():
    image = np.random.default_rng(0).random((8, 10, 3))
    np.testing.assert_array_equal(resize(image, (8, 10)), image)
    np.testing.assert_allclose(resize(image, (4, 5)).mean(axis=(0, 1)), image.mean(axis=(0, 1)))
    np.testing.assert_allclose(resize(np.ones((8, 10, 3)), (21, 33)), 1)
