"""The largest value of each window, and the two linear ops that its derivatives are made of."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, Sample, namespace, op, plain, wrong_value

from ._windows import PerAxis, pool_samples, pool_windows, pooled_spec, unpooled_spec, unpooled_zeros


@op(batch=("image",))
def max_pool(image: Array, window: PerAxis, stride: PerAxis | None = None) -> Array:
    r"""Largest value of each window.

    Parameters
    ----------
    image : array (n, c, *spatial)
        1, 2 or 3 spatial axes, floating.
    window : int or tuple of int
        Lengths of the window: for all spatial axes, or one for each.
    stride : int or tuple of int, optional
        Step from window to window; `window` by default. Elements after the last whole window are ignored.

    Returns
    -------
    array (n, c, *out)
        With :math:`\lfloor (s - w) / t \rfloor + 1` elements along each axis. A NaN in a window wins.

    Notes
    -----
    :math:`y_p = x_{j(p)}` with :math:`j(p) = \arg\max_j x_j` over the window, so
    :math:`\bar x_j = \sum_{p : j(p) = j} \bar y_p` and :math:`\dot y_p = \dot x_{j(p)}`; the second
    derivative is 0. Of equal values the first in row-major order of the window is taken.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.ops import max_pool
    >>> max_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[3., 2.]]])
    """
    first, *others = pool_windows(image.shape[2:], window, stride)[1]
    xp = namespace(image)
    out = image[first].copy(order="K")
    for where in others:
        xp.maximum(out, image[where], out=out)
    return out


max_pool.spec(pooled_spec)


def _winners(image, window, stride, out=None):
    """Which element of each window is its largest, counted in row-major order; it has no derivative."""
    image, out = plain(image), max_pool(plain(image), window, stride) if out is None else plain(out)
    places = pool_windows(image.shape[2:], window, stride)[1]
    xp = namespace(image)
    # As small as can be, because time goes with the bytes.
    index = xp.zeros_like(out, dtype=np.uint8 if len(places) <= 256 else np.int32)
    before = xp.ones_like(out, dtype=bool)  # the winner: an element that equals the largest, or the first NaN
    for where in places[:-1]:
        before &= (image[where] != out) & (image[where] == image[where])
        index += before
    return index


def _keep(values, mask):
    """Values where `mask` holds, 0 elsewhere, as ``where(mask, values, 0)``.

    By the bits, because NumPy's `where` branches at each element: on random masks it takes 10 times as long.
    A product with the mask would make NaN of an infinity.
    """
    bits = values.view(f"i{values.dtype.itemsize}")
    return (bits & -mask.astype(bits.dtype)).view(values.dtype)


@max_pool.vjp.rule
def _max_pool_vjp(ct_out, image, *, needs, window, stride, out=None):
    del needs
    index = _winners(image, window, stride, out)
    return (place_in_windows(ct_out, index, tuple(image.shape[2:]), window, stride),)


@max_pool.jvp.rule
def _max_pool_jvp(tangents, image, *, window, stride):
    return take_from_windows(tangents[0], _winners(image, window, stride), window, stride)


@op(linear=("image",), batch=("image", "index"))
def take_from_windows(image: Array, index: Array, window: PerAxis, stride: PerAxis | None = None) -> Array:
    r"""One element of each window: the one that `index` says.

    Parameters
    ----------
    image : array (n, c, *spatial)
        1, 2 or 3 spatial axes, floating.
    index : array of integers (n, c, *out)
        Position in the window, counted in row-major order; what lies outside the window takes nothing.
    window, stride : int or tuple of int
        As in :func:`max_pool`.

    Returns
    -------
    array (n, c, *out)
        :math:`y_p = x_{j(p)}`; the adjoint is :func:`place_in_windows`.
    """
    xp = namespace(image, index)
    out = xp.zeros_like(index, dtype=image.dtype)
    for k, where in enumerate(pool_windows(image.shape[2:], window, stride)[1]):
        out += _keep(image[where], index == k)
    return out


@take_from_windows.spec
def _take_from_windows_spec(image, index, window, stride):
    out = pooled_spec(image, window, stride)
    _check_index(index, out.shape)
    return out


def _check_index(index, shape):
    if index.shape != shape or index.dtype.kind not in "iu":
        raise wrong_value("index", f"integers of shape {shape}", f"{index.dtype} of shape {index.shape}")


@take_from_windows.vjp.rule
def _take_from_windows_vjp(ct_out, image, index, *, needs, window, stride):
    del needs
    return place_in_windows(ct_out, index, tuple(image.shape[2:]), window, stride), None


@take_from_windows.jvp.rule
def _take_from_windows_jvp(tangents, image, index, *, window, stride):
    del image
    return take_from_windows(tangents[0], index, window, stride)


@op(linear=("values",), batch=("values", "index"))
def place_in_windows(
    values: Array, index: Array, shape: tuple[int, ...], window: PerAxis, stride: PerAxis | None = None
) -> Array:
    r"""Zeros to which each value is added at one place of its window: where `index` says.

    Parameters
    ----------
    values : array (n, c, *out)
        One value per window.
    index : array of integers (n, c, *out)
        Position in the window, counted in row-major order.
    shape : tuple of int
        Spatial shape of the result.
    window, stride : int or tuple of int
        As in :func:`max_pool`.

    Returns
    -------
    array (n, c, *shape)
        :math:`x_j = \sum_{p : j(p) = j} y_p`; the adjoint is :func:`take_from_windows`.
    """
    out = unpooled_zeros(values, shape)
    for k, where in enumerate(pool_windows(shape, window, stride)[1]):
        out[where] += _keep(values, index == k)
    return out


@place_in_windows.spec
def _place_in_windows_spec(values, index, shape, window, stride):
    _check_index(index, values.shape)
    return unpooled_spec(values, shape, window, stride)


@place_in_windows.vjp.rule
def _place_in_windows_vjp(ct_out, values, index, *, needs, shape, window, stride):
    del values, needs, shape
    return take_from_windows(ct_out, index, window, stride), None


@place_in_windows.jvp.rule
def _place_in_windows_jvp(tangents, values, index, *, shape, window, stride):
    del values
    return place_in_windows(tangents[0], index, shape, window, stride)


max_pool.samples(pool_samples)


@take_from_windows.samples
def _take_from_windows_samples(rng):
    for (image,), how in ((sample.arrays, sample.static) for sample in pool_samples(rng)):
        yield Sample((image, _winners(image, **how)), how)


@place_in_windows.samples
def _place_in_windows_samples(rng):
    for (image,), how in ((sample.arrays, sample.static) for sample in pool_samples(rng)):
        index = _winners(image, **how)
        yield Sample((rng.standard_normal(index.shape), index), {"shape": image.shape[2:], **how})
