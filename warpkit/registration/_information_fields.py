"""Steps of fields by mutual information: by differences, of images in one contrast.

For each value of either image stands the mean of the fixed image's values where it is. The bins blur the
fixed image's own values as they do the other's, so that where both show the same nothing differs. What is
between pixels is first interpolated and then looked up: values that mean the same may lie on both sides of
others.

A. Guimond, A. Roche, N. Ayache, J. Meunier, "Three-dimensional multimodal brain warping using the demons
algorithm and adaptive intensity corrections", IEEE Transactions on Medical Imaging 20 (1), 2001.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from warpkit._core import Array

from ._fields import FieldComparison
from ._least_squares import LeastSquares, View
from ._mutual_information import MutualInformation
from ._pyramid import Level


@dataclass(frozen=True, eq=False)
class InformationFieldComparison(FieldComparison):
    """Two levels, under a linear map after a displacement, by mutual information.

    Attributes
    ----------
    images : MutualInformation
    matrix : ndarray (ndim + 1, ndim + 1)
    """

    images: MutualInformation

    @cached_property
    def still(self) -> View:
        """The moving image under the linear map alone."""
        return self.view(self.no_displacement)

    def step(self, view: View) -> Array:
        """What each pixel alone would best be moved by, (ndim, *spatial)."""
        images = LeastSquares(self._fixed(view), self.images.moving, "ssd")
        seen = replace(view, warped=self.images.in_fixed_contrast(view))
        return FieldComparison(images, self.matrix).step(seen)

    def backward(self, view: View) -> FieldComparison:
        """The fixed image under a displacement, compared with the moving one under the linear map alone."""
        still = self.still
        target = Level(self.images.in_fixed_contrast(view, still), still.weights, self.images.fixed.to_space)
        images = LeastSquares(target, self._fixed(view), "ssd")
        return FieldComparison(images, np.eye(len(target.shape) + 1))

    def _fixed(self, view: View) -> Level:
        """In its own contrast, as the bins say it."""
        return replace(self.images.fixed, image=self.images.in_own_contrast(view))
