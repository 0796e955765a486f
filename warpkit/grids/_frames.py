r"""Frames: what a coordinate means. The one home of "align corners".

On an axis of `N` pixels, whose centres are at :math:`p = 0, \dots, N - 1`, a coordinate :math:`g` of

* ``"normalized"`` has -1 and +1 at the outer edges of the corner pixels: :math:`p = g\,N/2 + (N-1)/2`
  (torch's ``align_corners=False``, ONNX);
* ``"corners"`` has -1 and +1 at the centres of the corner pixels: :math:`p = g\,(N-1)/2 + (N-1)/2`
  (torch's ``align_corners=True``, the spatial transformer paper);
* ``"pixel"`` is :math:`p` itself (OpenCV; SciPy and scikit-image up to the order of the axes).

Each is :math:`p = s\,g + o`, computed in float64 in just this form, here and in the compiled kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, Tracer, as_array, check_choice, check_shape, namespace, plain, wrong_value

FRAMES = ("normalized", "corners", "pixel")


def frame_scales(shape: tuple[int, ...], frame: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The factors s and offsets o of pixel = s * coordinate + o, in the order (x, y[, z]).

    Parameters
    ----------
    shape : tuple of int
        Spatial shape in the order of the array's axes: ([depth,] height, width).
    frame : {"normalized", "corners", "pixel"}
        The frame of the coordinates.

    Returns
    -------
    scales, offsets : tuple of float
        One per axis, the last array axis (x) first. In "corners" an axis of length 1 has s = 0: every
        finite coordinate means pixel 0.
    """
    check_choice("frame", frame, FRAMES)
    lengths = shape[::-1]
    if frame == "pixel":
        return (1.0,) * len(shape), (0.0,) * len(shape)
    scales = tuple((n if frame == "normalized" else n - 1) / 2 for n in lengths)
    return scales, tuple((n - 1) / 2 for n in lengths)


def axis_coordinates(length: int, frame: str) -> np.ndarray:
    """Coordinates of the pixel centres along one axis, float64: g = (p - o) / s, and 0 where s = 0."""
    (scale,), (offset,) = frame_scales((length,), frame)
    pixels = np.arange(length, dtype=np.float64)
    return (pixels - offset) / scale if scale else np.zeros(length)


def identity_grid(shape: tuple[int, ...], frame: str = "normalized", dtype: Any = np.float64) -> np.ndarray:
    """Coordinates of every pixel centre: the grid that samples an image at its own pixels.

    **Convention.** The last axis holds (x, y[, z]): the last array axis first.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape, ([depth,] height, width).
    frame : {"normalized", "corners", "pixel"}
        The frame of the coordinates.
    dtype : dtype
        Computed in float64 and rounded to this once.

    Returns
    -------
    ndarray, shape (1, *shape, ndim)
        The grid; its batch of 1 goes with any number of images.

    Raises
    ------
    ValueError
        If a length is negative or the frame unknown.

    Examples
    --------
    >>> from warpkit.grids import identity_grid
    >>> identity_grid((1, 3), frame="pixel")
    array([[[[0., 0.],
             [1., 0.],
             [2., 0.]]]])
    """
    shape = check_shape(shape)
    if not shape:
        raise wrong_value("shape", "at least one length", shape)
    grid = np.empty((1, *shape, len(shape)), dtype)
    for axis, length in enumerate(shape):
        along = axis_coordinates(length, frame)
        grid[..., -1 - axis] = along.reshape(-1, *(1,) * (len(shape) - 1 - axis))
    return grid


def convert_points(points: Array, shape: tuple[int, ...], source: str, target: str) -> Array:
    r"""Coordinates of the same places in another frame of the same image.

    Parameters
    ----------
    points : array, shape (..., ndim)
        Coordinates in the order (x, y[, z]), in the frame `source`; integers count as float64. Variables may
        be given.
    shape : tuple of int
        Spatial shape of the image, ([depth,] height, width).
    source, target : {"normalized", "corners", "pixel"}
        The two frames.

    Returns
    -------
    array, shape (..., ndim)
        :math:`g' = (s\,g + o - o') / s'`, of the dtype of `points`; `points` itself if the frames are equal.

    Raises
    ------
    ValueError
        If `points` and `shape` do not fit together, a length is 0, or `target` is "corners" and an axis has
        length 1, where -1 and +1 would be the same place.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.grids import convert_points
    >>> convert_points(np.array([[-1.0, 1.0]]), (4, 8), "normalized", "pixel")
    array([[-0.5,  3.5]])
    """
    if not isinstance(points, Tracer):
        points = as_array(points, "points")
    if np.dtype(points.dtype).kind != "f":
        points = points.astype(np.float64)
    shape = check_shape(shape)
    if not points.shape or points.shape[-1] != len(shape):
        raise wrong_value(
            "points", f"a last axis of length {len(shape)}, for shape {shape}", f"shape {points.shape}"
        )
    if 0 in shape:
        raise wrong_value("shape", "at least one pixel on every axis", shape)
    s, o = frame_scales(shape, source)
    t, q = frame_scales(shape, target)
    if source == target:
        return points
    for axis, scale in enumerate(t[::-1]):
        if scale == 0:
            raise ValueError(
                f"shape: expected at least 2 pixels along axis {axis} in frame 'corners', given {shape}"
            )
    xp, dtype = namespace(plain(points)), points.dtype
    shift = (np.asarray(o) - q) / t
    return points * xp.asarray(np.divide(s, t), dtype=dtype) + xp.asarray(shift, dtype=dtype)
