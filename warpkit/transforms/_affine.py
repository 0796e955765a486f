"""Affine maps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, ArraySpec, wrong_value
from warpkit.ops import concatenate, matmul, solve

from ._affine_grid import check_theta
from ._estimates import FailedEstimate, PointPairs
from ._fields import check_random_generator, floating_spec, library
from ._inversion import check_invertible
from ._transform import AbstractAffine, AbstractMatrix, affine_in_frame, check_dimensions, check_frame


@final
@dataclass(frozen=True, eq=False)
class Affine(AbstractAffine):
    r"""Affine maps, :math:`T(p) = A p + b`.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates.

    Parameters
    ----------
    theta : array, shape (n, ndim, ndim + 1)
        The matrix [A b] of each batch element.
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
    :math:`\bar A = \sum_p \bar q(p)\, p^T`, :math:`\bar b = \sum_p \bar q(p)`.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    arXiv:1506.02025, eq. (1).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> mirror = wk.Affine(np.array([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]))
    >>> wk.warp(np.array([[1.0, 2.0, 3.0]]), mirror)
    array([[3., 2., 1.]])
    >>> (mirror @ mirror).theta
    array([[[1., 0., 0.],
            [0., 1., 0.]]])
    """

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = (AbstractAffine,)

    theta: Array
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        check_theta(floating_spec("theta", self.theta))
        check_frame(self.frame)

    # Construction.
    @classmethod
    def identity(cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64) -> Affine:
        """Return `n` maps that leave every point where it is."""
        check_dimensions(ndim)
        return cls(np.tile(np.eye(ndim, ndim + 1, dtype=dtype), (n, 1, 1)), frame=frame)

    @classmethod
    def random(cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized") -> Affine:
        """Draw `n` maps: the identity plus numbers in [-0.3, 0.3]."""
        check_random_generator(rng)
        check_dimensions(ndim)
        return cls(np.eye(ndim, ndim + 1) + rng.uniform(-0.3, 0.3, (n, ndim, ndim + 1)), frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Affine | FailedEstimate:
        """Estimate the affine map that takes `src` closest to `dst`, by least squares.

        Parameters
        ----------
        src, dst : array, shape (n, m, ndim) or (m, ndim)
            At least three pairs of points in 2D, four in 3D, not on a line (a plane): T(src) is to be dst.
        weights : array, shape (n, m) or (m,), optional
            Non-negative weights of the squared distances.
        frame : {"normalized", "corners", "pixel", "world"}
            What the coordinates mean.

        Returns
        -------
        Affine or FailedEstimate
            The failure is falsy and says why.
        """
        pairs = PointPairs.of(src, dst, weights, least=1, per_dimension=1)
        if isinstance(pairs, FailedEstimate):
            return pairs
        failure = pairs.spread_failure(pairs.ndim)
        if failure is not None:
            return failure
        root = np.sqrt(pairs.weights)[..., None]
        matrices = [
            np.linalg.lstsq(x, y, rcond=None)[0].T
            for x, y in zip(root * pairs.src_offset, root * pairs.dst_offset, strict=True)
        ]
        matrix = np.reshape(matrices, (-1, pairs.ndim, pairs.ndim))
        offset = pairs.dst_centre - np.einsum("nij,nj->ni", matrix, pairs.src_centre)
        return cls(pairs.back(np.concatenate([matrix, offset[..., None]], axis=-1)), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Affine:
        return transform.to_affine()

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.theta.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.theta.shape[0])

    # Operations.
    def inverse(self) -> Affine:
        """Return the map back, computed in float64.

        Raises
        ------
        ValueError
            If a matrix is singular, naming its batch index and condition number.
        """
        theta = self.theta.astype("float64")
        matrix = theta[:, :, :-1]
        check_invertible("theta", matrix)
        xp = library(theta)
        unit = xp.broadcast_to(xp.eye(self.ndim), matrix.shape)
        inverse = solve(matrix, unit)
        back = concatenate(inverse, -matmul(inverse, theta[:, :, -1:]), axis=-1)
        return Affine(back.astype(self.theta.dtype), frame=self.frame)

    def _after(self, inner: Affine) -> Affine:
        return Affine(affine_product(self.theta, inner.theta), frame=self.frame)

    def _in_frame(self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> Affine:
        return affine_in_frame(self, frame, in_shape, out_shape)

    # Conversions.
    def to_affine(self) -> Affine:
        """Return this map itself."""
        return self


def affine_product(outer: Array, inner: Array) -> Array:
    """The matrices [A b] of the maps `inner` and then `outer`."""
    product = matmul(outer[:, :, :-1], inner)
    return concatenate(product[:, :, :-1], product[:, :, -1:] + outer[:, :, -1:], axis=-1)


def affine_spec(argument: str, value: Any, ndim: int) -> ArraySpec:
    """Check that a field is a batch of [A b]; return its spec."""
    spec = floating_spec(argument, value)
    if spec.ndim != 3 or spec.shape[1:] != (ndim, ndim + 1):
        raise wrong_value(argument, f"shape (n, {ndim}, {ndim + 1})", f"shape {spec.shape}")
    return spec
