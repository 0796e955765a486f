r"""Fields of displacements or velocities, found level by level: a number of numbers for each pixel.

In the units of the metric, with the residual r of a pixel of the fixed image and the mean J of the slopes of
the two images there, a pixel alone would best be moved by

.. math:: d = \frac{J\,r}{|J|^2 + \alpha\, r^2},

Gauss and Newton's step, which :math:`\alpha` keeps below :math:`1 / (2 \sqrt\alpha)` where slopes are small.
The steps of all pixels are smoothed before they are added to the field, and the field after: the first says
that neighbours move together (a fluid), the second that the less the whole is bent the better (a spring).

A field of displacements may fold. A field of velocities is followed by scaling and squaring, and the map,
the flow of a smooth velocity, has a smooth inverse. So both images are deformed, each towards the other, and
a step is the mean of what the two say: neither's noise is mistaken for the other's shape.

J.-P. Thirion, "Image matching as a diffusion process: an analogy with Maxwell's demons", Medical Image
Analysis 2 (3), 1998; T. Vercauteren, X. Pennec, A. Perchant, N. Ayache, "Symmetric log-domain diffeomorphic
registration: a demons-based approach", MICCAI 2008, with the update :math:`v + d` of the velocity; and
"Diffeomorphic demons: efficient non-parametric image registration", NeuroImage 45 (1), 2009, for J.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from warpkit._core import Array, namespace, ndimage
from warpkit.metrics import jacobian_determinant
from warpkit.sampling import grid_sample
from warpkit.transforms import (
    AbstractTransform,
    Affine,
    Diffeomorphism,
    Displacement,
    exponential_displacement,
)
from warpkit.warping import warp

from ._correlation import Moments
from ._least_squares import TUNING, LeastSquares, View
from ._pyramid import Level
from ._slabs import Slab, correlate_rows, in_slabs

FIELDS = ("displacement", "diffeomorphic")

ALPHA = 0.3  # 1 / pixels^2, for images in units of their deviation: no pixel alone moves by more than 0.91
FLAT = 0.02  # of squared slopes: where the images vary less, there is little to go by
TRUNCATE = 3.0  # standard deviations, of Gaussians that smooth
LEAST_DETERMINANT = 0.01  # of the Jacobian of a flow: below, it is as good as folded
MENDED_WITHIN = 4.0  # pixels
MOST_MENDINGS = 30
SMALL_STEP = 2.0  # pixels: a flow is squared until its first step is no longer


def squared_lengths(field: Array) -> Array:
    """Of each pixel's vector (ndim, *spatial)."""
    lengths: Array = namespace(field).einsum("i...,i...->...", field, field)
    return lengths


def squarings_for(velocity: Array) -> int:
    """How many make the first step of a flow short; `velocity` is (ndim, *spatial), in pixels."""
    fastest = float(squared_lengths(velocity).max()) ** 0.5
    return max(0, math.ceil(math.log2(max(fastest, 1e-9) / SMALL_STEP)))


def to_displacement(field: Array, kind: str) -> Array:
    """The displacement (ndim, *spatial) that a field of that kind says."""
    if kind == "displacement":
        return field
    xp = namespace(field)
    moved = exponential_displacement(
        xp.moveaxis(field, 0, -1)[None], squarings=squarings_for(field), frame="pixel"
    )
    return xp.moveaxis(moved[0], -1, 0)


def without_folds(velocity: Array) -> Array:
    """The velocity (ndim, *spatial), made smoother where its flow, followed from pixel to pixel, folds.

    What is interpolated between pixels can fold, though a smooth flow cannot.
    """
    xp = namespace(velocity)
    for _ in range(MOST_MENDINGS):
        moved = to_displacement(velocity, "diffeomorphic")
        determinant = jacobian_determinant(xp.moveaxis(moved, 0, -1)[None])[0]
        folded = (determinant < LEAST_DETERMINANT).astype("float32")
        if not bool(folded.any()):
            break
        near = xp.minimum(1, MENDED_WITHIN * smoothed(folded[None], MENDED_WITHIN))
        velocity = velocity + near * (smoothed(velocity, MENDED_WITHIN / 2) - velocity)
    return velocity


def to_transform(field: Array, kind: str) -> AbstractTransform:
    """The transform, from pixels of the fixed image to where the linear map takes over."""
    last = namespace(field).ascontiguousarray(namespace(field).moveaxis(field, 0, -1))[None]
    if kind == "displacement":
        return Displacement(last, frame="pixel")
    return Diffeomorphism(last, frame="pixel", squarings=squarings_for(field))


def smoothed(field: Array, sigma: float) -> Array:
    """Each component (ndim, *spatial), beyond the edges as at them."""
    if sigma == 0:
        return field
    xp, blur, radius = namespace(field), ndimage(field).gaussian_filter, int(TRUNCATE * sigma + 0.5)
    bell = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights, out, last = (bell / bell.sum()).tolist(), xp.empty_like(field), field.shape[1] - 1

    def blur_in(slab: Slab) -> None:
        rows = slab.core[1]
        wide = xp.clip(xp.arange(rows.start - radius, rows.stop + radius), 0, last)
        for component, into in zip(field, out, strict=True):
            summed = correlate_rows(component[None, wide], weights)
            into[rows] = blur(
                summed[0], [0.0] + [sigma] * (field.ndim - 2), mode="nearest", truncate=TRUNCATE
            )

    in_slabs(blur_in, field.shape, xp)
    return out


@dataclass(frozen=True, eq=False)
class FieldComparison:
    """Two levels, under a linear map after a displacement.

    Attributes
    ----------
    images : LeastSquares
        The levels and the metric.
    matrix : ndarray (ndim + 1, ndim + 1)
        The linear map, in space.
    """

    images: LeastSquares
    matrix: np.ndarray

    @cached_property
    def linear(self) -> tuple[Array, Array]:
        """The linear map of pixels: its matrix, and where it takes the fixed level's."""
        fixed = self.images.fixed
        xp, affine = namespace(fixed.image), self.images.transform(self.matrix)
        if not isinstance(affine, Affine):
            raise TypeError("a field is added to an affine map")
        grid = affine.grid(fixed.shape)[0]
        return xp.asarray(affine.theta[0, :, :-1].astype("float32")), xp.asarray(grid.astype("float32"))

    @cached_property
    def slopes(self) -> list[Array]:
        """Of the fixed image, in the metric's units: along x, y[, z], each (c, *spatial)."""
        local = self.images.metric == "lncc"
        return _slopes(self.images.fixed_in_local_units if local else self.images.fixed.image)

    def grid(self, displacement: Array) -> Array:
        """Where in the moving level the pixels of the fixed one are, (1, *spatial, ndim)."""
        matrix, still = self.linear
        return (still + namespace(displacement).moveaxis(displacement, 0, -1) @ matrix.T)[None]

    def view(self, displacement: Array) -> View:
        """The moving image under the linear map after `displacement` (ndim, *spatial)."""
        grid = self.grid(displacement)

        def pull(image: Array, boundary: str = "constant") -> Array:
            return grid_sample(image[None], grid, boundary=boundary, frame="pixel")[0]

        return View(self.matrix, self.images.transform(self.matrix), *self.images.pulled(pull))

    def step(self, view: View) -> Array:
        """What each pixel alone would best be moved by, (ndim, *spatial)."""
        xp = namespace(view.warped)
        warped, fixed, weights = self._in_units(view)
        steps, own_slopes = xp.empty((weights.ndim, *weights.shape), "float32"), self.slopes

        def step_in(slab: Slab) -> None:
            residual = fixed[slab.core] - warped[slab.core]
            slopes = [slope[slab.inner] for slope in _slopes(warped[slab.wide])]
            means = [(one[slab.core] + other) / 2 for one, other in zip(own_slopes, slopes, strict=True)]
            square = sum((mean * mean).sum(axis=0) for mean in means)
            length = square + ALPHA * (residual * residual).sum(axis=0) + FLAT
            own_weights = weights[slab.core[1:]] / length
            for i, mean in enumerate(means):
                steps[i][slab.core[1:]] = (mean * residual).sum(axis=0) * own_weights

        in_slabs(step_in, warped.shape, xp, reach=1)
        return steps

    def backward(self, view: View) -> FieldComparison:
        """The fixed image under a displacement, compared with the moving one under the linear map alone."""
        del view  # which says nothing of it, other than for mutual information
        return self._backward

    @cached_property
    def _backward(self) -> FieldComparison:
        fixed = self.images.fixed
        still = self.view(self.no_displacement)
        target = Level(still.warped, still.weights, fixed.to_space)
        return FieldComparison(replace(self.images, fixed=target, moving=fixed), np.eye(len(fixed.shape) + 1))

    @property
    def no_displacement(self) -> Array:
        """Of any pixel, (ndim, *spatial)."""
        fixed = self.images.fixed
        return namespace(fixed.image).zeros((len(fixed.shape), *fixed.shape), "float32")

    def _in_units(self, view: View) -> tuple[Array, Array, Array]:
        """The two images in the units in which they are compared, and their weights."""
        images, weights = self.images, view.weights
        if images.metric == "lncc":
            return view.local_units.values, images.fixed_in_local_units, weights
        warped, fixed = view.warped, images.fixed.image
        if images.metric == "ncc":
            count = float(weights.sum(dtype="float64"))
            pairs = zip(warped, fixed, strict=True)
            warped = namespace(warped).stack([_regressed(v, f, weights, count) for v, f in pairs])
        elif images.metric in TUNING:
            weights = weights * images.robust(warped - fixed)[1].mean(axis=0)
        return warped, fixed, weights


def _regressed(warped: Array, fixed: Array, weights: Array, count: float) -> Array:
    """With the gain and the bias that make it most alike."""
    moments = Moments.of(warped, fixed, weights, count)
    gain = moments.vf / moments.vv if moments.vv > 0 else 0.0
    return (gain * (warped - moments.v) + moments.f).astype(warped.dtype)


def _slopes(image: Array) -> list[Array]:
    """Central differences of (c, *spatial) along x, y[, z]; none along an axis of one pixel."""
    xp, axes = namespace(image), range(image.ndim - 1, 0, -1)
    return [xp.gradient(image, axis=i) if image.shape[i] > 1 else xp.zeros_like(image) for i in axes]


def to_level(field: Array, coarse: Level, fine: Level) -> Array:
    """A field (ndim, *spatial) of a level, in its pixels, as one of another level of the same image."""
    # From the fine level's pixels to those of the coarse one.
    change = np.linalg.solve(coarse.to_space, fine.to_space)[:-1]
    resampled = warp(field, Affine(change[None], frame="pixel"), fine.shape, boundary="border")
    lengths = np.diag(change).astype(np.float32)
    return resampled / namespace(field).asarray(lengths).reshape(-1, *(1,) * len(fine.shape))
