"""The one call that aligns two images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from warpkit._core import Array, as_array, namespace
from warpkit.grids import Geometry
from warpkit.sampling import grid_sample
from warpkit.transforms import WORLD, AbstractTransform, Composed
from warpkit.warping import warp

from ._arguments import check_finest_level, deformation_options, make_pair
from ._choice import ENOUGH, choose_start, unspoiled
from ._fields import to_level, to_transform
from ._least_squares import CORRELATIONS, View
from ._levenberg_marquardt import LEAST_OVERLAP, Iteration
from ._mutual_information import INFORMATION
from ._refine import Answer, Pair, comparison, look, refine
from ._refine_field import FieldOptions, refine_field
from ._refine_spline import SplineOptions, refine_spline, whole_map
from ._result import RegistrationResult
from ._slabs import Slab, in_slabs

WARPED_AS_THEY_ARE = ("uint8", "uint16", "int16", "float16", "float32", "float64")


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
    smoothness: float | None = None,
    control_points: int | None = None,
    optimizer: str | None = None,
    finest_level: int = 0,
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
    transform : {"affine", "translation", "rigid", "similarity", "projective", ...}
        What kind of map. "displacement" and "diffeomorphic" are fields: an affine map, and before it a
        displacement of each pixel, or the flow of a velocity, which has a smooth inverse. "tps" and "bspline"
        are splines: a :class:`warpkit.ThinPlateSpline` with few control points all over the fixed image; or
        an affine map, and before it a :class:`warpkit.FreeFormDeformation` with many.
    metric : {"ncc", "lncc", "mi", "ssd", "huber", "tukey"}
        What makes images alike. "ncc", the correlation, knows neither gain nor bias; "lncc" is the mean
        correlation within windows of 5 pixels, each with a gain and bias of its own; "mi" is mutual
        information: images of two modalities; "ssd" is the mean of squared differences; "huber" and "tukey"
        heed large differences less, or not at all. Of images with channels each channel counts the same, and
        correlations give each a gain and bias of its own.
    init : {"auto", "identity", "phase", "mass", "features", "fourier", "moments", "rotations"} or a transform
        Where to start. "identity": with each point where it is, or with the images' middles on each other
        where their shapes differ. "phase": with the shift that the phases of the spectra suggest. "mass":
        with the centres of mass on each other. "features", in 2D: with points that look alike, which
        scikit-image finds. "fourier", in 2D: with rotations and scales that the spectra suggest. "moments":
        with the principal axes of mass on each other, and the masses made as large where the maps can.
        "rotations": with turns all over about the centres of mass, of which the four are refined that look
        best. "auto": the first three, and where the images do not agree, the others until they do; the best
        of those is taken.
        A transform, in the direction and the frame of the result, is the only start.
    fixed_mask, moving_mask : array, shape (*spatial), optional
        Weights of at least 0, or booleans: how much pixels count, which may be NaN where they do not.
    fixed_geometry, moving_geometry : Geometry, optional
        Where the images are in the world: with both, the result is a map of the world, in the frame "world",
        and so is a start. Without them places are pixels.
    ndim : {2, 3}, optional
        How many spatial axes there are; the others, before them, are channels. As many as `fixed` has by
        default.
    smoothness : float, optional
        Of fields: the standard deviation, in pixels of each level of the pyramid, of the Gaussian that
        smooths the field after each step; 0.5 by default. Of splines: what is added to the metric's cost for
        each unit of bending energy, the mean of squared second derivatives of the displacement in units of
        the control points' spacing; 0.001 for "tps" and 0.005 for "bspline" by default.
    control_points : int, optional
        Of splines: how many along the longest axis of the fixed image; as far from each other along the other
        axes. At most 8 in 2D and 5 in 3D for "tps", 25 for "bspline" by default, and fewer in images so small
        that they would be nearer than 4 pixels.
    optimizer : {"lbfgs", "adam"}, optional
        Of "bspline": SciPy's L-BFGS by default.
    finest_level : int
        On which level of the pyramid to stop: 0 is full size, 1 half of it, and so on. Coarser is faster.
    tolerance : float
        In pixels on the finest level. For linear maps a step is the last one that moves no point by more, of
        those all over the fixed image that are inside the moving one; for "tps", no control point. For
        "bspline" it takes five steps in a row. Splines are also done when steps bring hardly anything. Steps
        of a field are done, on any level, with one whose root mean square is no more than twice that.
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

    Notes
    -----
    Both images are made smaller again and again; on each level, from the coarsest on, Levenberg and
    Marquardt's method makes the metric best, with exact derivatives for what both images show
    (:func:`warpkit.warp_normal_equations`). What their matrix leaves out of the second derivatives, which is
    much where the images are unlike, the last steps tell (as in L-BFGS). There is no learning rate.

    Fields are found after the affine map, by Gauss and Newton's step for each pixel, which is smoothed before
    and after it is added (demons; of velocities in their log-domain form), until steps are short. By "mi"
    they are those for the moving image in the fixed one's contrast.
    Their maps are of pixels, also where the images have geometries.

    Splines are found after the affine map, too, and are maps of pixels. The theta of a thin-plate spline is
    found by Levenberg and Marquardt's method, as linear maps are. A free-form deformation has too many
    coefficients for that: it is found by their gradient, on a lattice that is made finer with each level.

    `converged` says four things: the last steps were short, or promised nothing; the images overlap by at
    least 0.05; the answer is no worse than the start that was refined; and parts of the images, looked at one
    by one, are best where they are, so many of them that it is no accident. (A field makes any parts alike;
    those that count for it are best where a field has them that was found without them.) The last one is what
    tells a right answer from a wrong one, and images that are too small or too smooth to be checked are not
    said to have converged. It cannot tell apart the places where an image that repeats itself fits.

    An affine map may be a reflection. The whole fixed image must lie before a homography's horizon.

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
    check_finest_level(finest_level)
    masks, geometries = (fixed_mask, moving_mask), (fixed_geometry, moving_geometry)
    limits = (tolerance, max_iterations, finest_level)
    whole = make_pair((fixed, moving), masks, geometries, transform, metric, ndim, *limits)
    pair = whole.from_level(finest_level)
    options = deformation_options(transform, pair.fixed[0].shape, smoothness, control_points, optimizer)
    # Windows see no farther than themselves: the affine map that a field begins with is found without.
    first = replace(pair, metric="ncc") if options and metric == "lncc" else pair
    frame = "pixel" if fixed_geometry is None else WORLD
    name, answer, doubt = _align(first, init, frame)
    if options is None or answer.overlap < LEAST_OVERLAP:
        found: AbstractTransform = whole.group.to_transform(answer.matrix, frame)
        pixels: AbstractTransform = whole.in_pixels(answer.matrix)
    else:
        found, answer, doubt = _deform(pair, whole, answer.matrix, options)
        pixels = found
    dropped = len(whole.fixed) - len(pair.fixed)
    answer = replace(answer, history=[_in_whole(step, dropped) for step in answer.history])
    return _result(whole, moving, found, pixels, name, answer, doubt)


def _in_whole(step: Iteration, dropped: int) -> Iteration:
    """A step as one of the whole pyramid, of which the finest levels were dropped."""
    return replace(step, level=step.level + dropped, displacement=step.displacement * 2**dropped)


def _align(pair: Pair, init: Any, frame: str) -> tuple[str, Answer, str | None]:
    """The start that led to the best linear map, what it makes of the images, and what speaks against it."""
    chosen = choose_start(pair, init, frame)
    if chosen is None:
        reason = f"no start was found by {init}"
        if init == "features":
            reason += ": too few points look alike, or scikit-image is not installed"
        return "none", look(pair, np.eye(pair.group.ndim + 1), 0), reason
    name, start, levels = chosen
    answer = refine(pair, start, levels)
    before = comparison(pair, 0, start).view(start)
    if _is_worse(pair, answer, before):  # coarser levels led away from a good start
        answer = refine(pair, start, [0])
    if (better := unspoiled(pair, start, answer, 0)) is not answer:
        answer, name = better, f"{name}, not refined"
    return name, answer, _doubt(answer, worse=_is_worse(pair, answer, before))


def _deform(
    pair: Pair, whole: Pair, matrix: np.ndarray, options: FieldOptions | SplineOptions
) -> tuple[AbstractTransform, Answer, str | None]:
    """The affine map after what deforms the fixed image, in pixels; the answer; what speaks against it."""
    affine, coarse, full = whole.in_pixels(matrix), pair.fixed[0], whole.fixed[0]
    if isinstance(options, SplineOptions):
        spline, answer, worse = refine_spline(pair, matrix, options)
        found = whole_map(spline, affine, coarse, full)
    else:
        field, answer, worse = refine_field(pair, matrix, options)
        found = Composed((affine, to_transform(to_level(field, coarse, full), options.kind)))
    return found, answer, _doubt(answer, worse=worse)


def _doubt(answer: Answer, *, worse: bool) -> str | None:
    """Why the answer does not deserve belief, or None."""
    agreement = answer.agreement
    if answer.overlap < LEAST_OVERLAP:
        return f"the images hardly overlap: by {answer.overlap:.3f} of the fixed one"
    if not np.isfinite(answer.cost):
        return "where the images overlap, one of them does not vary"
    if agreement.tiles == 0:
        return "the images are too small, too smooth or overlap too little to be checked"
    if agreement.share >= ENOUGH and not agreement.convincing:
        return f"too few parts of the images to be sure: {agreement.near} of {agreement.tiles} agree"
    if not agreement.convincing:
        return f"only {agreement.near} of {agreement.tiles} parts of the images agree"
    if not answer.history and not answer.settled:
        return "refinement contradicts the start, with which more of the image agrees; or nothing moves it"
    if worse:
        return "the metric is worse than at the start"
    if not answer.settled:
        return f"steps were still long after {len(answer.history)} iterations"
    return None


def _is_worse(pair: Pair, answer: Answer, before: View) -> bool:
    """Whether the images are less alike than at the start, at full size."""
    return comparison(pair, 0, answer.matrix).improves(answer.view, before)


def _result(
    pair: Pair,
    moving: Array,
    found: AbstractTransform,
    pixels: AbstractTransform,
    name: str,
    answer: Answer,
    doubt: str | None,
) -> RegistrationResult:
    """`pixels` is the map `found`, of the pixels of the images as they were given."""
    image, shape = as_array(moving, "moving"), pair.fixed[0].shape
    if image.dtype not in WARPED_AS_THEY_ARE:
        image = image.astype("float64")
    pull = _puller(pixels, shape)
    warped = pull(image)
    counted = pair.images(0).pulled_weights(pull) > 0
    agreement = answer.agreement
    return RegistrationResult(
        transform=found,
        warped=warped,
        coverage=counted & namespace(warped).isfinite(warped.reshape(-1, *shape)).all(axis=0),
        converged=doubt is None,
        reason=doubt or f"{agreement.near} of {agreement.tiles} parts of the images agree",
        metric=_value(pair.metric, answer.cost),
        overlap=answer.overlap,
        agreement=agreement,
        start=name,
        history=answer.history,
    )


def _puller(pixels: AbstractTransform, shape: tuple[int, ...]) -> Callable[[Array], Array]:
    """What warps images (c, *spatial) or (*spatial); where maps in turn lead to is worked out once."""
    if not isinstance(pixels, Composed):
        return partial(warp, transform=pixels, shape=shape)
    # What comes first, a field or a spline, takes long; what comes after it would be twice its size.
    *after, first = pixels.transforms
    grid, then = first.grid(shape), Composed(tuple(after))

    def pull(image: Array) -> Array:
        channels = image.reshape(1, -1, *image.shape[-len(shape) :])
        out = namespace(image).empty((1, channels.shape[1], *shape), image.dtype)

        def pull_in(slab: Slab) -> None:
            some = grid[slab.core[1:]]
            places = then(some.reshape(1, -1, len(shape))).reshape(some.shape)
            out[:, *slab.core[1:]] = grid_sample(channels, places, frame="pixel")

        in_slabs(pull_in, out.shape, namespace(image), axis=2)
        return out.reshape(*image.shape[: -len(shape)], *shape)

    return pull


def _value(metric: str, cost: float) -> float:
    """What users are told: correlations and information are the greater the better."""
    if metric == INFORMATION:
        return -cost
    return 1 - cost if metric in CORRELATIONS else cost
