"""Where transforms and sampling meet: images are warped."""

from ._footprint_sample import footprint_sample as footprint_sample
from ._warp import warp as warp
from ._warp_affine import warp_affine as warp_affine
from ._warp_affine_gram import warp_affine_gram as warp_affine_gram
from ._warp_normal_equations import NormalEquations as NormalEquations
from ._warp_normal_equations import warp_normal_equations as warp_normal_equations
from ._warp_projective import warp_projective as warp_projective
from ._warp_projective_gram import warp_projective_gram as warp_projective_gram
from ._warp_tps import warp_tps as warp_tps
from ._warp_tps_gram import warp_tps_gram as warp_tps_gram
