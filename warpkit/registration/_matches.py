r"""A transform from matches, many of which are wrong: the one that most of them agree on.

Random sample consensus makes a transform of as few matches as determine one, drawn at random, counts how many
of the others agree, and does so again and again; what is estimated from the largest set that agreed is the
answer (M. A. Fischler, R. C. Bolles, "Random sample consensus", Communications of the ACM 24 (6), 1981).
scikit-image draws and counts; the estimates are those of the transforms' own `from_points`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, as_array, check_choice, to_numpy, wrong_type, wrong_value
from warpkit.grids import FRAMES
from warpkit.transforms import (
    WORLD,
    AbstractMatrix,
    Affine,
    FailedEstimate,
    Projective,
    Rigid,
    Similarity,
    Translation,
)

from ._matrix_groups import GROUPS, map_points

TRIALS = 5000  # samples at most


@dataclass(frozen=True, eq=False)
class Consensus:
    """What most matches agree on.

    Attributes
    ----------
    transform : AbstractMatrix
        Estimated from the inliers by least squares.
    inliers : ndarray of bool, shape (m,)
        Which matches agree: the consensus set.
    """

    transform: AbstractMatrix
    inliers: np.ndarray


def from_matches(
    fixed_points: Array,
    moving_points: Array,
    transform: str = "affine",
    *,
    threshold: float,
    frame: str = "pixel",
    rng: int | np.random.Generator = 0,
) -> Consensus | FailedEstimate:
    r"""Estimate the transform that most matches agree on, by random sample consensus (RANSAC).

    **Convention.** Points are (x, y[, z]). The transform leads from `fixed_points` to `moving_points`: from
    output to input coordinates, as a registration's does.

    Parameters
    ----------
    fixed_points, moving_points : array, shape (m, ndim)
        The same places in two images, up to wrong matches; in 2D or 3D. A match that is not finite is wrong.
    transform : {"affine", "translation", "rigid", "similarity", "projective"}
        What kind of map.
    threshold : float
        In units of `frame`: a match agrees if its point in the moving image is nearer than that to where the
        map has it.
    frame : {"pixel", "normalized", "corners", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`.
    rng : int or numpy.random.Generator
        Draws the samples; an int is a seed. The default always draws the same ones.

    Returns
    -------
    Consensus or FailedEstimate
        The failure is falsy and says why: fewer matches agree than would show anything, since a map can be
        made to fit as many as it takes to determine one.

    Raises
    ------
    ValueError, TypeError
        If an argument has a wrong shape or value.
    ImportError
        If scikit-image is not installed.

    Notes
    -----
    A map is determined by 1 match for a translation, `ndim` for rigid maps and similarities, `ndim` + 1 for
    affine and `ndim` + 2 for projective ones. With n of them and a share w of right matches, a sample is
    without wrong ones with probability :math:`w^n`. Drawing ends after k samples if
    :math:`(1 - w^n)^k \leq 2^{-52}` for the largest share yet seen, and at the latest after 5000.

    References
    ----------
    M. A. Fischler, R. C. Bolles, "Random sample consensus: a paradigm for model fitting with applications to
    image analysis and automated cartography", Communications of the ACM 24 (6), 1981.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> rng = np.random.default_rng(0)
    >>> fixed_points = rng.uniform(0, 100, (50, 2))
    >>> turn = wk.Rigid(np.array([0.3]), np.array([[5.0, -2.0]]), frame="pixel")
    >>> moving_points = turn(fixed_points)[0]
    >>> moving_points[:20] = rng.uniform(0, 100, (20, 2))  # wrong matches
    >>> found = wk.registration.from_matches(fixed_points, moving_points, "rigid", threshold=0.1)
    >>> found.transform.rotation.round(6), int(found.inliers.sum())
    (array([0.3]), 30)
    """
    check_choice("transform", transform, GROUPS)
    check_choice("frame", frame, (*FRAMES, WORLD))
    src, dst = _checked(fixed_points, moving_points)
    if not isinstance(threshold, (int, float)) or not threshold > 0:
        raise wrong_value("threshold", "a distance above 0", repr(threshold))
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer, np.random.Generator)):
        raise wrong_type("rng", "an int or a numpy.random.Generator", rng)
    usable = np.isfinite(src).all(axis=1) & np.isfinite(dst).all(axis=1)
    src, dst, least = src[usable], dst[usable], _least(transform, src.shape[1])
    if len(src) <= least:
        return FailedEstimate(f"too few matches: expected more than {least}, given {len(src)}")
    agreeing = _agreeing(src, dst, transform, least, float(threshold), np.random.default_rng(rng))
    if agreeing is None:  # no sample gave a map; what all points have in common is why
        failure = KINDS[transform].from_points(src, dst, frame=frame)
        return failure if isinstance(failure, FailedEstimate) else FailedEstimate("no matches agree")
    if agreeing.sum() <= least:
        reason = f"only {agreeing.sum()} of {len(src)} matches agree, as many as any map can be made to fit"
        return FailedEstimate(reason)
    found = KINDS[transform].from_points(src[agreeing], dst[agreeing], frame=frame)
    if isinstance(found, FailedEstimate):
        return found
    inliers = np.zeros(len(usable), bool)
    inliers[usable] = agreeing
    return Consensus(found, inliers)


KINDS: dict[str, Any] = {
    "translation": Translation,
    "rigid": Rigid,
    "similarity": Similarity,
    "affine": Affine,
    "projective": Projective,
}


def _least(transform: str, ndim: int) -> int:
    """How many matches determine a map."""
    return {"translation": 1, "affine": ndim + 1, "projective": ndim + 2}.get(transform, ndim)


def _agreeing(
    src: np.ndarray, dst: np.ndarray, name: str, least: int, threshold: float, rng: np.random.Generator
) -> np.ndarray | None:
    """Which matches agree with the best sample's map; None if no sample gave one."""
    try:
        from skimage import measure
    except ImportError:
        raise ImportError('from_matches needs scikit-image: pip install "warpkit-diff[features]"') from None

    class Model:
        """Homogeneous matrix of a map, in the way that scikit-image wants it."""

        def __init__(self, matrix: np.ndarray) -> None:
            self.matrix = matrix

        @classmethod
        def from_estimate(cls, src: np.ndarray, dst: np.ndarray) -> Any:
            found = KINDS[name].from_points(src, dst, frame="pixel")
            return found and cls(found.to_projective().theta[0])

        def residuals(self, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
            # NaN beyond the horizon: such a match does not agree.
            return np.linalg.norm(map_points(self.matrix, src) - dst, axis=1)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No inliers found")  # the caller says so
        _, agreeing = measure.ransac((src, dst), Model, least, threshold, max_trials=TRIALS, rng=rng)
    return agreeing


def _checked(fixed_points: Array, moving_points: Array) -> tuple[np.ndarray, np.ndarray]:
    """In float64, on the host."""
    src = to_numpy(as_array(fixed_points, "fixed_points")).astype(np.float64)
    dst = to_numpy(as_array(moving_points, "moving_points")).astype(np.float64)
    if src.ndim != 2 or src.shape[1] not in (2, 3):
        raise wrong_value("fixed_points", "shape (m, 2) or (m, 3)", f"shape {src.shape}")
    if dst.shape != src.shape:
        raise wrong_value("moving_points", f"shape {src.shape}, like fixed_points", f"shape {dst.shape}")
    return src, dst
