import numpy as np
import pytest

from warpkit.metrics import bending_energy, bending_gradient


def quadratic(matrices, shape, spacing):
    """u_i(p) = p^T A_i p / 2, whose second derivatives are A_i."""
    axes = [h * np.arange(n) for h, n in zip(spacing[::-1], shape, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij")[::-1], axis=-1)
    return np.einsum("...j,ijk,...k->...i", points, matrices, points)[None] / 2


@pytest.mark.parametrize(
    ("shape", "spacing"), [((5,), (2.0,)), ((4, 5), (0.5, 2.0)), ((3, 4, 5), (1.0, 2.0, 3.0))]
)
def test_quadratic_fields_have_the_norm_of_their_second_derivatives(shape, spacing):
    ndim = len(shape)
    matrices = np.random.default_rng(0).standard_normal((ndim, ndim, ndim))
    matrices = matrices + matrices.transpose(0, 2, 1)
    found = bending_energy(quadratic(matrices, shape, spacing), spacing=spacing)
    np.testing.assert_allclose(found, (matrices**2).sum(), rtol=1e-9)


def test_affine_fields_are_free():
    points = np.stack(np.meshgrid(*map(np.arange, (4, 5, 6)), indexing="ij")[::-1], axis=-1)
    field = points[None] @ np.random.default_rng(1).standard_normal((3, 3)) + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(bending_energy(field), 0, atol=1e-24)
    np.testing.assert_allclose(bending_gradient(field), 0, atol=1e-12)


def test_short_axes():
    """Of two pixels there is a mixed derivative, of one none at all."""
    field = np.zeros((1, 2, 2, 2))
    field[0, 1, 1, 0] = 3.0
    np.testing.assert_allclose(bending_energy(field), 2 * 9)
    np.testing.assert_array_equal(bending_energy(field[:, :1]), 0)


def test_float32():
    field = np.random.default_rng(4).standard_normal((1, 8, 8, 2)).astype(np.float32)
    assert bending_energy(field).dtype == np.float64
    assert bending_energy.vjp(np.ones(1), field)[0].dtype == np.float32
