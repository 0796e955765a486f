import numpy as np
import pytest

from warpkit.metrics import diffusion, diffusion_gradient


@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 4, 5)])
def test_against_diff(shape):
    ndim = len(shape)
    field = np.random.default_rng(0).standard_normal((2, *shape, ndim))
    spacing = (0.5, 2.0, 1.5)[:ndim]
    expected = np.zeros(2)
    for d in range(ndim):  # x is the last spatial axis
        differences = np.diff(field, axis=ndim - d) / spacing[d]
        expected += (differences**2).sum(axis=-1).reshape(2, -1).mean(axis=1)
    np.testing.assert_allclose(diffusion(field, spacing=spacing), expected, rtol=1e-12)


def test_linear_fields_have_the_norm_of_their_matrix():
    matrix = np.random.default_rng(1).standard_normal((3, 3))
    points = np.stack(np.meshgrid(*map(np.arange, (4, 5, 6)), indexing="ij")[::-1], axis=-1)
    field = points[None] @ matrix.T
    np.testing.assert_allclose(diffusion(field), (matrix**2).sum())
    np.testing.assert_allclose(diffusion(2 * field, spacing=2.0), (matrix**2).sum())


def test_shifts_are_free_and_checkerboards_are_not():
    shift = np.ones((1, 4, 5, 2)) * [3.0, -2.0]
    np.testing.assert_array_equal(diffusion(shift), 0)
    np.testing.assert_array_equal(diffusion_gradient(shift), 0)
    board = np.indices((6, 6)).sum(axis=0) % 2
    assert diffusion(np.stack([board, board], axis=-1)[None].astype(float))[0] == 4


def test_an_axis_of_one_pixel_has_no_slope():
    field = np.random.default_rng(2).standard_normal((1, 5, 1, 2))
    flat = (np.diff(field, axis=1) ** 2).sum(axis=-1).mean()
    assert diffusion(field)[0] == pytest.approx(flat)
    np.testing.assert_array_equal(diffusion(np.ones((1, 1, 1, 2))), 0)


def test_descent_flattens():
    field = np.random.default_rng(3).standard_normal((1, 8, 8, 2))
    for _ in range(200):
        field = field - 4.0 * diffusion.vjp(np.ones(1), field)[0]
    assert diffusion(field)[0] < 1e-3


def test_float32():
    field = np.random.default_rng(4).standard_normal((1, 8, 8, 2)).astype(np.float32)
    assert diffusion(field).dtype == np.float64
    assert diffusion.vjp(np.ones(1), field)[0].dtype == np.float32
