"""Projective maps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, plain
from warpkit.ops import concatenate, matmul, solve

from ._estimates import FailedEstimate, PointPairs
from ._fields import check_random_generator, floating_spec, library
from ._from_pixels import projective_from_pixels
from ._homography_estimate import estimate_homographies
from ._inversion import check_invertible
from ._projective_grid import check_homography, projective_grid, projective_points, with_positive_origin
from ._to_pixels import projective_to_pixels
from ._transform import AbstractAffine, AbstractMatrix, AbstractTransform, check_dimensions, check_frame


@final
@dataclass(frozen=True, eq=False)
class Projective(AbstractMatrix):
    r"""Projective maps (homographies, collineations), :math:`T(p) = h / w` with :math:`(h, w) = H (p, 1)`.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates. Any non-zero
    multiple of H is the same map; of the two signs the one counts whose last element is positive. Where the
    denominator `w` is then zero or negative, the point has passed the horizon: it is infinitely far, outside
    of everything, and its gradient is zero.

    Parameters
    ----------
    theta : array, shape (n, ndim + 1, ndim + 1)
        The homogeneous matrix H of each batch element.
    frame : {"normalized", "corners", "pixel", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`.

    Raises
    ------
    ValueError
        If `theta` has another shape, or the frame is unknown.
    TypeError
        If `theta` is no floating array.

    Notes
    -----
    :math:`\bar h = \bar q / w`, :math:`\bar w = -\bar q \cdot q / w`, :math:`\bar H = \sum_p (\bar h, \bar w)
    (p, 1)^T`.

    A composition, an inverse or the same map in another frame is a :class:`Projective` where the origin of
    its coordinates is before the horizon. Where it is not, the sign cannot be told from the matrix any more:
    then it is :class:`Composed` of a translation and a :class:`Projective`.

    References
    ----------
    R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2004, section 2.3.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> tilt = wk.Projective(np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]]]))
    >>> tilt(np.array([[1.0, 0.0], [-3.0, 0.0]])).round(3)
    array([[[0.667, 0.   ],
            [  inf,   inf]]])
    """

    closed_under_composition: ClassVar[bool] = True
    closed_form_inverse: ClassVar[bool] = True
    estimable: ClassVar[bool] = True
    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = (AbstractAffine,)

    theta: Array
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        check_homography(floating_spec("theta", self.theta))
        check_frame(self.frame)

    # Construction.
    @classmethod
    def identity(
        cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Projective:
        """Return `n` maps that leave every point where it is."""
        check_dimensions(ndim)
        return cls(np.tile(np.eye(ndim + 1, dtype=dtype), (n, 1, 1)), frame=frame)

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> Projective:
        """Draw `n` maps: the identity plus numbers in [-0.2, 0.2], in the last row in [-0.1, 0.1]."""
        check_random_generator(rng)
        check_dimensions(ndim)
        noise = rng.uniform(-0.2, 0.2, (n, ndim + 1, ndim + 1))
        noise[:, -1] /= 2
        return cls(np.eye(ndim + 1) + noise, frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Projective | FailedEstimate:
        """Estimate the homography that takes `src` to `dst`, by the normalised direct linear transform.

        Parameters
        ----------
        src, dst : array, shape (n, m, ndim) or (m, ndim)
            At least four pairs of points in 2D, five in 3D, in general position: T(src) is to be dst.
        weights : array, shape (n, m) or (m,), optional
            Non-negative weights of the squared algebraic distances.
        frame : {"normalized", "corners", "pixel", "world"}
            What the coordinates mean.

        Returns
        -------
        Projective or FailedEstimate
            The failure is falsy and says why.

        References
        ----------
        R. Hartley, "In defense of the eight-point algorithm", IEEE Transactions on Pattern Analysis and
        Machine Intelligence 19 (6), 1997.
        """
        pairs = PointPairs.of(src, dst, weights, least=2, per_dimension=1)
        if isinstance(pairs, FailedEstimate):
            return pairs
        theta = estimate_homographies(pairs)
        return theta if isinstance(theta, FailedEstimate) else cls(pairs.back(theta), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Projective:
        theta = transform.to_affine().theta
        xp, n, ndim = library(theta), theta.shape[0], theta.shape[1]
        last = xp.broadcast_to(xp.eye(ndim + 1, dtype=theta.dtype)[-1:], (n, 1, ndim + 1))
        return cls(concatenate(theta, last, axis=1), frame=transform.frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.theta.shape[1]) - 1

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.theta.shape[0])

    # Mapping.
    def _map(self, points: Array) -> Array:
        return projective_points(self.theta, points)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        return projective_grid(self.theta, shape, frame=self.frame)

    # Operations.
    def inverse(self) -> AbstractTransform:
        """Return the map back, computed in float64.

        Raises
        ------
        ValueError
            If a matrix is singular, naming its batch index and condition number.
        """
        theta = with_positive_origin(self.theta.astype("float64"))
        check_invertible("theta", theta)
        xp = library(theta)
        unit = xp.broadcast_to(xp.eye(self.ndim + 1), theta.shape)
        return signed_homography(solve(theta, unit), self.theta.dtype, self.frame)

    def _after(self, inner: Projective) -> AbstractTransform:
        product = matmul(with_positive_origin(self.theta), with_positive_origin(inner.theta))
        return signed_homography(product, product.dtype, self.frame)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> AbstractTransform:
        pixels = projective_to_pixels(with_positive_origin(self.theta), in_shape, out_shape, self.frame)
        theta = projective_from_pixels(pixels, in_shape, out_shape, frame)
        return signed_homography(theta, self.theta.dtype, frame)

    # Conversions.
    def to_projective(self) -> Projective:
        """Return this map itself."""
        return self


def signed_homography(theta: Array, dtype: Any, frame: str) -> AbstractTransform:
    """The map of homogeneous matrices whose sign counts: `w` is positive before the horizon.

    A Projective takes its sign from the last element, which is `w` at the origin. Where that is not positive,
    the origin is moved to a place where w = 1.
    """
    values = plain(theta)
    xp = library(values)
    row, last = values[:, -1, :-1], values[:, -1, -1]
    if not (last <= 0).any():
        return Projective(theta.astype(dtype), frame=frame)
    from ._composed import Composed
    from ._translation import Translation

    square = (row * row).sum(axis=1)
    behind = (last <= 0) & (square > 0)
    length = xp.where(behind, (1 - last) / xp.where(behind, square, 1), 0)
    place = row * length[:, None]
    shift = xp.broadcast_to(xp.eye(values.shape[1]), values.shape).copy()
    shift[:, :-1, -1] = place
    moved = Projective(matmul(theta, shift).astype(dtype), frame=frame)
    return Composed((moved, Translation(-place.astype(dtype), frame=frame)))
