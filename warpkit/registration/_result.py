"""What a registration answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from warpkit._core import Array
from warpkit.transforms import AbstractTransform

from ._agreement import Agreement
from ._levenberg_marquardt import Iteration


@dataclass(frozen=True, eq=False)
class RegistrationResult:
    """How two images lie to each other, and whether to believe it.

    Attributes
    ----------
    transform : AbstractTransform
        Maps points of the fixed image to points of the moving one, both as (x, y[, z]) in pixels; so
        ``warpkit.warp(moving, transform, fixed.shape)`` looks like the fixed image. Places in the world if
        the images have geometries.
    warped : array
        The moving image as the fixed one has it, of its shape; 0 beyond the moving image's edges.
    coverage : array of bool, shape (*spatial)
        Where both images have something to say: inside the moving image, inside both masks, and finite.
    converged : bool
        Whether the answer deserves belief: see `reason`.
    reason : str
        Why, or why not.
    metric : float
        The correlation for "ncc" and "lncc" and mutual information in nats for "mi", the greater the better;
        the mean loss for the others, in units of the fixed image's variance.
    overlap : float
        Which share of the fixed image, by weight, has a counterpart.
    agreement : Agreement
        How many parts of the images are best where they are: not what was optimised.
    start : str
        Which of the starts led here.
    history : list of Iteration
        Each step after that start was chosen, from the coarsest level to the finest.
    """

    transform: AbstractTransform
    warped: Array
    coverage: Array
    converged: bool
    reason: str
    metric: float
    overlap: float
    agreement: Agreement
    start: str
    history: list[Iteration]

    @cached_property
    def inverse(self) -> AbstractTransform:
        """From points of the moving image to points of the fixed one."""
        return self.transform.inverse()

    def __repr__(self) -> str:
        verdict = "converged" if self.converged else "NOT converged"
        kind = type(self.transform).__name__
        return f"<RegistrationResult: {kind}, {verdict}: {self.reason}>"
