"""The mean squared gradient of a field."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, op

from ._fields import (
    Spacing,
    check_field,
    first_differences,
    mean_squares,
    spacing_of_axes,
    squared_stencils,
)
from ._images import derive


@op(batch=("field",))
def diffusion(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Mean squared gradient of a displacement or velocity field: a cost that shifts do not have.

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
        0 for constant fields.

    Raises
    ------
    ValueError
        If the axes do not fit together, or a distance is not positive.

    Notes
    -----
    .. math:: y = \sum_{i, d} \operatorname{mean}_p \Big(\frac{u_i(p + e_d) - u_i(p)}{h_d}\Big)^2,

    the mean over all pairs of neighbours along the axis d; an axis of one pixel gives nothing. Differences of
    neighbours, unlike central ones, leave no checkerboard unseen. The derivative is twice
    :func:`diffusion_gradient`. Sums are taken in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import diffusion
    >>> x = np.arange(5.0)
    >>> field = np.stack([np.broadcast_to(0.5 * x, (4, 5)), np.zeros((4, 5))], axis=-1)  # stretched along x
    >>> diffusion(field[None])
    array([0.25])
    """
    return mean_squares(field, _stencils(field, spacing))


def _stencils(field, spacing):
    return first_differences(spacing_of_axes(spacing, field.shape[-1]))


@diffusion.spec
def _spec(field, *, spacing):
    check_field(field, spacing)
    return ArraySpec(field.shape[:1], np.dtype(np.float64))


def _gradients(field, *, needs, spacing):
    del needs
    return (diffusion_gradient(field, spacing=spacing) * 2.0,)


derive(diffusion, _gradients)


@op(linear=("field",), batch=("field",))
def diffusion_gradient(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Half the derivative of :func:`diffusion`: minus the field's Laplacian, over the number of pixels.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        Vectors in 1D, 2D or 3D.
    spacing : float or tuple of float
        As of :func:`diffusion`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        :math:`\sum_d D_d^T D_d u / N_d`, with the differences :math:`D_d` of the :math:`N_d` pairs of
        neighbours along the axis d. It is its own adjoint.
    """
    return squared_stencils(field, _stencils(field, spacing))


@diffusion_gradient.spec
def _gradient_spec(field, *, spacing):
    check_field(field, spacing)
    return field


@diffusion_gradient.vjp.rule
def _vjp(ct_out, field, *, needs, spacing):
    del field, needs
    return (diffusion_gradient(ct_out, spacing=spacing),)


@diffusion_gradient.jvp.rule
def _jvp(tangents, field, *, spacing):
    del field
    return diffusion_gradient(tangents[0], spacing=spacing)


@diffusion.samples
@diffusion_gradient.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 5, 1)),), {"spacing": 0.5})
    yield Sample((rng.standard_normal((2, 3, 4, 2)),), {"spacing": (1.0, 2.0)})
    yield Sample((rng.standard_normal((1, 3, 1, 4, 3)),), {"spacing": 1.0})
