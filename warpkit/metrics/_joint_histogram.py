"""The joint histogram of two images, smooth in the values of both, and its adjoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, wrong_value
from warpkit.ops import sum as sum_of

from ._histogram_axis import (
    RANGES,
    Range,
    check_bins,
    check_derivative,
    draw_histogram_images,
    histogram_axes,
    histogram_terms,
)
from ._images import as_dtype, check_images, total_of

POINTS = 2**15
"""How many pixels are in work at once: few enough for the cache."""


@op(linear=("weights",), batch=("fixed", "moving", "weights"))
def joint_histogram(
    fixed: Array,
    moving: Array,
    weights: Array,
    *,
    bins: int,
    fixed_range: Range,
    moving_range: Range,
    derivative: tuple[int, int] = (0, 0),
) -> Array:
    r"""How often a value of one image meets a value of the other: a Parzen estimate with B-splines.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes.
    weights : array, shape (n or 1, c or 1, *spatial)
        Of the pixels.
    bins : int
        Bins for each image, at least 5.
    fixed_range, moving_range : (float, float)
        Least and largest value. What lies beyond counts as the nearer of the two, without derivative.
    derivative : (int, int)
        Order of the derivative by the value of the fixed and by that of the moving image.

    Returns
    -------
    array of float64, shape (n, c, bins, bins)
        The fixed image's bins come first. The sum of all is that of the weights.

    Raises
    ------
    ValueError
        If shapes do not fit together, there are too few bins, or a range is empty.

    Notes
    -----
    .. math:: h_{ab} = \sum_p w_p\, \beta^1(u(F_p) - a)\, \beta^3(v(M_p) - b)

    with B-splines of first and third order. u maps the range of F to 0 ... bins - 1, v that of M to 1 ...
    bins - 2, so that the wider window is inside, too. The vjp is a lookup: with :func:`histogram_lookup`'s
    derivative of order (0, 1), :math:`\bar M_p = w_p \sum_{ab} \bar h_{ab}\, \beta^1(u - a)\, \partial_M
    \beta^3(v - b)`. At kinks it is the right derivative.

    Between two bins B-splines are polynomials. So what is summed up, by :func:`numpy.bincount`, are the 8
    products of powers for each pair of cells, in float64, block by block; nothing depends on threads.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import joint_histogram
    >>> image = np.array([[[0.0, 1.0, 0.25]]])
    >>> weights = np.ones((1, 1, 3))
    >>> h = joint_histogram(image, image, weights, bins=5, fixed_range=(0, 1), moving_range=(0, 1))
    >>> abs(h[0, 0].sum(axis=1)).round(12)  # 0.25 is the second of five values
    array([1., 1., 0., 0., 1.])
    """
    xp = namespace(fixed, moving, weights)
    first, second = histogram_axes(bins, fixed_range, moving_range, derivative)
    out = xp.zeros((*fixed.shape[:2], bins, bins))
    for item in np.ndindex(*fixed.shape[:2]):
        weight = weights[
            tuple(i if length > 1 else 0 for i, length in zip(item, weights.shape, strict=False))
        ]
        sums = xp.zeros((first.powers, second.powers, first.cells * second.cells))
        for f, m, w in _blocks(fixed[item], moving[item], weight):
            (cell_f, place_f), (cell_m, place_m) = first.locate(xp, f), second.locate(xp, m)
            w = second.keep_inside(xp, first.keep_inside(xp, w.astype("float64"), f), m)
            _add_powers(xp, sums, cell_f * second.cells + cell_m, place_f, place_m, w)
        sums = sums.reshape((first.powers, second.powers, first.cells, second.cells))
        for i, j, bins_of_taps, factor in histogram_terms(first, second):
            out[item][bins_of_taps] += factor * sums[i, j]
    return out


def _blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Parts of the arrays, which have one shape, in the order of their elements."""
    rows = [x.reshape(-1) for x in arrays]
    for start in range(0, rows[0].size, POINTS):
        yield tuple(row[start : start + POINTS] for row in rows)


def _add_powers(xp: Any, sums: Array, cells: Array, first: Array, second: Array, weights: Array) -> None:
    """Add the weighted powers of both places to the sums (powers, powers, cells)."""
    for row in sums:
        powers = weights
        for total in row:
            total += xp.bincount(cells, weights=powers, minlength=len(total))
            powers = powers * second
        weights = weights * first


@joint_histogram.spec
def _spec(fixed, moving, weights, *, bins, fixed_range, moving_range, derivative):
    check_images(fixed, moving)
    n, c, *spatial = fixed.shape
    if (
        weights.ndim != fixed.ndim
        or [*weights.shape[2:]] != spatial
        or not (weights.shape[0] in (1, n) and weights.shape[1] in (1, c))
    ):
        expected = f"shape ({n} or 1, {c} or 1, {', '.join(map(str, spatial))})"
        raise wrong_value("weights", expected, f"shape {weights.shape}")
    check_bins(bins, fixed_range, moving_range)
    check_derivative(derivative)
    return ArraySpec((n, c, bins, bins), np.dtype(np.float64))


def _raised(derivative: tuple[int, int], axis: int) -> tuple[int, int]:
    """One order more by the value of one image."""
    return (derivative[0] + 1, derivative[1]) if axis == 0 else (derivative[0], derivative[1] + 1)


def _summed_like(x: Array, like: Array) -> Array:
    """Summed over the batch and the channels where `like` has but one for all."""
    for axis in (0, 1):
        if x.shape[axis] != like.shape[axis]:
            x = sum_of(x, axis, True)
    return as_dtype(x, like.dtype)


@joint_histogram.vjp.rule
def _vjp(ct_out, fixed, moving, weights, *, needs, bins, derivative, **ranges):
    del bins

    def by_image(axis, image):
        slope = histogram_lookup(ct_out, fixed, moving, derivative=_raised(derivative, axis), **ranges)
        return as_dtype(slope * weights, image.dtype)

    ct_weights = None
    if needs[2]:
        lookup = histogram_lookup(ct_out, fixed, moving, derivative=derivative, **ranges)
        ct_weights = _summed_like(lookup, weights)
    return by_image(0, fixed) if needs[0] else None, by_image(1, moving) if needs[1] else None, ct_weights


@joint_histogram.jvp.rule
def _jvp(tangents, fixed, moving, weights, *, derivative, **static):
    terms = [
        joint_histogram(fixed, moving, weights * tangent, derivative=_raised(derivative, axis), **static)
        for axis, tangent in enumerate(tangents[:2])
        if tangent is not None
    ]
    if tangents[2] is not None:
        terms.append(joint_histogram(fixed, moving, tangents[2], derivative=derivative, **static))
    return total_of(terms)


@op(linear=("table",), batch=("table", "fixed", "moving"))
def histogram_lookup(
    table: Array,
    fixed: Array,
    moving: Array,
    *,
    fixed_range: Range,
    moving_range: Range,
    derivative: tuple[int, int] = (0, 0),
) -> Array:
    r"""Look up for each pixel what a table of the bins says, between which it is a spline.

    Parameters
    ----------
    table : array, shape (n, c, bins, bins)
        Numbers for the bins of :func:`joint_histogram`.
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes.
    fixed_range, moving_range, derivative : optional
        As of :func:`joint_histogram`.

    Returns
    -------
    array of float64, shape (n, c, *spatial)
        :math:`y_p = \sum_{ab} t_{ab}\, \beta^1(u(F_p) - a)\, \beta^3(v(M_p) - b)`, the adjoint of
        :func:`joint_histogram`.

    Raises
    ------
    ValueError
        If shapes do not fit together, there are too few bins, or a range is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import histogram_lookup
    >>> table = np.arange(5.0)[:, None] * np.ones(5)  # the number of the fixed image's bin
    >>> image = np.array([[[0.0, 1.0, 0.3]]])
    >>> histogram_lookup(table[None, None], image, image, fixed_range=(0, 1), moving_range=(0, 1))
    array([[[0. , 4. , 1.2]]])
    """
    xp = namespace(table, fixed, moving)
    first, second = histogram_axes(table.shape[-1], fixed_range, moving_range, derivative)
    out = xp.empty(fixed.shape)
    for item in np.ndindex(*fixed.shape[:2]):
        powers = xp.zeros((first.powers, second.powers, first.cells, second.cells))
        for i, j, bins_of_taps, factor in histogram_terms(first, second):
            powers[i, j] += factor * table[item][bins_of_taps]
        powers = powers.reshape((first.powers, second.powers, first.cells * second.cells))
        for f, m, found in _blocks(fixed[item], moving[item], out[item]):
            (cell_f, place_f), (cell_m, place_m) = first.locate(xp, f), second.locate(xp, m)
            values = _polynomials(xp, powers, cell_f * second.cells + cell_m, place_f, place_m)
            found[...] = second.keep_inside(xp, first.keep_inside(xp, values, f), m)
    return out


def _polynomials(xp: Any, powers: Array, cells: Array, first: Array, second: Array) -> Array:
    """The polynomials of these cells at these places, by Horner's rule."""
    total = xp.zeros(cells.shape)
    for row in powers[::-1]:
        value = xp.zeros(cells.shape)
        for table in row[::-1]:
            value *= second
            value += table[cells]
        total *= first
        total += value
    return total


@histogram_lookup.spec
def _lookup_spec(table, fixed, moving, *, fixed_range, moving_range, derivative):
    check_images(fixed, moving)
    if table.ndim != 4 or table.shape[:2] != fixed.shape[:2] or table.shape[2] != table.shape[3]:
        n, c = fixed.shape[:2]
        raise wrong_value("table", f"shape ({n}, {c}, bins, bins)", f"shape {table.shape}")
    check_bins(table.shape[2], fixed_range, moving_range)
    check_derivative(derivative)
    return ArraySpec(fixed.shape, np.dtype(np.float64))


@histogram_lookup.vjp.rule
def _lookup_vjp(ct_out, table, fixed, moving, *, needs, derivative, **ranges):
    def by_image(axis, image):
        slope = histogram_lookup(table, fixed, moving, derivative=_raised(derivative, axis), **ranges)
        return as_dtype(slope * ct_out, image.dtype)

    ct_table = None
    if needs[0]:
        bins = table.shape[-1]
        histogram = joint_histogram(fixed, moving, ct_out, bins=bins, derivative=derivative, **ranges)
        ct_table = as_dtype(histogram, table.dtype)
    return ct_table, by_image(0, fixed) if needs[1] else None, by_image(1, moving) if needs[2] else None


@histogram_lookup.jvp.rule
def _lookup_jvp(tangents, table, fixed, moving, *, derivative, **ranges):
    terms = [
        histogram_lookup(table, fixed, moving, derivative=_raised(derivative, axis), **ranges) * tangent
        for axis, tangent in enumerate(tangents[1:])
        if tangent is not None
    ]
    if tangents[0] is not None:
        terms.append(histogram_lookup(tangents[0], fixed, moving, derivative=derivative, **ranges))
    return total_of(terms)


@joint_histogram.samples
def _samples(rng):
    static = {"bins": 6, **RANGES}
    for derivative, shape, weights in (
        ((0, 0), (2, 2, 9), (2, 1)),
        ((1, 0), (2, 1, 3, 4), (1, 1)),
        ((0, 1), (1, 2, 2, 3, 2), (1, 2)),
    ):
        images = draw_histogram_images(rng, shape, 6)
        arrays = (*images, rng.uniform(0.5, 1.5, (*weights, *shape[2:])))
        yield Sample(arrays, {**static, "derivative": derivative})


@histogram_lookup.samples
def _lookup_samples(rng):
    for derivative, shape in (((0, 0), (2, 2, 9)), ((1, 0), (2, 1, 3, 4)), ((0, 1), (1, 2, 2, 3, 2))):
        table = rng.standard_normal((*shape[:2], 6, 6))
        yield Sample((table, *draw_histogram_images(rng, shape, 6)), {**RANGES, "derivative": derivative})
