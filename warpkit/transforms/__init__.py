"""Transforms: from parameters to points. Each maps output coordinates to input coordinates."""

from ._affine_grid import affine_grid as affine_grid
from ._affine_grid import affine_points as affine_points
from ._affine_grid import homogeneous_grid as homogeneous_grid
from ._displacement_grid import displacement_grid as displacement_grid
from ._projective_grid import projective_grid as projective_grid
from ._projective_grid import projective_points as projective_points
from ._tps_grid import tps_coefficients as tps_coefficients
from ._tps_grid import tps_displacement as tps_displacement
from ._tps_grid import tps_grid as tps_grid
from ._tps_grid import tps_points as tps_points
from ._tps_system import TPSSystem as TPSSystem
from ._tps_system import radial_basis as radial_basis
from ._tps_system import tps_operator as tps_operator
from ._tps_system import tps_system as tps_system
