"""Images to train and test with: readers, and the distortions of the spatial transformer paper."""

from ._batches import batches as batches
from ._clutter import clutter as clutter
from ._corners import perturb_corners as perturb_corners
from ._dataset import Dataset as Dataset
from ._digits import load_digits as load_digits
from ._distortions import DISTORTIONS as DISTORTIONS
from ._elastic import CONTROL_POINTS as CONTROL_POINTS
from ._elastic import bend as bend
from ._idx import read_idx as read_idx
from ._mnist import load_mnist as load_mnist
from ._rotation import rotate as rotate
from ._rotation import rotate_by as rotate_by
from ._rotation import rotate_scale_translate as rotate_scale_translate
from ._svhn import HouseNumber as HouseNumber
from ._svhn import read_svhn_digits as read_svhn_digits
from ._svhn import read_svhn_numbers as read_svhn_numbers
