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
        :math:`2^{-\mathrm{squarings}}`. That should be less than two pixels wherever it is fastest.
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
    :math:`u_0(p) = h\,v(p + \tfrac{h}{2} v(p))` with :math:`h = 2^{-k}`, the midpoint rule, and
    :math:`u_{i+1}(p) = u_i(p) + u_i(p + u_i(p))`, k times. The derivative is the chain rule's, through each
    of these steps. With :math:`u_0 = h\,v`, Euler's rule, two more squarings are farther from the flow, and
    the flow of :math:`-v` does not lead back as exactly.

    References
    ----------
    C. Runge, "Ueber die numerische Auflösung von Differentialgleichungen", Mathematische Annalen 46, 1895.

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
    still = library(velocity).asarray(identity_grid(shape, frame, velocity.dtype))
    step = moveaxis(velocity * velocity.dtype.type(0.5**squarings), -1, 1)
    moved = displaced(step, step / 2, still, frame)
    for _ in range(squarings):
        moved = moved + displaced(moved, moved, still, frame)
    return moveaxis(moved, 1, -1)


def displaced(field: Array, displacement: Array, still: Array, frame: str) -> Array:
    """A field (n, ndim, *shape) where a displacement leads to; `still` is the grid of the identity."""
    return grid_sample(field, still + moveaxis(displacement, 1, -1), boundary="border", frame=frame)


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
