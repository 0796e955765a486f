"""Similarity of images and smoothness of fields, as costs to be made small: ops with exact derivatives.

.. list-table::
   :header-rows: 1

   * - op
     - what it is of two images
     - what does not change it
   * - :func:`ssd`
     - mean of squared differences
     -
   * - :func:`huber`, :func:`tukey`
     - the same, but that large differences matter less
     -
   * - :func:`correlation`
     - 1 - correlation (NCC; ECC is the same)
     - gain and bias of either image
   * - :func:`local_correlation`
     - 1 - mean squared correlation in windows (LNCC)
     - gain and bias that change from place to place
   * - :func:`mutual_information`
     - minus the mutual information (Mattes)
     - what one value does to the other, if it is one to one

**Every op here is a cost to be made small**, so correlations are taken from 1 and mutual information has a
minus. Images are ``(n, c, *spatial)`` in 1D to 3D, and the result is a float64 for each of the n. Each metric
takes ``weights (n or 1, *spatial)``: where they are 0, nothing counts, be it NaN. There are derivatives of
any order by both images and by the weights; ``op.vjp(ct, fixed, moving, needs=(False, True))`` computes the
one by the moving image alone.

Of fields ``(n, *shape, ndim)`` of displacements or velocities, :func:`diffusion` is the mean squared
gradient, :func:`bending_energy` that of second derivatives, and :func:`jacobian_determinant` says where a map
folds. The other ops are what the derivatives are made of.

All of them are array code on one thread, and their sums run in a fixed order: results have the same bits for
any number of threads, alone or in a batch.
"""

from ._bending_energy import bending_energy as bending_energy
from ._bending_energy import bending_gradient as bending_gradient
from ._correlation import correlation as correlation
from ._diffusion import diffusion as diffusion
from ._diffusion import diffusion_gradient as diffusion_gradient
from ._field_gradient import field_divergence as field_divergence
from ._field_gradient import field_gradient as field_gradient
from ._huber import huber as huber
from ._jacobian_determinant import jacobian_determinant as jacobian_determinant
from ._joint_histogram import histogram_lookup as histogram_lookup
from ._joint_histogram import joint_histogram as joint_histogram
from ._local_correlation import local_correlation as local_correlation
from ._mutual_information import mutual_information as mutual_information
from ._ssd import ssd as ssd
from ._tukey import tukey as tukey
from ._window_sum import window_sum as window_sum
