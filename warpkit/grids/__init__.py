"""The identity grid, and the frames that coordinates are given in."""

from ._frames import FRAMES as FRAMES
from ._frames import axis_coordinates as axis_coordinates
from ._frames import convert_points as convert_points
from ._frames import frame_scales as frame_scales
from ._frames import identity_grid as identity_grid
from ._geometry import Geometry as Geometry
