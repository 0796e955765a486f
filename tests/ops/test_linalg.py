"""Products of matrices and linear systems."""

import numpy as np
import pytest

from warpkit import Variable, ops
from warpkit.ops._linalg import swap

rng = np.random.default_rng(0)


def test_matmul_is_numpys():
    a, b = rng.standard_normal((2, 1, 3, 4)), rng.standard_normal((5, 4, 2))
    np.testing.assert_array_equal(ops.matmul(a, b), a @ b)
    np.testing.assert_array_equal((Variable(a) @ b).data, a @ b)
    np.testing.assert_array_equal((a @ Variable(b)).data, a @ b)


def test_solve_undoes_the_product():
    a, x = rng.standard_normal((2, 3, 3)) + 4 * np.eye(3), rng.standard_normal((2, 3, 2))
    np.testing.assert_allclose(ops.solve(a, a @ x), x, rtol=1e-12)


def test_derivative_of_an_inverse():
    """d(A^-1) = -A^-1 dA A^-1."""
    a, tan_a, unit = rng.standard_normal((3, 3)) + 4 * np.eye(3), rng.standard_normal((3, 3)), np.eye(3)
    inverse = np.linalg.inv(a)
    np.testing.assert_allclose(ops.solve.jvp((tan_a, None), a, unit), -inverse @ tan_a @ inverse, atol=1e-14)


def test_swap_is_the_transpose_of_each_matrix():
    a = rng.standard_normal((2, 3, 4))
    np.testing.assert_array_equal(swap(a), a.transpose(0, 2, 1))


def test_errors():
    with pytest.raises(ValueError, match="a, b: expected at least 2 axes each"):
        ops.matmul(np.ones(3), np.ones((3, 2)))
    with pytest.raises(ValueError, match="b: expected 4 rows, the columns of a"):
        ops.matmul(np.ones((3, 4)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="b: expected leading axes that broadcast"):
        ops.matmul(np.ones((2, 3, 4)), np.ones((3, 4, 2)))
    with pytest.raises(ValueError, match="a: expected square matrices"):
        ops.solve(np.ones((3, 4)), np.ones((3, 2)))
