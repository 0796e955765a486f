"""How much a displacement stretches each place, and whether it folds there."""

from __future__ import annotations

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain
from warpkit.ops import stack

from ._field_gradient import field_divergence, field_gradient
from ._fields import Spacing, check_field


@op(batch=("field",))
def jacobian_determinant(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Determinant of the Jacobian of p + u(p) at each pixel: at most 0 where the map folds.

    **Convention.** Vectors and `spacing` are ordered (x, y[, z]), x along the last spatial axis. The map
    leads from points of the fixed image to points of the moving one: where it is 2, a pixel of the fixed
    image shows two of the moving one.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        The displacement u in 1D, 2D or 3D.
    spacing : float or tuple of float
        Distance of neighbouring pixels along x, y[, z], in the units of the displacement; 1 for pixels.

    Returns
    -------
    array, shape (n, *shape)
        1 where nothing moves.

    Raises
    ------
    ValueError
        If the axes do not fit together, or a distance is not positive.

    Notes
    -----
    :math:`y = \det J` with :math:`J = 1 + \partial u / \partial p` by :func:`field_gradient`: central
    differences, and those of neighbours at the two ends of an axis. With the cofactors C of J,
    :math:`\dot y = \sum_{ij} C_{ij} \dot J_{ij}`, and :math:`\bar u` is the :func:`field_divergence` of
    :math:`\bar y\, C`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import jacobian_determinant
    >>> x = np.arange(3.0)
    >>> field = np.stack([np.broadcast_to(0.5 * x, (2, 3)), np.zeros((2, 3))], axis=-1)  # stretched along x
    >>> jacobian_determinant(field[None])
    array([[[1.5, 1.5, 1.5],
            [1.5, 1.5, 1.5]]])
    """
    rows = _jacobian(field, spacing)
    first = _cofactors(rows)[0]
    terms = [x * cofactor for x, cofactor in zip(rows[0], first, strict=True)]
    return sum(terms[1:], start=terms[0])


@jacobian_determinant.spec
def _spec(field, *, spacing):
    check_field(field, spacing)
    return ArraySpec(field.shape[:-1], field.dtype)


def _jacobian(field, spacing):
    """Rows of arrays (n, *shape)."""
    gradient = field_gradient(field, spacing=spacing)
    axes = range(field.shape[-1])
    return [[gradient[:, i, j] + 1.0 if i == j else gradient[:, i, j] for j in axes] for i in axes]


def _cofactors(m):
    """Derivatives of the determinant by the elements of a matrix, given as rows of arrays."""
    if len(m) == 1:
        x = plain(m[0][0])
        return [[namespace(x).ones_like(x)]]
    if len(m) == 2:
        return [[m[1][1], -m[1][0]], [-m[0][1], m[0][0]]]
    following = ((1, 2), (2, 0), (0, 1))
    return [[m[k][p] * m[n][q] - m[k][q] * m[n][p] for p, q in following] for k, n in following]


def _slopes(field, spacing):
    """The cofactors, (n, ndim, ndim, *shape)."""
    rows = _cofactors(_jacobian(field, spacing))
    return stack([stack(row, axis=1) for row in rows], axis=1)


@jacobian_determinant.vjp.rule
def _vjp(ct_out, field, *, needs, spacing):
    del needs
    ct = ct_out.reshape((ct_out.shape[0], 1, 1, *ct_out.shape[1:]))
    return (field_divergence(ct * _slopes(field, spacing), spacing=spacing),)


@jacobian_determinant.jvp.rule
def _jvp(tangents, field, *, spacing):
    return (_slopes(field, spacing) * field_gradient(tangents[0], spacing=spacing)).sum(axis=(1, 2))


@jacobian_determinant.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 5, 1)),), {"spacing": 0.5})
    yield Sample((rng.standard_normal((2, 3, 4, 2)),), {"spacing": (1.0, 2.0)})
    yield Sample((rng.standard_normal((1, 3, 1, 4, 3)),), {"spacing": 1.0})
    yield Sample((rng.standard_normal((1, 3, 2, 4, 3)),), {"spacing": (1.0, 2.0, 0.5)})
