"""All experiments, by their names on the command line."""

from __future__ import annotations

from .addition import Addition
from .colocalisation import colocalisation
from .distorted import distorted_digits
from .experiment import AbstractExperiment
from .looks import Looks
from .sequences import Sequences
from .signs import Signs
from .voxels import Voxels


def all_experiments() -> dict[str, AbstractExperiment]:
    """The paper's in its order, then those on traffic signs."""
    return {
        **distorted_digits(),
        "addition": Addition(),
        **colocalisation(),
        "voxels": Voxels(),
        "sequences": Sequences(),
        "looks": Looks(),
        "signs": Signs(),
    }
