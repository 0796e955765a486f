import numpy as np
import pytest

from warpkit.metrics import field_divergence, field_gradient


@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 2, 5)])
def test_against_numpy(shape):
    ndim = len(shape)
    field = np.random.default_rng(0).standard_normal((2, *shape, ndim))
    spacing = (0.5, 2.0, 1.5)[:ndim]
    found = field_gradient(field, spacing=spacing)
    for i, j in np.ndindex(ndim, ndim):
        expected = np.gradient(field[..., i], spacing[j], axis=ndim - j)
        np.testing.assert_allclose(found[:, i, j], expected)


def test_linear_fields_have_their_matrix():
    matrix = np.random.default_rng(1).standard_normal((3, 3))
    points = np.stack(np.meshgrid(*map(np.arange, (4, 5, 6)), indexing="ij")[::-1], axis=-1)
    found = field_gradient(points[None] @ matrix.T)
    np.testing.assert_allclose(found, np.broadcast_to(matrix[..., None, None, None], found.shape), atol=1e-12)


def test_an_axis_of_one_pixel_has_no_slope():
    field = np.random.default_rng(2).standard_normal((1, 1, 4, 2))
    np.testing.assert_array_equal(field_gradient(field)[:, :, 1], 0)


def test_divergence():
    """Inside, minus the divergence of each row."""
    y, x = np.mgrid[:6, :7].astype(float)
    matrices = np.stack([np.stack([x, 2 * y]), np.stack([y, x])])[None]  # rows (x, 2y) and (y, x)
    found = field_divergence(matrices)
    np.testing.assert_allclose(found[:, 2:-2, 2:-2], np.broadcast_to([-3.0, 0.0], (1, 2, 3, 2)))


@pytest.mark.parametrize("shape", [(1, 2, 2, 5), (1, 3, 2, 4, 4), (1, 2)])
def test_errors(shape):
    with pytest.raises(ValueError, match=r"matrices: expected shape \(n, ndim, ndim, \*shape\)"):
        field_divergence(np.zeros(shape))
