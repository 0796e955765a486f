r"""The displacement that a stationary velocity leads to: scaling and squaring."""

from __future__ import annotations

from warpkit._core import Array, Sample, check_choice, op, wrong_value
from warpkit.grids import FRAMES, identity_grid
from warpkit.ops import moveaxis
from warpkit.sampling import grid_sample

from ._fields import library

MOST_SQUARINGS = 32


@op(batch=("velocity",))
def exponential_displacement(velocity: Array, *, squarings: int = 8, frame: str = "normalized") -> Array:
    r"""Follow a velocity field for one unit of time: the displacement of where its flow arrives.

    **Convention.** Velocities and displacements are (x, y[, z]), the last image axis first, in `frame`.

    Parameters
    ----------
    velocity : array, shape (n, *shape, ndim)
        :math:`v` at pixel centres, in the units of `frame` per unit of time. Between them it is interpolated
        linearly, and outside it stays what it is at the border.
    squarings : int
        How often the map is composed with itself; the first one follows the velocity for
        :math:`2^{-\mathrm{squarings}}`. That should be less than half a pixel wherever it is fastest.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        The displacement :math:`u` of :math:`\exp(v) = p + u(p)` at pixel centres.

    Raises
    ------
    ValueError
        If the last axis does not match the number of spatial axes, or there are no squarings from 0 to 32.

    Notes
    -----
    :math:`u_0 = 2^{-k} v` and :math:`u_{i+1}(p) = u_i(p) + u_i(p + u_i(p))`, k times. The derivative is the
    chain rule's, through each of these steps.

    References
    ----------
    V. Arsigny, O. Commowick, X. Pennec, N. Ayache, "A log-Euclidean framework for statistics on
    diffeomorphisms", MICCAI 2006, section 3.3.

    Examples
    --------
    Away from the middle, the faster the farther: distances grow e-fold.

    >>> import numpy as np, warpkit as wk
    >>> velocity = wk.identity_grid((1, 9), "pixel") - [4.0, 0.0]
    >>> wk.exponential_displacement(0.25 * velocity, frame="pixel")[0, 0, 5].round(3)
    array([0.284, 0.   ])
    >>> round(np.exp(0.25), 3)
    np.float64(1.284)
    """
    shape = tuple(velocity.shape[1:-1])
    still = library(velocity).asarray(identity_grid(shape, frame)).astype(velocity.dtype)
    moved = moveaxis(velocity * velocity.dtype.type(0.5**squarings), -1, 1)
    for _ in range(squarings):
        moved = squared(moved, still, frame)
    return moveaxis(moved, 1, -1)


def squared(moved: Array, still: Array, frame: str) -> Array:
    """The displacement (n, ndim, *shape) of a map after itself; `still` is the identity's grid."""
    return moved + grid_sample(moved, still + moveaxis(moved, 1, -1), boundary="border", frame=frame)


@exponential_displacement.spec
def _spec(velocity, *, squarings, frame):
    ndim = velocity.ndim - 2
    if not 1 <= ndim <= 3 or velocity.shape[-1] != ndim:
        expected = "shape (n, *shape, ndim) with ndim lengths in shape"
        raise wrong_value("velocity", expected, f"shape {velocity.shape}")
    if 0 in velocity.shape[1:-1]:
        raise wrong_value("velocity", "at least one pixel along every axis", f"shape {velocity.shape}")
    if not velocity.differentiable:
        raise TypeError(f"velocity: expected a floating dtype, given {velocity.dtype}")
    check_squarings(squarings)
    check_choice("frame", frame, FRAMES)
    return velocity


def check_squarings(squarings: int) -> None:
    """Raise a ValueError unless that is a number of compositions."""
    if not isinstance(squarings, int) or not 0 <= squarings <= MOST_SQUARINGS:
        raise wrong_value("squarings", f"a whole number from 0 to {MOST_SQUARINGS}", repr(squarings))


@exponential_displacement.samples
def _samples(rng):
    yield Sample((0.2 * rng.standard_normal((2, 4, 5, 2)),), {"squarings": 2, "frame": "normalized"})
    yield Sample((0.4 * rng.standard_normal((1, 3, 3, 3, 3)),), {"squarings": 1, "frame": "pixel"})
