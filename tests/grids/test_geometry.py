import numpy as np
import pytest

from warpkit.grids import Geometry

TURN = ((0.0, -1.0), (1.0, 0.0))


def test_pixels_are_where_it_says():
    geometry = Geometry((5, 7), spacing=(2.0, 3.0), origin=(10.0, -4.0), direction=TURN)
    np.testing.assert_allclose(geometry.matrix @ [0, 0, 1], [10, -4, 1])
    np.testing.assert_allclose(geometry.matrix @ [1, 0, 1], [10, -2, 1])  # along x: two units along +y
    np.testing.assert_allclose(geometry.matrix @ [0, 1, 1], [7, -4, 1])
    assert geometry.ndim == 2


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_by_default_places_are_pixels(ndim):
    np.testing.assert_array_equal(Geometry((4,) * ndim).matrix, np.eye(ndim + 1))


def test_equal_geometries_are_equal():
    one = Geometry((5, 7), spacing=np.array([2, 3]), direction=np.array(TURN))
    other = Geometry([5, 7], spacing=[2.0, 3.0], origin=(0, 0), direction=TURN)
    assert one == other
    assert hash(one) == hash(other)
    assert one != Geometry((5, 7))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (0, 3)}, "shape: expected one to three lengths"),
        ({"shape": (2, 2, 2, 2)}, "shape: expected one to three lengths"),
        ({"spacing": (1.0,)}, "spacing: expected 2 finite numbers"),
        ({"spacing": (1.0, 0.0)}, "spacing: expected distances above 0"),
        ({"origin": (1.0, np.nan)}, "origin: expected 2 finite numbers"),
        ({"direction": ((1.0, 0.0),)}, "direction: expected 2 rows of 2 numbers"),
        ({"direction": ((1.0, 0.1), (0.0, 1.0))}, "direction: expected orthonormal columns"),
    ],
)
def test_wrong_values(arguments, message):
    with pytest.raises(ValueError, match=message):
        Geometry(**({"shape": (5, 7)} | arguments))
