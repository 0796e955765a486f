"""The mean squared second derivatives of a field."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, op

from ._fields import (
    Spacing,
    check_field,
    mean_squares,
    second_differences,
    spacing_of_axes,
    squared_stencils,
)
from ._images import derive


@op(batch=("field",))
def bending_energy(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Mean of squared second derivatives of a displacement or velocity field: a cost that affine maps lack.

    **Convention.** A cost to be made small. Vectors and `spacing` are ordered (x, y[, z]), x along the last
    spatial axis.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        Vectors in 1D, 2D or 3D, such as displacements in pixels.
    spacing : float or tuple of float
        Distance of neighbouring pixels along x, y[, z], in the units of the vectors.

    Returns
    -------
    array of float64, shape (n,)
        0 for affine fields, in the inverse square of the units.

    Raises
    ------
    ValueError
        If the axes do not fit together, or a distance is not positive.

    Notes
    -----
    .. math:: y = \sum_{i} \sum_{d, e} \operatorname{mean}_p
       \Big(\frac{\partial^2 u_i}{\partial x_d\, \partial x_e}\Big)^2,

    so that mixed derivatives are counted twice. Those along one axis are :math:`u(p + e_d) - 2 u(p) + u(p -
    e_d)` over :math:`h_d^2`, at the pixels that have both neighbours; mixed ones are the difference of two
    differences, at the corners that four pixels share. Each has a mean of its own, and none where the axis
    is too short. The derivative is twice :func:`bending_gradient`. Sums are taken in float64.

    References ---------- D. Rueckert, L. I. Sonoda, C. Hayes, D. L. G. Hill, M. O. Leach, D. J. Hawkes,
    "Nonrigid registration using free-form deformations: application to breast MR images", IEEE Transactions
    on Medical Imaging 18 (8), 1999, equation (7).

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import bending_energy
    >>> x = np.arange(5.0)
    >>> field = np.stack([np.broadcast_to(x**2, (4, 5)), np.zeros((4, 5))], axis=-1)
    >>> bending_energy(field[None])  # the square of 2
    array([4.])
    """
    return mean_squares(field, _stencils(field, spacing))


def _stencils(field, spacing):
    return second_differences(spacing_of_axes(spacing, field.shape[-1]))


@bending_energy.spec
def _spec(field, *, spacing):
    check_field(field, spacing)
    return ArraySpec(field.shape[:1], np.dtype(np.float64))


def _gradients(field, *, needs, spacing):
    del needs
    return (bending_gradient(field, spacing=spacing) * 2.0,)


derive(bending_energy, _gradients)


@op(linear=("field",), batch=("field",))
def bending_gradient(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Half the derivative of :func:`bending_energy`: the field's bi-Laplacian, over the number of pixels.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        Vectors in 1D, 2D or 3D.
    spacing : float or tuple of float
        As of :func:`bending_energy`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        :math:`\sum_{d, e} D_{de}^T D_{de} u / N_{de}`, with the second differences :math:`D_{de}` at
        :math:`N_{de}` places. It is its own adjoint.
    """
    return squared_stencils(field, _stencils(field, spacing))


@bending_gradient.spec
def _gradient_spec(field, *, spacing):
    check_field(field, spacing)
    return field


@bending_gradient.vjp.rule
def _vjp(ct_out, field, *, needs, spacing):
    del field, needs
    return (bending_gradient(ct_out, spacing=spacing),)


@bending_gradient.jvp.rule
def _jvp(tangents, field, *, spacing):
    del field
    return bending_gradient(tangents[0], spacing=spacing)


@bending_energy.samples
@bending_gradient.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 5, 1)),), {"spacing": 0.5})
    yield Sample((rng.standard_normal((2, 3, 4, 2)),), {"spacing": (1.0, 2.0)})
    yield Sample((rng.standard_normal((1, 3, 1, 4, 3)),), {"spacing": 1.0})
