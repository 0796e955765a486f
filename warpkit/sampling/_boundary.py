r"""Boundary rules: which pixel a tap outside the image stands for.

A rule maps the *index* of a tap, never the coordinate: the fraction of a coordinate is not mirrored, so
that derivatives keep their direction. Indices are integer-valued float64; they are made integers only once
they are in range, so no coordinate is too large. On an axis `a b c d`::

    constant   f f f | a b c d | f f f      f = fill_value
    border     a a a | a b c d | d d d
    reflect    c b a | a b c d | d c b      about the outer edges
    mirror     d c b | a b c d | c b a      about the corner centres
    wrap       b c d | a b c d | a b c
"""

from __future__ import annotations

from warpkit._core import Array, check_choice, namespace

BOUNDARIES = ("constant", "border", "reflect", "mirror", "wrap")

LARGEST_INDEX = 2.0**53
"""Up to here float64 holds every integer. Further out a periodic rule has no answer."""


def resolve_index(index: Array, length: int, boundary: str) -> tuple[Array, Array | None, Array | None]:
    """Find the pixel that a tap reads.

    Parameters
    ----------
    index : array of float64
        Integer values, infinities, or NaN.
    length : int
        Number of pixels on the axis; at least 1.
    boundary : str
        One of :data:`BOUNDARIES`.

    Returns
    -------
    pixel : array of int64
        In ``[0, length)`` everywhere, 0 where there is no answer.
    inside : array of bool or None
        False where a tap takes the fill value; None if nowhere.
    answered : array of bool or None
        False where the rule has no answer: NaN, and infinitely far under a periodic rule; None if
        everywhere.
    """
    check_choice("boundary", boundary, BOUNDARIES)
    xp = namespace(index)
    if boundary == "constant":
        inside = (index >= 0) & (index < length)
        return xp.where(inside, index, 0).astype(xp.int64), inside, ~xp.isnan(index)
    if boundary == "border":
        clamped = xp.minimum(xp.maximum(index, 0), length - 1)  # infinities are clamped, NaN stays
        answered = ~xp.isnan(index)
        return xp.where(answered, clamped, 0).astype(xp.int64), None, answered
    answered = xp.abs(index) < LARGEST_INDEX  # False for NaN too
    index = xp.where(answered, index, 0)
    if boundary == "wrap":
        pixel = xp.mod(index, length)
    elif boundary == "reflect":
        phase = xp.mod(index, 2 * length)
        pixel = xp.where(phase < length, phase, 2 * length - 1 - phase)
    else:
        period = max(2 * (length - 1), 1)  # one pixel is its own mirror image
        phase = xp.mod(index, period)
        pixel = xp.where(phase < length, phase, period - phase)
    return pixel.astype(xp.int64), None, answered
