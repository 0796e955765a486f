r"""Convolution over 1, 2 or 3 spatial axes, and its two adjoints.

All three are one trilinear form of an image :math:`x`, a weight :math:`w` and values :math:`y`,

.. math:: T(x, w, y) = \sum_{n, o, p} y_{nop} \sum_{c, k} w_{ock}\, x_{nc,\, p t + k d - q},

with stride :math:`t`, dilation :math:`d`, padding :math:`q`, and zeros outside the image. Leaving out one
argument gives an op that is linear in the other two:

* :func:`convolution` is :math:`\partial T / \partial y`,
* :func:`convolution_to_image` is :math:`\partial T / \partial x`,
* :func:`convolution_to_weight` is :math:`\partial T / \partial w`.

The derivative of each is made of the other two, so the family is closed to every order.

The work is one matrix product per row of windows, with the columns
:math:`X_{kc, pn} = x_{nc,\, pt + kd - q}`: what each element of the weight meets.
"""

from __future__ import annotations

import math

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, check_shape, namespace, op, wrong_value

from ._columns import Geometry, add_columns, batch_first, columns_of, met_in_row, pad, rows_first
from ._windows import PerAxis, check_image, per_axis


def _as(x: Array, like: Array) -> Array:
    """A cotangent has the dtype of what it belongs to."""
    return x if x.dtype == like.dtype else x.astype(like.dtype)


@op(linear=("image", "weight"), batch=("image",))
def convolution(
    image: Array, weight: Array, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1
) -> Array:
    r"""Convolution as networks mean it: the weight slides over the image without being turned.

    Parameters
    ----------
    image : array (n, c, *spatial)
        1, 2 or 3 spatial axes, floating.
    weight : array (o, c, *kernel)
        As many spatial axes as `image`.
    stride, padding, dilation : int or tuple of int
        Step from window to window, zeros added at both ends, and distance between the elements that the
        weight meets: for all spatial axes, or one for each, in their order in the array.

    Returns
    -------
    array (n, o, *out)
        With :math:`\lfloor (s + 2q - d(k-1) - 1)/t \rfloor + 1` elements along each axis.

    Raises
    ------
    ValueError
        If shapes do not match, or not even one window fits.

    Notes
    -----
    :math:`y_{nop} = \sum_{c,k} w_{ock}\, x_{nc,\, pt + kd - q}`. It is linear in each argument:
    :math:`\bar x` is :func:`convolution_to_image` of :math:`\bar y` and the weight, :math:`\bar w` is
    :func:`convolution_to_weight` of the image and :math:`\bar y`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.ops import convolution
    >>> convolution(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2.]]])
    """
    xp = namespace(image, weight)
    geometry = Geometry.of(image.shape[2:], weight.shape[2:], stride, padding, dilation)
    dtype = xp.result_type(image, weight)
    batch, channels = image.shape[:2]
    padded = pad(image, geometry, dtype)
    matrix = xp.moveaxis(weight, 2, 1).reshape(len(weight), -1).astype(dtype, copy=False)
    first, *others = geometry.out
    out = xp.empty((first, len(weight), math.prod(others) * batch), dtype)
    for rows, seen in geometry.blocks(channels, batch):
        columns = columns_of(padded[seen], geometry)
        for i, row in enumerate(rows):
            xp.matmul(matrix, met_in_row(columns, i, geometry), out=out[row])
    return batch_first(out.reshape(first, len(weight), *others, batch))


@convolution.spec
def _convolution_spec(image, weight, stride, padding, dilation):
    check_image(image)
    _check_weight(weight, image.ndim)
    if image.shape[1] != weight.shape[1]:
        raise wrong_value(
            "image", f"{weight.shape[1]} channels, as weight {weight.shape}", f"shape {image.shape}"
        )
    geometry = Geometry.of(image.shape[2:], weight.shape[2:], stride, padding, dilation)
    dtype = np.result_type(image.dtype, weight.dtype)
    return ArraySpec((image.shape[0], weight.shape[0], *geometry.out), dtype)


def _check_weight(weight, ndim):
    if weight.ndim != ndim or 0 in weight.shape:
        raise wrong_value("weight", f"shape (o, c, *kernel), {ndim} axes, none 0", f"shape {weight.shape}")
    if not weight.differentiable:
        raise TypeError(f"weight: expected a floating dtype, given {weight.dtype}")


def _check_values(values, expected):
    if values.shape[2:] != expected:
        raise wrong_value("values", f"spatial shape {expected}, one per window", f"shape {values.shape}")


@convolution.vjp.rule
def _convolution_vjp(ct_out, image, weight, *, needs, **how):
    return (
        _as(convolution_to_image(ct_out, weight, tuple(image.shape[2:]), **how), image) if needs[0] else None,
        _as(convolution_to_weight(image, ct_out, tuple(weight.shape[2:]), **how), weight)
        if needs[1]
        else None,
    )


@op(linear=("values", "weight"), batch=("values",))
def convolution_to_image(
    values: Array,
    weight: Array,
    shape: tuple[int, ...],
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> Array:
    r"""Adjoint of :func:`convolution` in its image, known as transposed convolution.

    Parameters
    ----------
    values : array (n, o, *out)
        What :func:`convolution` of an image of `shape` returns.
    weight : array (o, c, *kernel)
    shape : tuple of int
        Spatial shape of the image; a stride leaves it undetermined.
    stride, padding, dilation : int or tuple of int
        Those of the convolution.

    Returns
    -------
    array (n, c, *shape)
        :math:`x_{nc, pt + kd - q}` summed over all :math:`p, k` that meet there, of :math:`w_{ock} y_{nop}`.

    Notes
    -----
    :math:`\bar y` is :func:`convolution` of :math:`\bar x` and the weight, :math:`\bar w` is
    :func:`convolution_to_weight` of :math:`\bar x` and the values.
    """
    xp = namespace(values, weight)
    geometry = Geometry.of(shape, weight.shape[2:], stride, padding, dilation)
    dtype = xp.result_type(values, weight)
    batch, (outputs, channels) = values.shape[0], weight.shape[:2]
    y = rows_first(values, dtype).reshape(geometry.out[0], outputs, math.prod(geometry.out[1:]) * batch)
    matrix = xp.moveaxis(weight, (2, 0), (-2, -1)).reshape(-1, geometry.kernel[0], outputs)
    turned = xp.ascontiguousarray(matrix[:, ::-1], dtype)
    first, *others = geometry.padded
    padded = xp.zeros((first, channels, *others, batch), dtype)
    for row in range(first):
        windows, taps = geometry.meeting(row)
        matrix = turned[:, taps].reshape(len(turned), -1)
        columns = matrix @ y[windows].reshape(matrix.shape[1], y.shape[2])
        add_columns(columns, geometry, padded[row])
    return batch_first(padded[geometry.inside])


@convolution_to_image.spec
def _convolution_to_image_spec(values, weight, shape, stride, padding, dilation):
    ndim = check_image(values, "values")
    _check_weight(weight, values.ndim)
    if values.shape[1] != weight.shape[0]:
        raise wrong_value(
            "values", f"{weight.shape[0]} channels, as weight {weight.shape}", f"shape {values.shape}"
        )
    geometry = Geometry.of(check_shape(shape, ndim=ndim), weight.shape[2:], stride, padding, dilation)
    _check_values(values, geometry.out)
    return ArraySpec((values.shape[0], weight.shape[1], *shape), np.result_type(values.dtype, weight.dtype))


@convolution_to_image.vjp.rule
def _convolution_to_image_vjp(ct_out, values, weight, *, needs, shape, **how):
    del shape
    return (
        _as(convolution(ct_out, weight, **how), values) if needs[0] else None,
        _as(convolution_to_weight(ct_out, values, tuple(weight.shape[2:]), **how), weight)
        if needs[1]
        else None,
    )


@op(linear=("image", "values"))
def convolution_to_weight(
    image: Array,
    values: Array,
    kernel: tuple[int, ...],
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
) -> Array:
    r"""Adjoint of :func:`convolution` in its weight.

    Parameters
    ----------
    image : array (n, c, *spatial)
    values : array (n, o, *out)
        What :func:`convolution` of such an image returns.
    kernel : tuple of int
        Spatial shape of the weight.
    stride, padding, dilation : int or tuple of int
        Those of the convolution.

    Returns
    -------
    array (o, c, *kernel)
        :math:`w_{ock} = \sum_{n,p} y_{nop}\, x_{nc,\, pt + kd - q}`.

    Notes
    -----
    :math:`\bar x` is :func:`convolution_to_image` of the values with :math:`\bar w` as weight,
    :math:`\bar y` is :func:`convolution` of the image with :math:`\bar w`.
    """
    xp = namespace(image, values)
    geometry = Geometry.of(image.shape[2:], kernel, stride, padding, dilation)
    dtype = xp.result_type(image, values)
    batch, channels = image.shape[:2]
    padded, y = pad(image, geometry, dtype), rows_first(values, dtype)
    y = y.reshape(y.shape[0], y.shape[1], math.prod(y.shape[2:]))
    matrix = xp.zeros((y.shape[1], math.prod(kernel) * channels), dtype)
    for rows, seen in geometry.blocks(channels, batch):
        columns = columns_of(padded[seen], geometry)
        for i, row in enumerate(rows):
            matrix += y[row] @ met_in_row(columns, i, geometry).T
    weight = matrix.reshape(y.shape[1], kernel[0], channels, *kernel[1:])
    return xp.ascontiguousarray(xp.moveaxis(weight, 1, 2))


@convolution_to_weight.spec
def _convolution_to_weight_spec(image, values, kernel, stride, padding, dilation):
    ndim = check_image(image)
    check_image(values, "values")
    if values.ndim != image.ndim or values.shape[0] != image.shape[0]:
        raise wrong_value(
            "values", f"a batch and spatial axes as image {image.shape}", f"shape {values.shape}"
        )
    geometry = Geometry.of(image.shape[2:], per_axis(kernel, ndim, "kernel"), stride, padding, dilation)
    _check_values(values, geometry.out)
    return ArraySpec((values.shape[1], image.shape[1], *kernel), np.result_type(image.dtype, values.dtype))


@convolution_to_weight.vjp.rule
def _convolution_to_weight_vjp(ct_out, image, values, *, needs, kernel, **how):
    del kernel
    return (
        _as(convolution_to_image(values, ct_out, tuple(image.shape[2:]), **how), image) if needs[0] else None,
        _as(convolution(image, ct_out, **how), values) if needs[1] else None,
    )


def _bilinear_jvp(new):
    r"""The product rule, :math:`\dot y = f(\dot a, b) + f(a, \dot b)`."""

    @new.jvp.rule
    def jvp(tangents, a, b, **how):
        terms = [new(t, b, **how) for t in tangents[:1] if t is not None]
        terms += [new(a, t, **how) for t in tangents[1:] if t is not None]
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]


for _op in (convolution, convolution_to_image, convolution_to_weight):
    _bilinear_jvp(_op)


def _cases(rng):
    """Image, weight, values and how, in 1, 2 and 3 dimensions."""
    for shape, kernel, *numbers in [
        ((7,), (3,), 2, 1, 2),
        ((5, 6), (3, 2), 1, 0, 1),
        ((6, 5), (2, 3), (2, 1), (0, 2), (1, 2)),
        ((3, 4, 3), (2, 2, 1), 1, 0, 1),
    ]:
        how = dict(zip(("stride", "padding", "dilation"), numbers, strict=True))
        out = Geometry.of(shape, kernel, **how).out
        sizes = ((2, 2, *shape), (3, 2, *kernel), (2, 3, *out))
        yield *(rng.standard_normal(size) for size in sizes), how


@convolution.samples
def _convolution_samples(rng):
    for image, weight, _, how in _cases(rng):
        yield Sample((image, weight), how)


@convolution_to_image.samples
def _convolution_to_image_samples(rng):
    for image, weight, values, how in _cases(rng):
        yield Sample((values, weight), {"shape": image.shape[2:], **how})


@convolution_to_weight.samples
def _convolution_to_weight_samples(rng):
    for image, weight, values, how in _cases(rng):
        yield Sample((image, values), {"kernel": weight.shape[2:], **how})
