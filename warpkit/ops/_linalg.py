"""Linear algebra: products, solutions of linear systems."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, wrong_value

from ._broadcasting import unbroadcast
from ._shape import transpose


def swap(x: Array) -> Array:
    """The last two axes exchanged: the transpose of each matrix."""
    axes = list(range(len(x.shape)))
    axes[-1], axes[-2] = axes[-2], axes[-1]
    return transpose(x, tuple(axes))


def _batch_shape(a: ArraySpec, b: ArraySpec) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise wrong_value("b", f"leading axes that broadcast with {a.shape[:-2]}", b.shape[:-2]) from None


@op(linear=("a", "b"))
def matmul(a: Array, b: Array) -> Array:
    r"""Product of matrices; leading axes broadcast.

    Notes
    -----
    :math:`\bar A = \bar Y B^T`, :math:`\bar B = A^T \bar Y`.
    """
    return namespace(a, b).matmul(a, b)


@matmul.spec
def _matmul_spec(a, b):
    if a.ndim < 2 or b.ndim < 2:
        raise wrong_value("a, b", "at least 2 axes each", (a.shape, b.shape))
    if a.shape[-1] != b.shape[-2]:
        raise wrong_value("b", f"{a.shape[-1]} rows, the columns of a", b.shape)
    return ArraySpec((*_batch_shape(a, b), a.shape[-2], b.shape[-1]), np.result_type(a.dtype, b.dtype))


@matmul.vjp.rule
def _matmul_vjp(ct_out, a, b, *, needs):
    return (
        unbroadcast(matmul(ct_out, swap(b)), a) if needs[0] else None,
        unbroadcast(matmul(swap(a), ct_out), b) if needs[1] else None,
    )


@matmul.jvp.rule
def _matmul_jvp(tangents, a, b):
    tan_a, tan_b = tangents
    if tan_a is None:
        return matmul(a, tan_b)
    return matmul(tan_a, b) if tan_b is None else matmul(tan_a, b) + matmul(a, tan_b)


@matmul.samples
def _matmul_samples(rng):
    yield Sample((rng.standard_normal((3, 4)), rng.standard_normal((4, 2))), {})
    yield Sample((rng.standard_normal((2, 1, 3, 4)), rng.standard_normal((5, 4, 2))), {})


@op(linear=("b",))
def solve(a: Array, b: Array) -> Array:
    r"""The solution of :math:`A X = B`; leading axes broadcast.

    Notes
    -----
    :math:`\bar B = A^{-T} \bar X`, :math:`\bar A = -\bar B X^T` (Giles 2008).

    References
    ----------
    M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
    differentiation", Advances in Automatic Differentiation, 2008.
    """
    return namespace(a, b).linalg.solve(a, b)


@solve.spec
def _solve_spec(a, b):
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise wrong_value("a", "square matrices, and b of at least 2 axes", (a.shape, b.shape))
    if a.shape[-1] != b.shape[-2]:
        raise wrong_value("b", f"{a.shape[-1]} rows, as a", b.shape)
    return ArraySpec((*_batch_shape(a, b), *b.shape[-2:]), np.result_type(a.dtype, b.dtype))


@solve.vjp.rule
def _solve_vjp(ct_out, a, b, *, needs, out=None):
    ct_b = solve(swap(a), ct_out)
    x = solve(a, b) if needs[0] and out is None else out
    return (
        unbroadcast(-matmul(ct_b, swap(x)), a) if needs[0] else None,
        unbroadcast(ct_b, b) if needs[1] else None,
    )


@solve.jvp.rule
def _solve_jvp(tangents, a, b):
    tan_a, tan_b = tangents
    if tan_a is None:
        return solve(a, tan_b)
    right = -matmul(tan_a, solve(a, b))
    return solve(a, right if tan_b is None else tan_b + right)


@solve.samples
def _solve_samples(rng):
    a = rng.standard_normal((2, 3, 3)) + 4 * np.eye(3)
    yield Sample((a, rng.standard_normal((2, 3, 2))), {})
    yield Sample((a[0], rng.standard_normal((2, 3, 1))), {})
