import numpy as np
import pytest

from warpkit.metrics import field_gradient, jacobian_determinant
from warpkit.metrics._jacobian_determinant import _cofactors


def points(*shape):
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")[::-1], axis=-1).astype(float)[None]


@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 4, 5)])
def test_affine_maps_have_the_determinant_of_their_matrix(shape):
    matrix = np.random.default_rng(0).standard_normal((len(shape), len(shape)))
    p = points(*shape)
    found = jacobian_determinant(p @ matrix.T - p + 3.0)
    np.testing.assert_allclose(found, np.linalg.det(matrix), rtol=1e-10)


@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 4, 5)])
def test_against_numpy(shape):
    field = np.random.default_rng(1).standard_normal((2, *shape, len(shape)))
    spacing = (0.5, 2.0, 1.5)[: len(shape)]
    jacobian = np.moveaxis(field_gradient(field, spacing=spacing), (1, 2), (-2, -1)) + np.eye(len(shape))
    found = jacobian_determinant(field, spacing=spacing)
    np.testing.assert_allclose(found, np.linalg.det(jacobian), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_cofactors_are_the_inverse_times_the_determinant(ndim):
    m = np.random.default_rng(2).standard_normal((ndim, ndim))
    found = [[np.broadcast_to(x, (1,))[0] for x in row] for row in _cofactors(list(map(list, m[..., None])))]
    np.testing.assert_allclose(found, np.linalg.inv(m).T * np.linalg.det(m), rtol=1e-10)


def test_the_gradient_of_every_element():
    field = np.random.default_rng(3).standard_normal((1, 3, 4, 2))
    ct, step = np.random.default_rng(4).standard_normal((1, 3, 4)), 1e-6
    (slope,) = jacobian_determinant.vjp(ct, field, spacing=(2.0, 0.5))
    for index in np.ndindex(*field.shape):
        ahead, behind = field.copy(), field.copy()
        ahead[index] += step
        behind[index] -= step
        change = np.subtract(*(jacobian_determinant(x, spacing=(2.0, 0.5)) for x in (ahead, behind)))
        assert slope[index] == pytest.approx((ct * change).sum() / (2 * step), rel=1e-6, abs=1e-8)


def test_a_fold_is_found():
    """x -> 10 - x between 4 and 6 turns the order around."""
    x = points(1, 12)
    x = x[..., :1]
    mapped = np.where((x >= 4) & (x <= 6), 10 - x, x)
    field = np.concatenate([mapped - x, np.zeros_like(x)], axis=-1)
    found = jacobian_determinant(field)[0, 0]
    assert found[5] == -1
    assert (found[:3] == 1).all()


def test_nothing_moves():
    for ndim in (1, 2, 3):
        np.testing.assert_array_equal(jacobian_determinant(np.zeros((1, *(3,) * ndim, ndim), np.float32)), 1)


def test_the_mean_is_the_volume_of_the_image():
    """Of a map that leaves the border where it is, the stretch averages to 1."""
    y, x = np.mgrid[:60, :60] / 59
    bump = np.sin(np.pi * x) ** 2 * np.sin(np.pi * y) ** 2
    found = jacobian_determinant(np.stack([3 * bump, -2 * bump], axis=-1)[None])
    assert found.min() > 0.5
    assert found.mean() == pytest.approx(1, abs=2e-3)
