"""Where transforms and sampling meet: images are warped."""

from ._footprint_sample import footprint_sample as footprint_sample
from ._warp import warp as warp
from ._warp_affine import warp_affine as warp_affine
from ._warp_projective import warp_projective as warp_projective
from ._warp_tps import warp_tps as warp_tps
