"""Sums over a window about each pixel."""

from __future__ import annotations

import operator

from warpkit._core import Array, Sample, namespace, op, wrong_type, wrong_value


@op(linear=("image",), batch=("image",))
def window_sum(image: Array, *, radius: int) -> Array:
    r"""Sum over the pixels of a cubic window about each pixel; beyond the edges there is nothing.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes, floating.
    radius : int
        The window has ``2 * radius + 1`` pixels along each spatial axis.

    Returns
    -------
    array, shape (n, c, *spatial)
        In the dtype of the image.

    Raises
    ------
    ValueError
        If the image has other axes, or `radius` is negative.

    Notes
    -----
    :math:`y_p = \sum_{|q - p|_\infty \le r} x_q`, which is its own adjoint: :math:`\bar x_q =
    \sum_{|p - q|_\infty \le r} \bar y_p`. The sum of :math:`2 r + 1` neighbours is one of a few sums of 1, 2,
    4, 8, ... neighbours, each made of two of the one before. So nothing is subtracted again, and rounding
    stays that of a few additions, which running sums along the axis have not to offer.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import window_sum
    >>> window_sum(np.array([[[1.0, 2.0, 3.0, 4.0]]]), radius=1)
    array([[[3., 6., 9., 7.]]])
    """
    for axis in range(2, image.ndim):
        image = sum_along(image, axis, min(radius, image.shape[axis]))
    return image


def sum_along(x: Array, axis: int, radius: int) -> Array:
    """Sums of the window along one axis, beyond which there are zeros."""
    shape = list(x.shape)
    shape[axis] += 2 * radius
    padded = namespace(x).zeros(shape, x.dtype)
    padded[_part(axis, radius, x.shape[axis])] = x
    return sum_neighbours(padded, axis, 2 * radius + 1)


def sum_neighbours(x: Array, axis: int, window: int) -> Array:
    """Sums of so many neighbours along an axis, as often as there are so many."""
    length = x.shape[axis] - window + 1
    sums, total, first, size = x, None, 0, 1  # sums of `size` neighbours, from the first of them
    while True:
        if window & size:
            part = sums[_part(axis, first, length)]
            total = part.copy() if total is None else namespace(x).add(total, part, out=total)
            first += size
        if 2 * size > window:
            return total
        left = sums.shape[axis] - size
        sums = sums[_part(axis, 0, left)] + sums[_part(axis, size, left)]
        size *= 2


def _part(axis: int, start: int, length: int) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, start + length))


@window_sum.spec
def _spec(image, *, radius):
    if image.ndim not in (3, 4, 5):
        raise wrong_value(
            "image", "shape (n, c, *spatial) with 1, 2 or 3 spatial axes", f"shape {image.shape}"
        )
    if not image.differentiable:
        raise TypeError(f"image: expected a floating dtype, given {image.dtype}")
    check_radius(radius)
    return image


def check_radius(radius: int) -> None:
    """Raise an error unless it is an integer of at least 0."""
    try:
        operator.index(radius)
    except TypeError:
        raise wrong_type("radius", "an integer", radius) from None
    if radius < 0:
        raise wrong_value("radius", "an integer of at least 0", radius)


@window_sum.vjp.rule
def _vjp(ct_out, image, *, needs, radius):
    del image, needs
    return (window_sum(ct_out, radius=radius),)


@window_sum.jvp.rule
def _jvp(tangents, image, *, radius):
    del image
    return window_sum(tangents[0], radius=radius)


@window_sum.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 2, 6)),), {"radius": 2})
    yield Sample((rng.standard_normal((2, 1, 5, 7)),), {"radius": 1})
    yield Sample((rng.standard_normal((1, 2, 3, 4, 9)),), {"radius": 4})
