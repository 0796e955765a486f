"""warpkit: image warping with every derivative, on plain arrays.

This file is the table of contents. Everywhere, coordinates are ordered (x, y[, z]), the last image axis
first, and a transform maps output coordinates to input coordinates.
"""

# Rooms that are entered by their own names.
from . import autograd as autograd
from . import bridges as bridges
from . import datasets as datasets
from . import exchange as exchange
from . import metrics as metrics
from . import nn as nn
from . import ops as ops
from . import registration as registration
from . import testing as testing
from . import viz as viz
from ._core._config import show_config as show_config
from ._core._threads import get_num_threads as get_num_threads
from ._core._threads import set_num_threads as set_num_threads
from ._version import __version__ as __version__
from .autograd import Variable as Variable
from .autograd import grad as grad
from .autograd import no_grad as no_grad
from .autograd import value_and_grad as value_and_grad

# Other libraries, and files.
from .exchange import Image as Image
from .exchange import displacement_from_itk as displacement_from_itk
from .exchange import displacement_to_itk as displacement_to_itk
from .exchange import from_itk as from_itk
from .exchange import from_nibabel as from_nibabel
from .exchange import from_opencv as from_opencv
from .exchange import from_ras as from_ras
from .exchange import from_scipy as from_scipy
from .exchange import from_skimage as from_skimage
from .exchange import from_torch as from_torch
from .exchange import geometry_from_itk as geometry_from_itk
from .exchange import image_from_itk as image_from_itk
from .exchange import image_from_nibabel as image_from_nibabel
from .exchange import image_to_itk as image_to_itk
from .exchange import image_to_nibabel as image_to_nibabel
from .exchange import load_transform as load_transform
from .exchange import read_image as read_image
from .exchange import save_transform as save_transform
from .exchange import to_itk as to_itk
from .exchange import to_nibabel as to_nibabel
from .exchange import to_opencv as to_opencv
from .exchange import to_ras as to_ras
from .exchange import to_scipy as to_scipy
from .exchange import to_skimage as to_skimage
from .exchange import to_torch as to_torch
from .exchange import write_image as write_image

# Grids and frames.
from .grids import Geometry as Geometry
from .grids import convert_points as convert_points
from .grids import identity_grid as identity_grid

# Registration.
from .registration import FailedRegistration as FailedRegistration
from .registration import RegistrationResult as RegistrationResult
from .registration import register as register
from .registration import register_many as register_many

# Sampling.
from .sampling import SamplingKernel as SamplingKernel
from .sampling import grid_count as grid_count
from .sampling import grid_gradient as grid_gradient
from .sampling import grid_push as grid_push
from .sampling import grid_push_parametric as grid_push_parametric
from .sampling import grid_sample as grid_sample
from .sampling import grid_sample_parametric as grid_sample_parametric
from .sampling import register_kernel as register_kernel
from .sampling import spline_coefficients as spline_coefficients

# Transforms.
from .transforms import Affine as Affine
from .transforms import Attention as Attention
from .transforms import Composed as Composed
from .transforms import Diffeomorphism as Diffeomorphism
from .transforms import Displacement as Displacement
from .transforms import FailedEstimate as FailedEstimate
from .transforms import FreeFormDeformation as FreeFormDeformation
from .transforms import Projective as Projective
from .transforms import Rigid as Rigid
from .transforms import Similarity as Similarity
from .transforms import ThinPlateSpline as ThinPlateSpline
from .transforms import Translation as Translation
from .transforms import affine_grid as affine_grid
from .transforms import displacement_grid as displacement_grid
from .transforms import exponential_displacement as exponential_displacement
from .transforms import projective_grid as projective_grid
from .transforms import tps_grid as tps_grid
from .transforms import tps_system as tps_system

# Warping.
from .warping import NormalEquations as NormalEquations
from .warping import footprint_sample as footprint_sample
from .warping import warp as warp
from .warping import warp_affine as warp_affine
from .warping import warp_normal_equations as warp_normal_equations
from .warping import warp_projective as warp_projective
from .warping import warp_tps as warp_tps
