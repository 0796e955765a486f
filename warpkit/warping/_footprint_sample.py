"""The mean of an image over the footprint of each output pixel: sampling where a map shrinks."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain, wrong_value
from warpkit.autograd import jvp, vjp
from warpkit.ops import sqrt, where
from warpkit.ops import sum as sum_over
from warpkit.sampling import grid_sample
from warpkit.sampling._checks import WEIGHTED_DTYPES
from warpkit.sampling._gather import compute_dtype, to_image_dtype

from ._blocks import cotangents_in_blocks, in_blocks
from ._warp_affine import draw_away_from_kinks

MOST_SAMPLES = 64
"""Along one axis of a footprint. Where it is longer than so many pixels, its samples lie further apart."""

TOLERANCE = 1e-4
"""In pixels: by how much a footprint may be longer than a whole number of samples, for theta was rounded."""


@op(linear=("image",), batch=("image", "grid", "jacobian"))
def footprint_sample(
    image: Array,
    grid: Array,
    jacobian: Array,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
) -> Array:
    r"""Average an image over the footprints of output pixels: :func:`grid_sample` without aliasing.

    **Convention.** Everything is in pixels, ordered (x, y[, z]), the last image axis first. A grid point says
    where in the image the centre of an output pixel lies, and the columns of its Jacobian are the edges of
    the parallelogram that the output pixel covers there, its *footprint*.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        As of :func:`grid_sample`, of a dtype that can be averaged.
    grid : array, shape (n, *out_shape, ndim)
        Places :math:`T(p)` in the image. `n` may be 1 in each of the three arrays.
    jacobian : array, shape (n, *out_shape, ndim, ndim)
        :math:`J_{ij} = \partial T_i / \partial p_j`. In place of `out_shape` all lengths may be 1: the same
        for all points. A column that is not finite counts as zero.
    kernel, boundary, fill_value : optional
        As of :func:`grid_sample`.

    Returns
    -------
    array, shape (n, c, *out_shape)
        Of the image's dtype, summed in float64. Where no column of J is longer than 1, the values of
        :func:`grid_sample`.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If the image's dtype cannot be averaged.

    Notes
    -----
    Along column :math:`J_j`, :math:`s_j` pixels long, there are :math:`n_j = \lceil s_j - 10^{-4} \rceil`
    samples, at least one and at most 64, evenly spaced about the grid point; the value is the mean over the
    lattice of all of them,

    .. math:: V = \frac{1}{\prod_j n_j} \sum_i U\Bigl(g + \sum_j \bigl(i_j - \tfrac{n_j - 1}{2}\bigr) a_j
       \Bigr), \qquad a_j = J_j \sqrt{\frac{1 - 1 / s_j^2}{n_j^2 - 1}},

    with :math:`i_j = 0, \dots, n_j - 1`, and :math:`a_j = 0` where :math:`n_j = 1`. So spread, the samples
    have the variance of the footprint less that of a pixel, :math:`(s_j^2 - 1) / 12`: the samples of a
    footprint of whole pixels are these pixels, and they draw together as the map stops shrinking.

    VJP and JVP are the exact ones of this formula for image, grid and Jacobian, :math:`n_j` held constant: it
    is piecewise constant, and V jumps a little where it changes.

    References
    ----------
    P. S. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.warping import footprint_sample
    >>> image = np.array([[[[0.0, 8.0, 2.0, 6.0]]]])
    >>> grid = np.array([[[[0.5, 0.0], [2.5, 0.0]]]])
    >>> twice_smaller = np.broadcast_to([[2.0, 0.0], [0.0, 1.0]], (1, 1, 2, 2, 2))
    >>> footprint_sample(image, grid, twice_smaller)
    array([[[[4., 4.]]]])
    """
    options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value}
    arrays = image.astype(compute_dtype(image.dtype), copy=False), *_in_rows(grid, jacobian)
    out = in_blocks(lambda block: _mean(*block.cut(arrays), **options), _counts(*arrays))
    return to_image_dtype(out, image.dtype).reshape(*out.shape[:2], *grid.shape[1:-1])


def check_averageable(image: ArraySpec) -> None:
    """Labels can be copied, and not averaged."""
    if image.dtype.name not in WEIGHTED_DTYPES:
        raise TypeError(
            f"image: expected one of {', '.join(WEIGHTED_DTYPES)} to be averaged, given {image.dtype}"
        )


@footprint_sample.spec
def _spec(image, grid, jacobian, **options):
    check_averageable(image)
    out = grid_sample.output_specs((image, grid), {**options, "frame": "pixel", "derivative": None})[0]
    ndim, shape = grid.shape[-1], grid.shape[1:-1]
    if jacobian.shape[1:] not in ((*shape, ndim, ndim), (*(1,) * len(shape), ndim, ndim)):
        expected = ", ".join(map(str, (*shape, ndim, ndim)))
        raise wrong_value("jacobian", f"shape (n, {expected}), for that grid", f"shape {jacobian.shape}")
    n, m = out.shape[0], jacobian.shape[0]
    if n != m and 1 not in (n, m):
        raise wrong_value("jacobian", f"a batch of {n}, or of 1", f"a batch of {m}")
    return ArraySpec((m if n == 1 else n, *out.shape[1:]), out.dtype)


def sample_counts(jacobian: Array) -> Array:
    """How many samples a plain Jacobian (..., ndim, ndim) needs along each column, (..., ndim)."""
    xp = namespace(jacobian)
    with np.errstate(over="ignore"):
        square = _square(jacobian.astype(xp.float64, copy=False))
    stretch = xp.sqrt(xp.where(xp.isfinite(square), square, 0))
    return xp.clip(xp.ceil(stretch - TOLERANCE), 1, MOST_SAMPLES).astype(xp.int64)


def _square(jacobian: Array) -> Array:
    """The squared lengths (..., ndim) of the columns."""
    return sum(jacobian[..., i, :] * jacobian[..., i, :] for i in range(jacobian.shape[-1]))


@footprint_sample.vjp.rule
def _vjp(ct_out, image, grid, jacobian, *, needs, **options):
    arrays = image, *_in_rows(grid, jacobian)
    ct_row = ct_out.reshape(*ct_out.shape[:2], arrays[1].shape[1])

    def pull_back(block):
        back = vjp(partial(_mean, **options), block.cut(arrays), needs)[1]
        return back(ct_row[block.items, :, block.points])

    ct_image, *cts = cotangents_in_blocks(pull_back, arrays, _counts(*arrays))
    shaped = [
        None if ct is None else ct.reshape(*x.shape) for ct, x in zip(cts, (grid, jacobian), strict=True)
    ]
    return ct_image, *shaped


@footprint_sample.jvp.rule
def _jvp(tangents, image, grid, jacobian, **options):
    tan_image, tan_grid, tan_jacobian = tangents
    arrays = image, *_in_rows(grid, jacobian)
    moved = tan_image, *_in_rows(tan_grid, tan_jacobian)

    def push_forward(block):
        return jvp(partial(_mean, **options), block.cut(arrays), block.cut(moved))[1]

    out = in_blocks(push_forward, _counts(*arrays))
    return out.reshape(*out.shape[:2], *grid.shape[1:-1])


def _in_rows(grid: Any, jacobian: Any) -> tuple[Any, Any]:
    """Grid and Jacobians, or tangents, points in a row: (n, m, ndim) and (n, m or 1, ndim, ndim)."""

    def in_row(x: Any, axes: int) -> Any:
        return None if x is None else x.reshape(x.shape[0], math.prod(x.shape[1:-axes]), *x.shape[-axes:])

    return in_row(grid, 1), in_row(jacobian, 2)


def _counts(image: Array, grid: Array, jacobian: Array) -> Array:
    """How many samples each point of each item takes along each axis: (n, m, ndim)."""
    counts = sample_counts(plain(jacobian))
    (n,) = {x.shape[0] for x in (image, grid, jacobian)} - {1} or {1}
    return namespace(counts).broadcast_to(counts, (n, *grid.shape[1:]))


def _mean(image: Array, grid: Array, jacobian: Array, **options: Any) -> Array:
    """Means (n, c, m) over the footprints of points (n, m, ndim)."""
    counts = sample_counts(plain(jacobian))
    if not (counts > 1).any():
        return grid_sample(image, grid, frame="pixel", **options)
    places, used = _lattice(grid, jacobian, counts)
    values = grid_sample(image, places, frame="pixel", **options)  # (n, c, one axis per coordinate, m)
    if used is not None:
        values = where(used[:, None], values, 0.0)
    total = sum_over(values, axis=tuple(range(2, values.ndim - 1)), dtype="float64")
    return (total / counts.prod(-1)[:, None]).astype(image.dtype)


def _lattice(grid: Array, jacobian: Array, counts: Array) -> tuple[Array, Array | None]:
    """Where the samples lie, (n, ..., m, ndim), and which are used: None for all.

    The axes between are those of the lattices, ([z,] y, x), as long as the longest; shorter ones leave the
    rest of it unused.
    """
    ndim, m = grid.shape[-1], grid.shape[1]
    xp = namespace(counts)
    same = bool((counts == counts[:1, :1]).all())
    if same:
        counts = counts[:1, :1]
    steps = _steps(jacobian, counts)
    places, used = grid.reshape(grid.shape[0], *(1,) * ndim, m, ndim), None
    for axis in reversed(range(ndim)):
        count = counts[..., axis]
        along = [1] * ndim
        along[ndim - 1 - axis] = int(count.max())
        index = xp.arange(along[ndim - 1 - axis])[:, None]
        offset = (index - (count[:, None] - 1) / 2).reshape(-1, *along, count.shape[1], 1)
        step = steps[..., axis]
        places = places + step.reshape(step.shape[0], *(1,) * ndim, step.shape[1], ndim) * offset
        if not same:
            here = (index < count[:, None]).reshape(-1, *along, count.shape[1])
            used = here if used is None else used & here
    return places, used


def _steps(jacobian: Array, counts: Array) -> Array:
    """From sample to sample: the columns of the Jacobian, times the root in the formula."""
    columns = jacobian.astype("float64")
    several = counts > 1
    columns = where(several[..., None, :], columns, 0.0)
    square = where(several, _square(columns), 2.0)  # any number whose root has a derivative
    root = sqrt((1 - 1 / square) / namespace(counts).maximum(counts**2 - 1, 1))
    return columns * root.reshape(*root.shape[:-1], 1, root.shape[-1])


@footprint_sample.samples
def _samples(rng):
    yield _sample(rng, (7, 8), (2, 3), "mirror", 2.4)
    yield _sample(rng, (5, 4, 6), (1, 2, 2), "border", 1.6)
    yield _sample(rng, (9,), (3,), "constant", 3.4)


def _sample(rng, spatial, shape, boundary, stretch):
    """Some points shrink by about `stretch`, some do not."""
    ndim = len(spatial)
    image = rng.standard_normal((2, 2, *spatial))
    size = stretch * rng.uniform(0.8, 1.0, (2, *shape, 1, 1))
    size[0] *= rng.choice([0.3, 1.0], size[0].shape)
    jacobian = size * (np.eye(ndim) + rng.uniform(-0.1, 0.1, (2, *shape, ndim, ndim)))

    def places(grid):
        rows = _in_rows(grid, jacobian)
        return _lattice(*rows, sample_counts(rows[1]))[0]

    grid = draw_away_from_kinks(lambda: rng.uniform(-1.0, np.array(spatial[::-1]), (2, *shape, ndim)), places)
    return Sample((image, grid, jacobian), {"kernel": "linear", "boundary": boundary, "fill_value": 0.5})
