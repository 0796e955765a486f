"""The one call that aligns two images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, as_array, check_choice
from warpkit.grids import Geometry
from warpkit.transforms import WORLD, AbstractTransform
from warpkit.warping import warp

from ._arguments import make_pair, start_matrix
from ._levenberg_marquardt import LEAST_OVERLAP
from ._refine import Answer, Pair, comparison, look, refine
from ._result import RegistrationResult
from ._starts import STARTS, Start

CLEAR = 0.8  # of the tiles agree: there is no need to see whether more of them did at the start
ENOUGH = 0.3  # of the tiles agree: no other start is tried
GAIN = 0.02  # by which a refined answer may agree less than its start, before the start is kept


def register(
    fixed: Array,
    moving: Array,
    transform: str = "affine",
    metric: str = "ncc",
    *,
    init: str | AbstractTransform = "auto",
    fixed_mask: Array | None = None,
    moving_mask: Array | None = None,
    fixed_geometry: Geometry | None = None,
    moving_geometry: Geometry | None = None,
    ndim: int | None = None,
    tolerance: float = 0.01,
    max_iterations: int = 100,
) -> RegistrationResult:
    r"""Find the map under which one image looks like another, and say whether to believe it.

    **Convention.** The map leads from points of `fixed` to points of `moving`, as (x, y[, z]) in pixels,
    pixel centres at whole numbers: the direction in which images are warped.

    Parameters
    ----------
    fixed : array, shape (height, width) or (depth, height, width), or with channels before them
        The image that stays as it is. Any real dtype.
    moving : array
        The image that is warped, of as many axes and channels; its spatial shape may be another.
    transform : {"affine", "translation", "rigid", "similarity", "projective"}
        What kind of map.
    metric : {"ncc", "ssd", "huber", "tukey"}
        What makes images alike. "ncc", the correlation, knows neither gain nor bias; "ssd" is the mean of
        squared differences; "huber" and "tukey" heed large differences less, or not at all. Of images with
        channels each channel counts the same, and "ncc" gives each a gain and bias of its own.
    init : {"auto", "identity", "mass", "features", "fourier"} or AbstractTransform
        Where to start. "identity" starts with each point where it is, or with the images' middles on each
        other where their shapes differ; "mass" with the centres of mass on each other; "features" from points
        that look alike, in 2D, which scikit-image finds; "fourier" from shifts, in 2D also rotations and
        scales, that the spectra suggest. "auto" tries them in this order until the images agree, and takes
        the best. A transform is a start in the direction of the result, in the frame "pixel", and is the only
        one.
    fixed_mask, moving_mask : array, shape (*spatial), optional
        Weights of at least 0, or booleans: how much pixels count, which may be NaN where they do not.
    fixed_geometry, moving_geometry : Geometry, optional
        Where the images are in the world: with both, the result is a map of the world, in the frame "world",
        and so is a start. Without them places are pixels.
    ndim : {2, 3}, optional
        How many spatial axes there are; the others, before them, are channels. As many as `fixed` has by
        default.
    tolerance : float
        In pixels of `moving`: a step that moves no corner farther is the last one.
    max_iterations : int
        On each level of the pyramid.

    Returns
    -------
    RegistrationResult
        Also where the search did not succeed: then its `converged` is False, and its `reason` says why.

    Raises
    ------
    ValueError, TypeError
        If an argument has a wrong shape or value, an image holds a NaN or an infinity where it counts, or is
        constant.

    Notes ----- Both images are made smaller again and again; on each level, from the coarsest on, Levenberg
    and Marquardt's method makes the metric best, with exact derivatives
    (:func:`warpkit.warp_normal_equations`). There is no learning rate.

    `converged` says four things: the last steps were short; the images overlap by at least 0.05; the answer
    is no worse than the start; and parts of the images, looked at one by one, are best where they are, so
    many of them that it is no accident. The last one is what tells a right answer from a wrong one, and
    images that are too small or too smooth to be checked are not said to have converged.

    Results have the same bits for any number of threads.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> rng = np.random.default_rng(0)
    >>> moving = wk.warp(rng.random((30, 40)), wk.Affine.identity(2), (240, 320))  # a smooth texture
    >>> turn = wk.Rigid(np.array([0.1]), np.array([[4.0, -2.0]]), frame="pixel")
    >>> fixed = wk.warp(moving, turn)
    >>> result = wk.register(fixed, moving, transform="rigid")
    >>> result.converged
    True
    >>> result.transform.rotation.round(3), result.transform.translation.round(1)
    (array([0.1]), array([[ 4., -2.]]))
    """
    masks, geometries = (fixed_mask, moving_mask), (fixed_geometry, moving_geometry)
    pair = make_pair((fixed, moving), masks, geometries, transform, metric, ndim, tolerance, max_iterations)
    frame = "pixel" if fixed_geometry is None else WORLD
    levels = range(min(len(pair.fixed), len(pair.moving)) - 1, -1, -1)
    candidates = _starts(init, pair, frame)
    if init in ("auto", "features", "fourier"):
        candidates, levels = _scout(pair, candidates), range(max(pair.scout_level - 1, 0), -1, -1)
    name, start = next(candidates, ("none", np.eye(pair.group.ndim + 1)))
    if name == "none":
        reason = "no start was found: too few points look alike, or scikit-image is not installed"
        return _result(pair, moving, frame, name, look(pair, start, 0), reason, converged=False)
    answer = refine(pair, start, levels)
    if _is_worse(pair, answer.matrix, start):  # coarser levels led away from a good start
        answer = refine(pair, start, [0])
    if (better := _unspoiled(pair, start, answer, 0)) is not answer:
        answer, name = better, f"{name}, of which refinement made less"
    doubt = _doubt(pair, answer, start)
    parts = f"{answer.agreement.near} of {answer.agreement.tiles} parts of the images agree"
    return _result(pair, moving, frame, name, answer, doubt or parts, converged=doubt is None)


def _scout(pair: Pair, starts: Iterator[Start]) -> Iterator[Start]:
    """The best of the starts, refined on small images; those that come after one that agrees are not made."""
    level, count = pair.scout_level, min(len(pair.fixed), len(pair.moving))
    best: tuple[str, Answer] | None = None
    for name, start in starts:
        answer = refine(pair, start, range(count - 1, level - 1, -1))
        answer = _unspoiled(pair, start, answer, level)
        if best is None or _rank(answer) > _rank(best[1]):
            best = name, answer
        if answer.agreement.convincing and answer.agreement.share >= ENOUGH:
            break
    if best is not None:
        yield best[0], best[1].matrix


def _unspoiled(pair: Pair, start: np.ndarray, answer: Answer, level: int) -> Answer:
    """The start itself, where there is strong evidence for it that the refined answer contradicts."""
    if answer.agreement.share >= CLEAR:
        return answer
    before = look(pair, start, level)
    spoiled = answer.agreement.share < before.agreement.share - GAIN
    return before if before.agreement.convincing and spoiled else answer


def _rank(answer: Answer) -> tuple[bool, float, float]:
    """The better the greater: what is convincing, then what agrees more, then what costs less."""
    return answer.agreement.convincing, answer.agreement.share, -answer.cost


def _doubt(pair: Pair, answer: Answer, start: np.ndarray) -> str | None:
    """Why the answer does not deserve belief, or None."""
    agreement = answer.agreement
    if not np.isfinite(answer.cost) or answer.overlap < LEAST_OVERLAP:
        return f"the images hardly overlap: by {answer.overlap:.3f} of the fixed one"
    if agreement.tiles == 0:
        return "the images are too small, too smooth or overlap too little to be checked"
    if not agreement.convincing:
        return f"only {agreement.near} of {agreement.tiles} parts of the images agree"
    if _is_worse(pair, answer.matrix, start):
        return "the metric is worse than at the start"
    if not answer.settled:
        return f"still moving after {len(answer.history)} iterations"
    return None


def _is_worse(pair: Pair, matrix: np.ndarray, start: np.ndarray) -> bool:
    """Whether the images are less alike than at the start, at full size."""
    images = comparison(pair, 0, matrix)
    return images.improves(images.view(matrix), images.view(start))


def _result(
    pair: Pair, moving: Array, frame: str, name: str, answer: Answer, reason: str, *, converged: bool
) -> RegistrationResult:
    view = comparison(pair, 0, answer.matrix).view(answer.matrix)
    found = pair.group.to_transform(answer.matrix, frame)
    pixels = found if frame == "pixel" else view.transform
    return RegistrationResult(
        transform=found,
        warped=warp(as_array(moving, "moving"), pixels, pair.fixed[0].shape),
        coverage=view.weights > 0,
        converged=converged,
        reason=reason,
        metric=1 - answer.cost if pair.metric == "ncc" else answer.cost,
        overlap=answer.overlap,
        agreement=answer.agreement,
        start=name,
        history=answer.history,
    )


def _starts(init: Any, pair: Pair, frame: str) -> Iterator[Start]:
    if isinstance(init, AbstractTransform):
        yield "given", start_matrix(init, pair.group, frame)
    elif init == "auto":
        for find in STARTS.values():
            yield from find(pair)
    else:
        check_choice("init", init, ("auto", *STARTS))
        yield from STARTS[init](pair)
