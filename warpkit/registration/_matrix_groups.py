r"""Groups of matrices: the linear maps that a registration chooses from, and how it steps among them.

A step multiplies the map by :math:`\exp(\sum_k t_k B_k)`. The result is of the group again: a rigid motion
stays rigid, whatever the step, and at :math:`t = 0` the derivative by :math:`t_k` is the generator
:math:`B_k` itself.

Coordinates are relative to the middle of the fixed image, in units of its radius. So each parameter moves
points of the image by about as much as the others do, and none needs a scale of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warpkit._core import check_choice
from warpkit.transforms import (
    AbstractMatrix,
    Affine,
    FailedEstimate,
    Projective,
    Rigid,
    Similarity,
    Translation,
)

GROUPS = ("translation", "rigid", "similarity", "affine", "projective")


@dataclass(frozen=True, eq=False)
class MatrixGroup:
    """Maps of homogeneous coordinates (x, y[, z], 1), as matrices.

    Attributes
    ----------
    name : str
        One of GROUPS.
    generators : ndarray (k, ndim + 1, ndim + 1)
        What the steps are made of.
    """

    name: str
    generators: np.ndarray

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return self.generators.shape[1] - 1

    def exponential(self, parameters: np.ndarray) -> np.ndarray:
        """The step for `parameters` (k,)."""
        from scipy.linalg import expm  # not with warpkit: it takes long to load

        return expm(np.tensordot(parameters, self.generators, axes=1))

    def to_transform(self, matrix: np.ndarray, frame: str) -> AbstractMatrix:
        """The transform of the group's own class."""
        rows, exact = self.ndim, matrix[None] / matrix[-1, -1]
        if self.name == "projective":
            return Projective(exact, frame=frame)
        if self.name == "affine":
            return Affine(exact[:, :rows], frame=frame)
        if self.name == "translation":
            return Translation(exact[:, :rows, -1], frame=frame)
        kind = Rigid if self.name == "rigid" else Similarity
        corners = np.array(list(itertools.product((0.0, 1.0), repeat=rows)))
        found = kind.from_points(corners, map_points(matrix, corners), frame=frame)
        if isinstance(found, FailedEstimate):
            raise RuntimeError(f"a matrix that is not of its group: {found.reason}")
        return found


def matrix_group(name: str, ndim: int) -> MatrixGroup:
    """The group `name` in `ndim` dimensions."""
    check_choice("transform", name, GROUPS)
    axes, last = range(ndim), ndim

    def unit(row: int, column: int) -> np.ndarray:
        matrix = np.zeros((ndim + 1, ndim + 1))
        matrix[row, column] = 1
        return matrix

    translations = [unit(i, last) for i in axes]
    rotations = [unit(j, i) - unit(i, j) for i, j in itertools.combinations(axes, 2)]
    growth = [sum((unit(i, i) for i in axes), np.zeros((ndim + 1, ndim + 1)))]
    linear = [unit(i, j) for i in axes for j in axes]
    perspective = [unit(last, i) for i in axes]
    of_group: dict[str, Sequence[np.ndarray]] = {
        "translation": translations,
        "rigid": [*translations, *rotations],
        "similarity": [*translations, *rotations, *growth],
        "affine": [*translations, *linear],
        "projective": [*translations, *linear, *perspective],
    }
    return MatrixGroup(name, np.stack(of_group[name]))


def map_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (m, ndim); NaN where the denominator is not positive."""
    mapped = points @ matrix[:, :-1].T + matrix[:, -1]
    denominator = mapped[:, -1:]
    return mapped[:, :-1] / np.where(denominator > 0, denominator, np.nan)


def scaling(factors: Sequence[float], offsets: Sequence[float] | None = None) -> np.ndarray:
    """The matrix of q = factor * p + offset along each axis (x, y[, z])."""
    matrix = np.diag([*factors, 1.0])
    if offsets is not None:
        matrix[:-1, -1] = offsets
    return matrix
