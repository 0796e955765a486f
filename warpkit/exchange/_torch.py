"""Arrays of torch's affine_grid and grid_sample. torch itself is not needed: its tensors can be arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import plain, to_numpy, wrong_type, wrong_value
from warpkit.grids import identity_grid
from warpkit.transforms import AbstractAffine, AbstractTransform, Affine, Displacement

from ._matrices import check_frame


def from_torch(theta_or_grid: Any, *, align_corners: bool) -> Affine | Displacement:
    """Turn a theta or a grid of torch into a transform.

    **Convention.** torch's are warpkit's: (x, y[, z]), from output to input. What ``align_corners`` says is
    the frame: True is "corners", False "normalized". (Where it is not given, torch takes it for False.)

    Parameters
    ----------
    theta_or_grid : tensor or array
        A theta of ``affine_grid``, shape (n, 2, 3) or (n, 3, 4); or a grid of ``grid_sample``, shape
        (n, h, w, 2) or (n, d, h, w, 3).
    align_corners : bool
        As it is given to ``affine_grid`` and ``grid_sample``.

    Returns
    -------
    Affine or Displacement
        Of a theta or of a grid, in NumPy arrays of the same dtype; without its tape, since to go on
        differentiating in torch is what :mod:`warpkit.bridges` is for. A grid becomes a displacement of each
        output pixel, which is the grid again up to one rounding.

    Raises
    ------
    ValueError
        If the shape is another.
    TypeError
        If it is no floating array.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.from_torch(np.eye(2, 3)[None], align_corners=True).frame
    'corners'
    """
    array = _array(theta_or_grid)
    frame = "corners" if align_corners else "normalized"
    if array.shape[1:] in ((2, 3), (3, 4)):
        return Affine(array, frame=frame)
    if array.ndim in (4, 5) and array.shape[-1] == array.ndim - 2:
        identity = identity_grid(array.shape[1:-1], frame)
        return Displacement((array - identity).astype(array.dtype), frame=frame)
    expected = "shape (n, 2, 3), (n, 3, 4), (n, h, w, 2) or (n, d, h, w, 3)"
    raise wrong_value("theta_or_grid", expected, f"shape {array.shape}")


def to_torch(
    transform: AbstractTransform, *, align_corners: bool, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Turn a transform into a theta or a grid for torch.

    **Convention.** As of :func:`from_torch`: (x, y[, z]), from output to input.

    Parameters
    ----------
    transform : AbstractTransform
        In the frame "corners" for ``align_corners=True``, in "normalized" for False; with any batch.
    align_corners : bool
        As it will be given to ``affine_grid`` and ``grid_sample``.
    shape : tuple of int, optional
        Spatial shape of the output: then the result is a grid of that shape, of any transform.

    Returns
    -------
    ndarray
        The theta of ``affine_grid``, shape (n, ndim, ndim + 1); or a grid of ``grid_sample``, shape
        ``(n, *shape, ndim)``. Of the dtype of the transform, and ready for ``torch.from_numpy``.

    Raises
    ------
    ValueError
        If the frame is not that of `align_corners`.
    TypeError
        If a theta is asked for and the transform is no affine map.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.to_torch(wk.Translation(np.array([[0.5, 0.0]])), align_corners=False)
    array([[[1. , 0. , 0.5],
            [0. , 1. , 0. ]]])
    """
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    check_frame(transform, "corners" if align_corners else "normalized")
    if shape is not None:
        return np.ascontiguousarray(to_numpy(plain(transform.grid(shape))))
    if not isinstance(transform, AbstractAffine):
        raise wrong_type("transform", "an affine map (or give the output's shape, for a grid)", transform)
    return np.ascontiguousarray(to_numpy(plain(transform.to_affine().theta)))


def _array(given: Any) -> np.ndarray:
    """The values of a tensor, without its tape, wherever it is."""
    for step in ("detach", "cpu"):
        given = getattr(given, step)() if hasattr(given, step) else given
    if not hasattr(given, "__array__"):
        raise wrong_type("theta_or_grid", "a tensor or an array", given)
    array = np.asarray(given)
    if array.dtype.kind != "f":
        raise TypeError(f"theta_or_grid: expected a floating dtype, given {array.dtype}")
    return array
