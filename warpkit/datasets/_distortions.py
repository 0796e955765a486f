"""The paper's distortions by the paper's names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._clutter import clutter
from ._corners import perturb_corners
from ._elastic import bend
from ._rotation import rotate, rotate_scale_translate

DISTORTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "R": rotate,
    "RTS": rotate_scale_translate,
    "P": perturb_corners,
    "E": bend,
    "TC": clutter,
}
"""From images (n, c, height, width) and a generator to distorted images and the theta used.

The names are those of M. Jaderberg et al., "Spatial transformer networks", NIPS 2015, section 4.1.
"""
