"""An array and a geometry go together."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.exchange._image import axes_of


def test_channels_or_none():
    where = wk.Geometry((4, 5))
    for shape in ((4, 5), (3, 4, 5)):
        assert wk.Image(np.zeros(shape), where).geometry is where
    assert wk.Image(np.zeros((2, 3, 4, 5, 6))).geometry is None


@pytest.mark.parametrize("shape", [(5, 4), (4, 5, 3), (1, 1, 4, 5), (5,)])
def test_shapes_that_do_not_fit(shape):
    with pytest.raises(
        ValueError, match=r"array: expected shape \(4, 5\), as of the geometry, with channels"
    ):
        wk.Image(np.zeros(shape), wk.Geometry((4, 5)))


def test_pixels_to_be_written():
    array, where = axes_of([[1, 2, 3]], None)
    assert array.shape == where.shape == (1, 3)
    assert axes_of(np.zeros((2, 3, 4, 5)), None)[1].shape == (3, 4, 5)
    with pytest.raises(ValueError, match="array: expected at least one pixel"):
        axes_of(np.zeros((3, 0)), None)
    with pytest.raises(ValueError, match=r"array: expected axes \(\[c,\] \[z,\] y, x\)"):
        axes_of(np.zeros(3), None)
