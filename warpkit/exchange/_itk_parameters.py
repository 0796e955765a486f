"""ITK's matrix transforms as ITK itself writes them down: a name, parameters, and fixed parameters.

All of them are maps of places in the world (LPS), of the form A (p - c) + c + t with a centre c, and lead
from the fixed image to the moving one: warpkit's own form and direction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import plain, to_numpy, wrong_value
from warpkit.transforms import (
    WORLD,
    AbstractAffine,
    Affine,
    Attention,
    Rigid,
    Similarity,
    Translation,
)

from ._matrices import check_transform

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class ITKParameters:
    """A transform of ITK, written down."""

    name: str
    """Without the suffix of a file: "AffineTransform"."""
    ndim: int
    parameters: Numbers
    fixed: Numbers = ()
    """The centre c, where the transform has one; Euler3DTransform has a fourth number."""

    @property
    def centre(self) -> Numbers:
        """c, the origin if nothing is said (as in old files)."""
        return self.fixed[: self.ndim] or (0.0,) * self.ndim


# ---- from ITK ----------------------------------------------------------------------------------------------


def _translation(given: ITKParameters) -> AbstractAffine:
    return Translation(np.array([given.parameters]), frame=WORLD)


def _identity(given: ITKParameters) -> AbstractAffine:
    return Translation(np.zeros((1, given.ndim)), frame=WORLD)


def _rigid(rotation: Any, translation: Numbers, centre: Numbers) -> AbstractAffine:
    return Rigid(np.array([rotation]), np.array([translation]), centre, frame=WORLD)


def _euler_2d(given: ITKParameters) -> AbstractAffine:
    return _rigid(given.parameters[0], given.parameters[1:], given.centre)


def _euler_3d(given: ITKParameters) -> AbstractAffine:
    from scipy.spatial.transform import Rotation  # here, because importing it takes long

    x, y, z = given.parameters[:3]
    # R_z R_x R_y, or R_z R_y R_x if the fourth fixed parameter says so.
    zyx = len(given.fixed) > 3 and given.fixed[3] != 0
    turned = Rotation.from_euler("ZYX", (z, y, x)) if zyx else Rotation.from_euler("ZXY", (z, x, y))
    return _rigid(turned.as_rotvec(), given.parameters[3:], given.centre)


def _versor(given: ITKParameters) -> AbstractAffine:
    translation = given.parameters[3:] or (0.0, 0.0, 0.0)
    return _rigid(_rotation_vector(given.parameters[:3]), translation, given.centre)


def _similarity_2d(given: ITKParameters) -> AbstractAffine:
    scale, angle, *translation = given.parameters
    values = np.array([scale]), np.array([angle]), np.array([translation])
    return Similarity(*values, given.centre, frame=WORLD)


def _similarity_3d(given: ITKParameters) -> AbstractAffine:
    vector = _rotation_vector(given.parameters[:3])
    values = np.array(given.parameters[6:]), np.array([vector]), np.array([given.parameters[3:6]])
    return Similarity(*values, given.centre, frame=WORLD)


def _scale(given: ITKParameters) -> AbstractAffine:
    return _about(np.diag(given.parameters), (0.0,) * given.ndim, given.centre)


def _affine(given: ITKParameters) -> AbstractAffine:
    ndim = given.ndim
    matrix = np.array(given.parameters[: ndim**2]).reshape(ndim, ndim)
    return _about(matrix, given.parameters[ndim**2 :], given.centre)


def _about(matrix: np.ndarray, translation: Numbers, centre: Numbers) -> AbstractAffine:
    offset = np.array(translation) + (np.array(centre) - matrix @ np.array(centre))
    return Affine(np.column_stack((matrix, offset))[None], frame=WORLD)


def _rotation_vector(versor: Numbers) -> np.ndarray:
    """Of the vector part of a unit quaternion whose scalar part is not negative."""
    from scipy.spatial.transform import Rotation

    scalar = np.sqrt(max(0.0, 1 - np.dot(versor, versor)))
    return Rotation.from_quat((*versor, scalar)).as_rotvec()


# By name and dimensions: how many parameters there are, and who reads them.
_Reader = tuple[int, Callable[[ITKParameters], AbstractAffine]]
_READERS: dict[tuple[str, int], _Reader] = {
    ("Euler2DTransform", 2): (3, _euler_2d),
    ("Rigid2DTransform", 2): (3, _euler_2d),
    ("Similarity2DTransform", 2): (4, _similarity_2d),
    ("Euler3DTransform", 3): (6, _euler_3d),
    ("VersorTransform", 3): (3, _versor),
    ("VersorRigid3DTransform", 3): (6, _versor),
    ("Similarity3DTransform", 3): (7, _similarity_3d),
}
for _ndim in (2, 3):
    _READERS["IdentityTransform", _ndim] = 0, _identity
    _READERS["TranslationTransform", _ndim] = _ndim, _translation
    _READERS["ScaleTransform", _ndim] = _ndim, _scale
    for _name in ("AffineTransform", "MatrixOffsetTransformBase"):  # the second is what ANTs writes
        _READERS[_name, _ndim] = _ndim * (_ndim + 1), _affine


def from_parameters(given: ITKParameters) -> AbstractAffine:
    """Make the transform, of the simplest class that ITK's says.

    Raises
    ------
    ValueError
        If no such transform is known, or it has another number of parameters.
    """
    if (given.name, given.ndim) not in _READERS:
        known = ", ".join(sorted({name for name, ndim in _READERS if ndim == given.ndim}))
        raise wrong_value("transform", f"in {given.ndim}D one of {known}", given.name)
    count, read = _READERS[given.name, given.ndim]
    centred = len(given.fixed) in (0, given.ndim) or (
        given.name == "Euler3DTransform" and len(given.fixed) == 4
    )
    if len(given.parameters) != count or not centred:
        lengths = f"{len(given.parameters)} and {len(given.fixed)} fixed ones"
        raise wrong_value("transform", f"{count} parameters of {given.name} and a centre", lengths)
    if not np.isfinite((*given.parameters, *given.fixed)).all():
        raise wrong_value("transform", "finite parameters", given)
    return read(given)


# ---- to ITK ------------------------------------------------------------------------------------------------


def to_parameters(transform: Any) -> ITKParameters:
    """Write down a transform, as the ITK transform that has the maps of its class.

    Raises
    ------
    TypeError
        If it is no affine map: ITK's files have no homographies.
    ValueError
        If the frame is not "world", the batch not 1, or there is one dimension.
    """
    check_transform(transform, WORLD, (AbstractAffine,), "an affine map")
    ndim = transform.ndim
    if ndim == 1:
        raise ValueError("transform: expected two or three dimensions, given 1")
    if isinstance(transform, Translation):
        return ITKParameters("TranslationTransform", ndim, _floats(transform.translation))
    if isinstance(transform, Attention):
        transform = Similarity.of(transform)
    if isinstance(transform, (Rigid, Similarity)):
        return _turning(transform)
    theta = to_numpy(plain(transform.to_affine().theta))[0]
    parameters = (*_floats(theta[:, :-1]), *_floats(theta[:, -1]))
    return ITKParameters("AffineTransform", ndim, parameters, (0.0,) * ndim)


def _turning(transform: Rigid | Similarity) -> ITKParameters:
    from scipy.spatial.transform import Rotation

    ndim = transform.ndim
    translation = _floats(transform.translation)
    scale = _floats(transform.scale) if isinstance(transform, Similarity) else ()
    if ndim == 2:
        name = "Similarity2DTransform" if scale else "Euler2DTransform"
        parameters = (*scale, *_floats(transform.rotation), *translation)
    else:
        name = "Similarity3DTransform" if scale else "VersorRigid3DTransform"
        x, y, z, w = Rotation.from_rotvec(to_numpy(plain(transform.rotation))[0]).as_quat()
        versor = np.array([x, y, z]) * (-1.0 if w < 0 else 1.0)
        parameters = (*_floats(versor), *translation, *scale)
    centre = (0.0,) * ndim if transform.centre is None else transform.centre
    return ITKParameters(name, ndim, parameters, tuple(map(float, centre)))


def _floats(array: Any) -> Numbers:
    return tuple(float(x) for x in to_numpy(plain(array)).ravel())
