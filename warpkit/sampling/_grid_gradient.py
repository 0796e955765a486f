"""The spatial gradient of an image, at the points of a grid."""

from __future__ import annotations

from warpkit._core import Array, ArraySpec, Sample, op
from warpkit.ops import stack

from ._checks import raised
from ._grid_sample import _spec as sample_spec
from ._grid_sample import grid_sample, smooth_grid


@op(linear=("image",), batch=("image", "grid"))
def grid_gradient(
    image: Array,
    grid: Array,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Sample the gradient of an image at the points of a grid.

    **Convention.** The last axis of `grid`, and of the result, is in the order (x, y[, z]): the last image
    axis first.

    Parameters
    ----------
    image, grid, kernel, boundary, fill_value, frame
        As of :func:`grid_sample`.

    Returns
    -------
    array, shape (n, c, *out_shape, ndim)
        :math:`\partial V / \partial x, \partial V / \partial y, \dots`, per unit of the frame. Where a
        coordinate meets a pixel centre, the right derivative.

    Notes
    -----
    Each component is :func:`grid_sample` with `derivative` one in that coordinate; VJP and JVP follow from
    its own.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = np.array([[[0.0, 1.0, 4.0]]])
    >>> wk.grid_gradient(image, np.array([[[0.5], [1.0]]]), frame="pixel")
    array([[[[1.],
             [3.]]]])
    """
    ndim = len(image.shape) - 2
    options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value, "frame": frame}
    parts = [grid_sample(image, grid, derivative=raised(None, ndim, d), **options) for d in range(ndim)]
    return stack(parts, axis=-1)


@grid_gradient.spec
def _spec(image, grid, **options):
    ndim = image.ndim - 2
    out = sample_spec(image, grid, derivative=raised(None, ndim, 0), **options)
    return ArraySpec((*out.shape, ndim), out.dtype)


@grid_gradient.samples
def _samples(rng):
    image = rng.standard_normal((2, 1, 4, 5))
    grid = smooth_grid(rng, (2, 3, 2), (4, 5), "normalized")
    options = {"kernel": "linear", "boundary": "border", "fill_value": 0.0, "frame": "normalized"}
    yield Sample((image, grid), options)
