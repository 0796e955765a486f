"""The derivatives of a field's components along the axes, and the adjoint of taking them."""

from __future__ import annotations

from typing import Any

from warpkit._core import Array, ArraySpec, Sample, namespace, op, wrong_value

from ._fields import Spacing, check_field, spacing_of_axes


@op(linear=("field",), batch=("field",))
def field_gradient(field: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""Derivatives of all components of a field along all axes.

    **Convention.** Vectors, `spacing` and both axes of the matrices are ordered (x, y[, z]), x along the last
    spatial axis.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        Vectors in 1D, 2D or 3D.
    spacing : float or tuple of float
        Distance of neighbouring pixels along x, y[, z], in the units of the vectors.

    Returns
    -------
    array, shape (n, ndim, ndim, *shape)
        Row i, column j has :math:`\partial u_i / \partial x_j`: central differences, and those of neighbours
        at the two ends of an axis; 0 along an axis of one pixel. The adjoint is :func:`field_divergence`.

    Raises
    ------
    ValueError
        If the axes do not fit together, or a distance is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import field_gradient
    >>> field_gradient(np.array([[[0.0], [1.0], [4.0], [9.0]]]))
    array([[[[1., 2., 4., 5.]]]])
    """
    xp, ndim = namespace(field), field.shape[-1]
    out = xp.zeros((field.shape[0], ndim, ndim, *field.shape[1:-1]), field.dtype)
    for axis, step in enumerate(spacing_of_axes(spacing, ndim)):
        if field.shape[1 + axis] > 1 and field.size > 0:
            slopes = xp.gradient(field, step, axis=1 + axis)
            out[:, :, ndim - 1 - axis] = xp.moveaxis(slopes, -1, 1)
    return out


@field_gradient.spec
def _spec(field, *, spacing):
    ndim = check_field(field, spacing)
    return ArraySpec((field.shape[0], ndim, ndim, *field.shape[1:-1]), field.dtype)


@field_gradient.vjp.rule
def _vjp(ct_out, field, *, needs, spacing):
    del field, needs
    return (field_divergence(ct_out, spacing=spacing),)


@field_gradient.jvp.rule
def _jvp(tangents, field, *, spacing):
    del field
    return field_gradient(tangents[0], spacing=spacing)


@op(linear=("matrices",), batch=("matrices",))
def field_divergence(matrices: Array, *, spacing: Spacing = 1.0) -> Array:
    r"""The adjoint of :func:`field_gradient`: inside, minus the divergence of each row.

    Parameters
    ----------
    matrices : array, shape (n, ndim, ndim, *shape)
        In 1D, 2D or 3D.
    spacing : float or tuple of float
        As of :func:`field_gradient`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        :math:`u_i = \sum_j D_j^T m_{ij}`, with the differences :math:`D_j` along the axis j.
    """
    xp, ndim = namespace(matrices), matrices.shape[1]
    out = xp.zeros((*matrices.shape[:2], *matrices.shape[3:]), matrices.dtype)
    for axis, step in enumerate(spacing_of_axes(spacing, ndim)):
        length = matrices.shape[3 + axis]
        if length > 1:
            _add_adjoint(out, matrices[:, :, ndim - 1 - axis], 2 + axis, length, step)
    return xp.ascontiguousarray(xp.moveaxis(out, 1, -1))


def _add_adjoint(out: Array, slopes: Array, axis: int, length: int, step: float) -> None:
    """Add to both pixels of each difference what it owes to them."""

    def at(start: int, stop: int) -> Any:
        return (*(slice(None),) * axis, slice(start, stop))

    inside, first, last = at(1, length - 1), at(0, 1), at(length - 1, length)
    central = slopes[inside] * (0.5 / step)
    out[at(2, length)] += central
    out[at(0, length - 2)] -= central
    for end, lower, upper in ((first, first, at(1, 2)), (last, at(length - 2, length - 1), last)):
        side = slopes[end] * (1 / step)
        out[upper] += side
        out[lower] -= side


@field_divergence.spec
def _divergence_spec(matrices, *, spacing):
    ndim = matrices.ndim - 3
    if not 1 <= ndim <= 3 or matrices.shape[1:3] != (ndim, ndim):
        expected = "shape (n, ndim, ndim, *shape) with ndim lengths in shape"
        raise wrong_value("matrices", expected, f"shape {matrices.shape}")
    field = ArraySpec((matrices.shape[0], *matrices.shape[3:], ndim), matrices.dtype)
    check_field(field, spacing)
    return field


@field_divergence.vjp.rule
def _divergence_vjp(ct_out, matrices, *, needs, spacing):
    del matrices, needs
    return (field_gradient(ct_out, spacing=spacing),)


@field_divergence.jvp.rule
def _divergence_jvp(tangents, matrices, *, spacing):
    del matrices
    return field_divergence(tangents[0], spacing=spacing)


@field_gradient.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 5, 1)),), {"spacing": 0.5})
    yield Sample((rng.standard_normal((2, 2, 4, 2)),), {"spacing": (1.0, 2.0)})
    yield Sample((rng.standard_normal((1, 3, 1, 4, 3)),), {"spacing": 1.0})


@field_divergence.samples
def _divergence_samples(rng):
    for sample in _samples(rng):
        (field,) = sample.arrays
        ndim = field.shape[-1]
        matrices = rng.standard_normal((field.shape[0], ndim, ndim, *field.shape[1:-1]))
        yield Sample((matrices,), sample.static)
