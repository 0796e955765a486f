"""The spatial transformer: a module that looks at its input and warps it."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, check_choice, check_shape, namespace, plain, wrong_type, wrong_value
from warpkit.autograd import Variable
from warpkit.ops import tanh
from warpkit.transforms import AbstractTransform
from warpkit.warping import warp

from ._families import FAMILIES
from ._linear import Linear
from ._module import Module


class SpatialTransformer(Module):
    r"""Warp each image as a localisation network finds right, anywhere in a network.

    The localizer maps the image (n, c, *spatial) to features (n, k). A regression layer of the
    transformer's own maps them to the parameters of a transform; it starts with zero weight and the identity
    as bias, so that training starts from the unchanged image.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first; a transform maps output
    coordinates to input coordinates.

    Parameters
    ----------
    localizer : Module
        Maps (n, c, *spatial) to (n, features).
    transform : str
        The family, and the parameters in their order (t translation, s scale factor):

        * ``"translation"``: t;
        * ``"attention"``: s, t;
        * ``"rigid"``: rotation, t;
        * ``"similarity"``: s, rotation, t;
        * ``"affine"``: the rows of [A b];
        * ``"projective"``: the rows of the homogeneous matrix without its last element, which is 1;
        * ``"tps"``: where the control points, a lattice of 4 along each axis, lie in the input;
        * ``"displacement"``: a vector for each output pixel.

        A rotation is an angle in 2D and a rotation vector in 3D, in radians.
    shape : tuple of int
        Spatial shape of the output, 2D or 3D.
    features : int, optional
        What the localizer returns per image; found out from its last :class:`Linear` by default.
    learning_rate_factor : float
        Of the localizer and the regression layer. The default, 0.1, is what the paper trains with, by SGD;
        larger steps make the image shrink or vanish early in training. Adam's steps do not grow with the
        gradient: with it, a factor of 1 may be what makes the transformer move at all.
    bound : float, optional
        No parameter can go further than this from its value :math:`e` in the identity: with what the
        regression layer returns, :math:`r`, it is :math:`e + b \tanh((r - e) / b)`, which is r itself where r
        is near e. For a localizer that runs away early in training; without a bound by default.
    kernel, boundary, fill_value : optional
        As of :func:`warpkit.grid_sample`.
    frame : {"normalized", "corners"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.
    dtype : dtype
        Of the regression layer's parameters.

    Attributes
    ----------
    regression : Linear
        From the features to the parameters.
    weight_decay_factor : float
        0: an optimiser's weight decay would pull the transforms back to the identity.

    Raises
    ------
    ValueError
        If the family, the frame or the shape is unknown, `bound` is not above 0, or `features` cannot be
        found out.

    Notes
    -----
    Several transformers in parallel are several modules. Both the image and the localizer are given the
    gradient of what comes after.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015:
    section 3, and appendix A.5 for the learning rate of the localisation network.

    B. Shi, X. Wang, P. Lyu, C. Yao, X. Bai, "Robust scene text recognition with automatic rectification",
    CVPR 2016: section 3.1, control points bounded by tanh.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> localizer = wk.nn.Sequential(wk.nn.Flatten(), wk.nn.Linear(64, 8, rng=np.random.default_rng(0)))
    >>> transformer = wk.nn.SpatialTransformer(localizer, "affine", (8, 8))
    >>> image = np.random.default_rng(1).random((5, 1, 8, 8), np.float32)
    >>> bool((transformer(image).data == image).all())  # at first nothing is changed
    True
    """

    weight_decay_factor = 0.0

    def __init__(
        self,
        localizer: Module,
        transform: str,
        shape: tuple[int, ...],
        *,
        features: int | None = None,
        learning_rate_factor: float = 0.1,
        bound: float | None = None,
        kernel: str = "linear",
        boundary: str = "constant",
        fill_value: float = 0.0,
        frame: str = "normalized",
        dtype: Any = np.float32,
    ) -> None:
        if not isinstance(localizer, Module):
            raise wrong_type("localizer", "a Module", localizer)
        check_choice("transform", transform, FAMILIES)
        check_choice("frame", frame, ("normalized", "corners"))
        self.shape = check_shape(shape)
        if len(self.shape) not in (2, 3):
            raise wrong_value("shape", "2 or 3 lengths, one per spatial axis", self.shape)
        self.localizer = localizer
        self.transform = transform
        self.frame = frame
        self.options: dict[str, Any] = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value}
        self.learning_rate_factor = learning_rate_factor
        if bound is not None and not bound > 0:
            raise wrong_value("bound", "a number above 0, or None", bound)
        self.bound = bound
        identity = FAMILIES[transform].identity(self.shape)
        features = _count_features(localizer) if features is None else features
        xp = namespace(*[plain(variable) for variable in localizer.parameters()])
        self.regression = Linear(features, len(identity), rng=np.random.default_rng(0), dtype=dtype)
        self.regression.weight = Variable(xp.zeros((len(identity), features), dtype))
        self.regression.bias = Variable(xp.asarray(identity, dtype))

    def localize(self, image: Array) -> AbstractTransform:
        """Return the transforms that the localizer finds, one for each image.

        Parameters
        ----------
        image : array (n, c, *spatial)
            The input.

        Returns
        -------
        AbstractTransform
            From output to input coordinates, in float64; its fields are variables of the tape.
        """
        parameters = self.regression(self.localizer(image)).astype("float64")
        if self.bound is not None:
            identity = namespace(plain(parameters)).asarray(FAMILIES[self.transform].identity(self.shape))
            parameters = identity + self.bound * tanh((parameters - identity) / self.bound)
        return FAMILIES[self.transform].transform(parameters, self.shape, self.frame)

    def __call__(self, image: Array) -> Array:
        """Map (n, c, *spatial) to (n, c, *shape)."""
        if len(image.shape) != len(self.shape) + 2:
            expected = (
                f"shape (n, c, *spatial) with {len(self.shape)} spatial axes, as shape {self.shape} has"
            )
            raise wrong_value("image", expected, f"shape {tuple(image.shape)}")
        return warp(image, self.localize(image), self.shape, **self.options)


def _count_features(localizer: Module) -> int:
    """Length of the output of the last linear layer."""
    layers = [module for module in localizer.modules() if isinstance(module, Linear)]
    if not layers:
        raise wrong_value("features", "a number, because the localizer has no Linear to tell it", None)
    return int(layers[-1].weight.shape[0])
