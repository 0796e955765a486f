"""scikit-image's transforms, against scikit-image; for version 2 against its documented rule.

That rule: the same object, applied by `warp` to (row, column) instead of (x, y).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

import warpkit as wk

from .maps import MATRIX_CLASSES, SEEDS, interior, of_pixels, points_in, smooth

skt = pytest.importorskip("skimage.transform", reason="compares with scikit-image")
SHAPE, VOLUME = (40, 50), (11, 12, 13)
OURS = {
    "EuclideanTransform": wk.Rigid,
    "SimilarityTransform": wk.Similarity,
    "AffineTransform": wk.Affine,
    "ProjectiveTransform": wk.Projective,
}
NAMES = st.sampled_from(sorted(OURS))


def theirs(name, shape, seed):
    """One of scikit-image's, about the middle of an image, made by scikit-image."""
    transform = of_pixels(OURS[name], shape, seed)
    return getattr(skt, name)(np.array(transform.to_projective().theta[0]))


def warp_rows_and_columns(image, transform):
    """As `warp` of scikit-image 2: what it looks up for a row and column is what the object says of them."""
    return skt.warp(image, lambda columns_rows: transform(columns_rows[:, ::-1])[:, ::-1], order=1)


@given(name=NAMES, seed=SEEDS)
def test_warp_in_xy(name, seed):
    transform = theirs(name, SHAPE, seed)
    found = wk.from_skimage(transform, convention="xy")
    assert type(found) is OURS[name]
    inside, image = interior(found, SHAPE, SHAPE), smooth(SHAPE)
    expected = skt.warp(image, transform, order=1)
    np.testing.assert_allclose(wk.warp(image, found)[inside], expected[inside], atol=1e-10)


@given(name=NAMES, seed=SEEDS)
def test_warp_in_rows_and_columns(name, seed):
    transform = theirs(name, SHAPE[::-1], seed)
    found = wk.from_skimage(transform, convention="ij")
    assert type(found) is OURS[name]
    inside, image = interior(found, SHAPE, SHAPE), smooth(SHAPE)
    expected = warp_rows_and_columns(image, transform)
    np.testing.assert_allclose(wk.warp(image, found)[inside], expected[inside], atol=1e-10)


@given(name=st.sampled_from(sorted(OURS)[:2] + sorted(OURS)[3:]), seed=SEEDS)
def test_volumes_in_the_order_of_the_axes(name, seed):
    """For volumes scikit-image's guide hands the matrix to SciPy, whose coordinates are (z, y, x)."""
    transform = theirs(name, VOLUME[::-1], seed)
    found = wk.from_skimage(transform, convention="ij")
    image = smooth(VOLUME)
    expected = affine_transform(image, transform.params, order=1, mode="grid-constant")
    if name != "ProjectiveTransform":
        np.testing.assert_allclose(wk.warp(image, found), expected, atol=1e-10)
    points = points_in(VOLUME, seed)
    np.testing.assert_allclose(found(points)[0], transform(points[:, ::-1])[:, ::-1], atol=1e-10)


@given(
    kind=st.sampled_from(MATRIX_CLASSES),
    ndim=st.integers(2, 3),
    convention=st.sampled_from(["xy", "ij"]),
    seed=SEEDS,
)
def test_round_trip(kind, ndim, convention, seed):
    shape = (SHAPE, VOLUME)[ndim - 2]
    transform = of_pixels(kind, shape, seed)
    there = wk.to_skimage(transform, convention=convention)
    back = wk.from_skimage(there, convention=convention)
    assert type(back) is {wk.Translation: wk.Rigid, wk.Attention: wk.Similarity}.get(kind, kind)
    points = points_in(shape, seed)
    np.testing.assert_allclose(back(points), transform(points), atol=1e-10)
    order = slice(None, None, -1) if convention == "ij" else slice(None)
    np.testing.assert_allclose(there(points[:, order])[:, order], transform(points)[0], atol=1e-10)


def test_a_known_turn():
    """Clockwise on the screen in (x, y), the other way round in (row, column)."""
    turn = skt.SimilarityTransform(rotation=0.3, scale=1.5)
    xy, ij = (wk.from_skimage(turn, convention=convention) for convention in ("xy", "ij"))
    assert (xy.rotation.item(), ij.rotation.item()) == pytest.approx((0.3, -0.3))
    assert xy.scale.item() == ij.scale.item() == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("EuclideanTransform", np.diag([2.0, 2.0, 1.0])),
        ("EuclideanTransform", np.diag([-1.0, 1.0, 1.0])),
        ("SimilarityTransform", np.diag([2.0, 3.0, 1.0])),
        ("SimilarityTransform", np.diag([-2.0, 2.0, 1.0])),
    ],
)
def test_a_matrix_that_is_not_of_its_class(name, matrix):
    """scikit-image does not look."""
    with pytest.raises(ValueError, match=r"matrix: expected .*a.* rotation, as its class says"):
        wk.from_skimage(getattr(skt, name)(matrix), convention="xy")
    again = wk.from_skimage(skt.AffineTransform(matrix), convention="xy")
    np.testing.assert_array_equal(again.theta[0], matrix[:2])


def test_wrong_arguments():
    failed = skt.AffineTransform.from_estimate(np.zeros((3, 2)), np.zeros((3, 2)))
    assert not failed
    for transform in (failed, skt.PiecewiseAffineTransform(), np.eye(3)):
        with pytest.raises(TypeError, match=r"transform: expected one of skimage.transform's"):
            wk.from_skimage(transform, convention="xy")
    with pytest.raises(ValueError, match="convention: expected one of 'xy', 'ij', given 'rc'"):
        wk.from_skimage(skt.AffineTransform(), convention="rc")
    with pytest.raises(ValueError, match="expected two or three dimensions, given 1"):
        wk.to_skimage(wk.Affine.identity(1, frame="pixel"), convention="xy")
