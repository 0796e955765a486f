"""SimpleITK's images, against SimpleITK."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk

from .maps import SEEDS, geometry, points_in

sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
SHAPES = {2: (5, 7), 3: (4, 5, 6)}


@given(ndim=st.integers(2, 3), seed=SEEDS)
def test_pixels_are_where_itk_has_them(ndim, seed):
    where = geometry(SHAPES[ndim], seed)
    array = np.random.default_rng(seed).standard_normal(where.shape)
    image = wk.image_to_itk(array, where)
    points = points_in(where.shape, seed, 4)
    places = [image.TransformContinuousIndexToPhysicalPoint(point) for point in points.tolist()]
    np.testing.assert_allclose(points @ where.matrix[:-1, :-1].T + where.matrix[:-1, -1], places, atol=1e-12)
    index = tuple(int(n) for n in points[0])
    assert image.GetPixel(*index) == array[index[::-1]]
    again = wk.image_from_itk(image)
    np.testing.assert_array_equal(again.array, array)
    assert again.geometry == where == wk.geometry_from_itk(image)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_channels(ndim, dtype):
    array = (100 * np.random.default_rng(0).random((3, *SHAPES[ndim]))).astype(dtype)
    image = wk.image_to_itk(array, wk.Geometry(SHAPES[ndim]))
    assert image.GetNumberOfComponentsPerPixel() == 3
    assert image.GetSize() == SHAPES[ndim][::-1]
    again = wk.image_from_itk(image).array
    assert again.dtype == dtype
    assert again.flags.c_contiguous
    np.testing.assert_array_equal(again, array)


def test_labels_of_two_values():
    mask = np.random.default_rng(1).random((5, 7)) > 0.5
    np.testing.assert_array_equal(wk.image_from_itk(wk.image_to_itk(mask)).array, mask.astype(np.uint8))


def test_without_a_geometry_three_axes_are_a_volume():
    assert wk.image_to_itk(np.zeros((3, 4, 5))).GetSize() == (5, 4, 3)
    assert wk.image_to_itk(np.zeros((2, 3, 4, 5))).GetNumberOfComponentsPerPixel() == 2


def test_wrong_arguments():
    with pytest.raises(TypeError, match="image: expected an image of SimpleITK"):
        wk.geometry_from_itk(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="image: expected two or three dimensions, given 4"):
        wk.image_from_itk(sitk.Image([2, 2, 2, 2], sitk.sitkFloat32))
    with pytest.raises(ValueError, match=r"array: expected shape \(4, 5\), as of the geometry"):
        wk.image_to_itk(np.zeros((5, 4)), wk.Geometry((4, 5)))
    with pytest.raises(TypeError, match="array: expected a dtype that ITK has, given float16"):
        wk.image_to_itk(np.zeros((5, 4), np.float16))
