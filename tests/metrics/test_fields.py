import numpy as np
import pytest

from warpkit.metrics import _fields as fields
from warpkit.metrics import bending_energy, diffusion, jacobian_determinant


def test_spacing_is_told_as_coordinates_are():
    """x, y, z, and so the other way round than the axes of an array."""
    assert fields.spacing_of_axes((1.0, 2.0, 3.0), 3) == (3.0, 2.0, 1.0)
    assert fields.spacing_of_axes(2.0, 2) == (2.0, 2.0)


def test_first_differences():
    z, y, x = np.indices((3, 4, 5)).astype(float)
    values = np.stack([2 * x, 3 * z - y, x * y], axis=-1)[None]
    found = list(fields.differences(values, fields.first_differences((1.0, 2.0, 3.0))))
    assert [weight * taken[..., 0].size for weight, taken, _ in found] == pytest.approx([1, 1 / 4, 1 / 9])
    for (_, taken, _), expected in zip(found, [(0, 3), (0, -1), (2, 0)], strict=True):  # along z, y, x
        np.testing.assert_array_equal(taken[..., :2], np.broadcast_to(expected, (*taken.shape[:-1], 2)))


def test_second_differences():
    """Those of polynomials of second degree are exact."""
    z, y, x = np.indices((3, 4, 5)).astype(float)
    values = np.stack([x * y + 3 * z, x * x - z * y, z * z], axis=-1)[None]
    found = list(fields.differences(values, fields.second_differences((1.0, 2.0, 3.0))))
    weights = [weight * taken[..., 0].size for weight, taken, _ in found]
    assert weights == pytest.approx([1, 2 / 4, 2 / 9, 1 / 16, 2 / 36, 1 / 81])  # zz, zy, zx, yy, yx, xx
    second = [(0, 0, 2), (0, -1, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 2, 0)]
    for (_, taken, _), expected in zip(found, second, strict=True):
        np.testing.assert_allclose(taken, np.broadcast_to(expected, taken.shape), atol=1e-12)


@pytest.mark.parametrize("order", [fields.first_differences, fields.second_differences])
def test_the_squared_stencils_are_symmetric_and_give_the_mean_squares(order):
    u, v = np.random.default_rng(0).standard_normal((2, 2, 4, 5, 2))
    stencils = order((1.0, 2.0))
    ku, kv = (fields.squared_stencils(x, stencils) for x in (u, v))
    np.testing.assert_allclose((v * ku).sum(), (u * kv).sum())
    np.testing.assert_allclose((u * ku).sum(axis=(1, 2, 3)), fields.mean_squares(u, stencils))


@pytest.mark.parametrize("op", [diffusion, bending_energy, jacobian_determinant])
@pytest.mark.parametrize(
    ("field", "spacing", "error", "message"),
    [
        (np.zeros((1, 4, 5, 3)), 1.0, ValueError, r"field: expected shape \(n, \*shape, ndim\)"),
        (np.zeros((1, 4)), 1.0, ValueError, "field: expected shape"),
        (np.zeros((1, 4, 5, 2), int), 1.0, TypeError, "field: expected a floating dtype, given int"),
        (np.zeros((1, 4, 5, 2)), 0.0, ValueError, "spacing: expected a positive number, or 2 of them"),
        (np.zeros((1, 4, 5, 2)), (1.0, 1.0, 1.0), ValueError, "spacing: expected a positive number, or 2"),
        (np.zeros((1, 4, 5, 2)), (1.0, -1.0), ValueError, "spacing: expected a positive number, or 2"),
    ],
)
def test_errors(op, field, spacing, error, message):
    with pytest.raises(error, match=message):
        op(field, spacing=spacing)
