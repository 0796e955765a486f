r"""Free-form deformations before an affine map, found by the gradient of all their coefficients.

On each level of the pyramid the coefficients c, in pixels at full size, make least

.. math:: C(V(c), F) + \alpha\, \operatorname{bending}(c / h),

the metric C of `_least_squares` of the fixed image F and the warped one V, and the bending energy of the
lattice of coefficients, in units of their spacing h: what the images do not determine is bent as little as it
may be, whatever the size of a pixel. The lattice of a level has its control points twice as far from each
other as the next finer one, which begins with the same map.

The gradient goes back through the metric, the sampling of the moving image and the affine map, to the
displacement of each pixel, :math:`u = (B_z \otimes B_y \otimes B_x)\, c`; the splines along each axis are
small matrices B, whose transposes take it back to the coefficients. It is that for fixed weights (where the
images meet, and the masks), and they stay fixed during a descent, so that it is exact.

D. Rueckert, L. I. Sonoda, C. Hayes, D. L. G. Hill, M. O. Leach, D. J. Hawkes, "Nonrigid registration using
free-form deformations: application to breast MR images", IEEE Transactions on Medical Imaging 18 (8), 1999.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from warpkit._core import Array, namespace, to_numpy
from warpkit.metrics import bending_energy, bending_gradient
from warpkit.sampling import grid_sample
from warpkit.transforms import FreeFormDeformation

from ._cost_slope import cost_slope
from ._fields import FieldComparison
from ._least_squares import View


@dataclass(frozen=True, eq=False)
class FreeFormCost:
    """The cost of a deformation on a level, as a function of its coefficients (*lattice, ndim).

    Attributes
    ----------
    both : FieldComparison
        The level, the metric, and the affine map.
    lattice : FreeFormDeformation
        In pixels of the fixed image at full size; its spacing is the same along all axes.
    to_space : ndarray (ndim + 1, ndim + 1)
        Of the fixed image at full size.
    stiffness : float
        Alpha.
    """

    both: FieldComparison
    lattice: FreeFormDeformation
    to_space: np.ndarray
    stiffness: float

    def __call__(self, weights: Array, coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and gradient, for `weights` (*spatial) of the level's pixels."""
        both, images = self.both, self.both.images
        grid, moving = both.grid(self.displacement(coefficients)), images.moving.image[None]
        warped = grid_sample(moving, grid, boundary="border", frame="pixel")[0]
        shown = namespace(warped).where(weights > 0, warped, 0)
        view = View(both.matrix, images.transform(both.matrix), shown, weights)
        cost = images.cost(view, weights)
        if not np.isfinite(cost):
            return np.inf, np.zeros_like(coefficients)
        ct = cost_slope(images, view).astype(moving.dtype)[None]
        _, ct_grid = grid_sample.vjp(ct, moving, grid, needs=(False, True), boundary="border", frame="pixel")
        bent = coefficients[None] / self.lattice.spacing
        energy, bend = bending_energy(bent)[0], 2 * bending_gradient(bent)[0] / self.lattice.spacing
        return (
            cost + self.stiffness * float(energy),
            self._pulled_back(ct_grid) + self.stiffness * bend,
        )

    @cached_property
    def to_full(self) -> np.ndarray:
        """From pixels of the level to pixels at full size; it only scales and shifts."""
        return np.linalg.solve(self.to_space, self.both.images.fixed.to_space)

    @cached_property
    def bases(self) -> list[Array]:
        """The splines along each axis of the image: (pixels, control points)."""
        image, lattice = self.both.images.fixed.image, self.lattice
        xp, bases = namespace(image), []
        for i, (length, count) in enumerate(
            zip(image.shape[1:], lattice.coefficients.shape[1:-1], strict=True)
        ):
            d = lattice.ndim - 1 - i
            full = self.to_full[d, d] * np.arange(length) + self.to_full[d, -1]
            places = (full - lattice.origin[d]) / lattice.spacing[d]
            unit = np.eye(count)[None]
            basis = grid_sample(
                unit, places[None, :, None], kernel="bspline3", boundary="border", frame="pixel"
            )
            bases.append(xp.asarray(basis[0].T.astype(image.dtype)))
        return bases

    @cached_property
    def lengths(self) -> Array:
        """Of the level's pixels along x, y[, z], in pixels at full size, (ndim, 1, ...)."""
        image = self.both.images.fixed.image
        lengths = np.diag(self.to_full)[:-1].astype(image.dtype)
        return namespace(image).asarray(lengths).reshape(-1, *(1,) * self.lattice.ndim)

    def displacement(self, coefficients: np.ndarray) -> Array:
        """Of each pixel of the level, in its pixels, (ndim, *spatial)."""
        image = self.both.images.fixed.image
        c = namespace(image).asarray(np.moveaxis(coefficients, -1, 0).astype(image.dtype))
        return _along_axes(self.bases, c) / self.lengths

    def _pulled_back(self, ct_grid: Array) -> np.ndarray:
        """From a cotangent of the places in the moving level to one of the coefficients."""
        xp, linear = namespace(ct_grid), self.both.linear[0]
        ct = xp.moveaxis(ct_grid[0] @ linear, -1, 0) / self.lengths
        back = _along_axes([basis.T for basis in self.bases], ct)
        return np.moveaxis(to_numpy(back), 0, -1).astype(np.float64)


def _along_axes(matrices: list[Array], array: Array) -> Array:
    """Each matrix along its axis of (channels, *spatial); not by BLAS, whose bits vary with its threads."""
    xp = namespace(array)
    for axis, matrix in enumerate(matrices, start=1):
        array = xp.moveaxis(xp.einsum("...k,nk->...n", xp.moveaxis(array, axis, -1), matrix), -1, axis)
    return array


def refined_over(shape: tuple[int, ...], coarser: FreeFormDeformation) -> FreeFormDeformation:
    """The same map of an image of that shape on a lattice of half the spacing, no larger than it needs."""
    finer = coarser.refined()
    still = FreeFormDeformation.identity(shape, finer.spacing[0], frame="pixel")
    beyond = (np.array(still.origin) - finer.origin) / finer.spacing
    lattice = still.coefficients.shape[1:-1]
    some = tuple(slice(round(i), round(i) + n) for i, n in zip(beyond[::-1].tolist(), lattice, strict=True))
    return replace(still, coefficients=finer.coefficients[(slice(None), *some)])
