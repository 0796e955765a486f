r"""Thin-plate splines before an affine map: what Levenberg and Marquardt's method asks of them.

The parameters t of a step move theta, the places of the control points, by t times their spacing h. Beside
the metric stands a small multiple of the spline's bending energy (F. L. Bookstein, "Principal warps", IEEE
Transactions on Pattern Analysis and Machine Intelligence 11 (6), 1989), for what the images do not determine:

.. math:: E = \frac{h^2}{V} \int \sum_i \lVert \nabla^2 u_i \rVert^2
   = \frac{8 \pi h^2}{V} \sum_i \theta_i^T W \theta_i,

with the volume V of the fixed image, and the rows W for the weights in the matrix that takes values at the
control points to a spline. (Of the basis functions :math:`r^2 \log r` and :math:`-r` the bi-Laplacian is
:math:`8 \pi` times Dirac's, in 2D and in 3D.) It has no unit: an image and the same image in finer pixels are
bent alike. As a quadratic form of theta, it is in the method's model as it is.

The metric's model is that of `_least_squares`: an affine map after a thin-plate spline is one, too.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from warpkit._core import Array
from warpkit.transforms import ThinPlateSpline, tps_operator
from warpkit.warping import warp

from ._least_squares import Comparison, LeastSquares, View
from ._matrix_groups import map_points

BENDING = 8 * np.pi


def lattice_over(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, float]:
    """Control points (k, ndim) from edge to edge of an image, `count` along its longest axis; their spacing.

    Along the others they are about as far from each other.
    """
    spacing = max((max(shape) - 1) / (count - 1), 1.0)
    counts = [max(2, round((n - 1) / spacing) + 1) for n in shape[::-1]]
    # Of points on a line there is no such spline: those across a single row of pixels lie off it.
    first = [0.0 if n > 1 else -0.5 for n in shape[::-1]]
    axes = [np.linspace(a, n - 1 - a, m) for a, n, m in zip(first, shape[::-1], counts, strict=True)]
    return np.array(list(itertools.product(*axes))), spacing


@dataclass(frozen=True, eq=False)
class ThinPlate:
    """The splines to choose from, in pixels at full size.

    Attributes
    ----------
    control_points : ndarray (k, ndim)
        In the fixed image.
    spacing : float
        Of the control points.
    affine : ndarray (ndim + 1, ndim + 1)
        From pixels of the fixed image to pixels of the moving one: after the spline.
    shape : tuple of int
        The moving image's.
    """

    control_points: np.ndarray
    spacing: float
    affine: np.ndarray
    shape: tuple[int, ...]

    def directions(self, theta: np.ndarray) -> np.ndarray:
        """Derivatives of theta by the parameters of a step (k * ndim, k, ndim)."""
        return self.spacing * np.eye(theta.size).reshape(-1, *theta.shape)

    def step(self, theta: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Theta after a step."""
        return theta + self.spacing * parameters.reshape(theta.shape)

    def displacement(self, one: np.ndarray, other: np.ndarray) -> float:
        """The farthest that a control point moves which `one` maps into the moving image; of all, if none."""
        places, moved = (map_points(self.affine, theta) for theta in (one, other))
        last = np.array(self.shape[::-1]) - 1
        inside = ((places >= 0) & (places <= last)).all(axis=1)
        distances = np.linalg.norm(moved - places, axis=1)
        return float(distances[inside].max() if inside.any() else distances.max())


@dataclass(frozen=True, eq=False)
class BentView(View):
    """The moving image as an affine map after a spline shows it.

    Attributes
    ----------
    theta : ndarray (k, ndim)
        Where the spline, before the affine map, takes the control points; in the fixed image at full size.
    """

    theta: np.ndarray


@dataclass(frozen=True, eq=False)
class ThinPlateComparison:
    """Two levels, under an affine map after a spline.

    Attributes
    ----------
    images : LeastSquares
        The levels and the metric.
    matrix : ndarray (ndim + 1, ndim + 1)
        The affine map, in space.
    to_space : ndarray (ndim + 1, ndim + 1)
        Of the fixed image at full size.
    control_points : ndarray (k, ndim)
        In the fixed image at full size.
    bending : ndarray (k, k)
        The quadratic form beside the metric, for each coordinate of theta.
    """

    images: LeastSquares
    matrix: np.ndarray
    to_space: np.ndarray
    control_points: np.ndarray
    bending: np.ndarray
    memory: ClassVar[int] = 0  # the matrix of so many parameters is mended by no few steps

    @property
    def into(self) -> np.ndarray:
        """The affine map from pixels of the fixed image at full size to those of the moving level."""
        return np.linalg.solve(self.images.moving.to_space, self.matrix @ self.to_space)

    def view(self, theta: np.ndarray) -> BentView:
        """The moving image under the affine map after the spline.

        Distances are taken in the level's pixels: where these are longer along some axes, it bends a little
        otherwise than at full size.
        """
        images = self.images
        into_level = np.linalg.solve(images.fixed.to_space, self.to_space)
        points = map_points(into_level, self.control_points)
        spline = ThinPlateSpline(map_points(self.into, theta)[None], points, frame="pixel")

        def pull(image: Array, boundary: str = "constant") -> Array:
            return warp(image, spline, images.fixed.shape, boundary=boundary)

        return BentView(self.matrix, spline, *images.pulled(pull), theta)

    def model(self, view: BentView, directions: np.ndarray) -> Comparison:
        """Cost and model, by the parameters of a step whose effects on theta are `directions`."""
        moved = directions @ self.into[:-1, :-1].T
        size = len(directions)
        found = self.images.model_by_theta(view, moved.reshape(size, -1).T)
        bent = np.einsum("kl,pli->pki", self.bending, directions).reshape(size, -1)
        return Comparison(
            found.cost + self.energy(view),
            found.gradient + 2 * bent @ view.theta.reshape(-1),
            found.hessian + 2 * bent @ directions.reshape(size, -1).T,
        )

    def energy(self, view: BentView) -> float:
        """What the bending costs."""
        return float(np.einsum("ki,kl,li->", view.theta, self.bending, view.theta))

    def overlap(self, view: BentView) -> float:
        """Which share of the fixed image's weight has a counterpart."""
        return self.images.overlap(view)

    def improves(self, one: BentView, other: BentView) -> bool:
        """Whether the other view is better, where both have something to show."""
        return self.images.gain(one, other) > self.energy(other) - self.energy(one)


def bending_form(
    control_points: np.ndarray, spacing: float, shape: tuple[int, ...], stiffness: float
) -> np.ndarray:
    """The matrix of `stiffness` times the bending energy E, (k, k)."""
    weights = tps_operator(control_points)[: len(control_points)]
    factor = stiffness * BENDING * spacing**2 / float(np.prod(shape))
    return factor * (weights + weights.T) / 2
