"""Other libraries' transforms, geometries and files, turned into warpkit's and back."""

from ._image import Image as Image
from ._image_files import read_image as read_image
from ._image_files import write_image as write_image
from ._itk import displacement_from_itk as displacement_from_itk
from ._itk import displacement_to_itk as displacement_to_itk
from ._itk import from_itk as from_itk
from ._itk import to_itk as to_itk
from ._itk_images import geometry_from_itk as geometry_from_itk
from ._itk_images import image_from_itk as image_from_itk
from ._itk_images import image_to_itk as image_to_itk
from ._nibabel import from_nibabel as from_nibabel
from ._nibabel import image_from_nibabel as image_from_nibabel
from ._nibabel import image_to_nibabel as image_to_nibabel
from ._nibabel import to_nibabel as to_nibabel
from ._opencv import from_opencv as from_opencv
from ._opencv import to_opencv as to_opencv
from ._ras import from_ras as from_ras
from ._ras import to_ras as to_ras
from ._scipy import from_scipy as from_scipy
from ._scipy import to_scipy as to_scipy
from ._skimage import from_skimage as from_skimage
from ._skimage import to_skimage as to_skimage
from ._torch import from_torch as from_torch
from ._torch import to_torch as to_torch
from ._transform_files import load_transform as load_transform
from ._transform_files import save_transform as save_transform
