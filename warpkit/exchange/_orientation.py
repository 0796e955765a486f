r"""RAS and LPS: the one place where the world's axes are turned.

ITK and DICOM have x to the left of a patient, y to the back (posterior) and z to the head (superior): LPS.
NIfTI, nibabel and what builds on them have x to the right, y to the front (anterior) and z to the head: RAS.
A place in one is :math:`F = \mathrm{diag}(-1, -1, 1, 1)` times the place in the other, and F is its own
inverse. warpkit's world is LPS wherever a file or a library says where a patient is.
"""

from __future__ import annotations

import numpy as np

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def flip_places(matrix: np.ndarray) -> np.ndarray:
    """A map (4, 4) from anything to RAS, such as a NIfTI affine, as one to LPS; and the other way round."""
    return _FLIP @ matrix + 0.0  # no negative zeros


def flip_map(matrix: np.ndarray) -> np.ndarray:
    """A map (4, 4) from RAS to RAS as one from LPS to LPS; and the other way round."""
    return _FLIP @ matrix @ _FLIP + 0.0


def in_3d(matrix: np.ndarray) -> np.ndarray:
    """A homogeneous matrix of 1 or 2 dimensions as one of 3, (4, 4): further axes stay as they are."""
    ndim = len(matrix) - 1
    out = np.eye(4)
    out[:ndim, :ndim], out[:ndim, 3] = matrix[:ndim, :ndim], matrix[:ndim, ndim]
    return out
