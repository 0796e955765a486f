r"""What co-localisation compares crops by: what a network says of them that was trained to classify digits.

The paper takes the activations of all layers of its convolutional network. So do we, and call them f. But the
plain squared distance of f is least, zero, for two crops where there is nothing, and transformers learn just
that: to look away. Two changes keep them from it. What counts is the difference to a blank crop (0), brought
to a length of nearly 1 where the crop x holds as much as a digit:

.. math:: e(x) = \frac{v}{\sqrt{|v|^2 + c^2}}, \quad v = f(x) - f(0),

with c half of a digit's |v| (root of the mean square). And the squared distance is that of unit vectors,
:math:`2 - 2\,e(x) \cdot e(y)`: crops with nothing in them are as far from each other as from all else.

A crop at a wrong place holds a small part of the digit or none, and cannot say where the rest is. So e looks
twice: at the crop, and at a patch around it of twice its size, at half the resolution.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from warpkit import Variable, nn
from warpkit._core import Array
from warpkit.ops import avg_pool, concatenate, sqrt
from warpkit.ops import sum as sum_over

from .distorted import DistortedDigits
from .mnist import mnist
from .plan import Plan
from .training import Training

CROP = (28, 28)
AROUND = 14
PATCH = (56, 56)  # a crop with AROUND pixels on each side of it
ITERATIONS = 500
PARAMETERS = 10_000
SEED = 1_000_039
DIGITS = 500  # whose |v| is measured


@dataclass(frozen=True, eq=False)
class Encoder:
    """Maps patches (..., 1, *PATCH) to vectors (..., k), none longer than 1."""

    classifier: nn.Sequential
    blank: Array
    c: float

    def __call__(self, patches: Array) -> Array:
        flat = patches.reshape(-1, 1, *PATCH)
        inside = slice(AROUND, -AROUND)
        close, wide = flat[:, :, inside, inside], avg_pool(flat, (2, 2), (2, 2))
        together = concatenate(self.describe(close), self.describe(wide), axis=1) * 0.5**0.5
        return together.reshape(*patches.shape[:-3], -1)

    def describe(self, images: Array) -> Array:
        """The formula above, for images (n, 1, *CROP)."""
        v = activations(self.classifier, images) - self.blank
        return v / sqrt(sum_over(v * v, axis=1, keepdims=True) + self.c**2)


@functools.cache
def make_encoder(xp: Any) -> Encoder:
    """Trained with arrays of the library `xp`; always the same."""
    classifier = train_classifier(xp)
    blank = activations(classifier, xp.zeros((1, 1, *CROP), xp.float32))
    digits = activations(classifier, xp.asarray(mnist().train_images[:DIGITS])) - blank
    return Encoder(classifier, blank, 0.5 * float((digits**2).sum(axis=1).mean()) ** 0.5)


def activations(classifier: nn.Sequential, images: Array) -> Array:
    """Of both hidden layers and the last one (n, k)."""
    found = []
    for layer in classifier:
        images = layer(images)
        if isinstance(layer, nn.ReLU):
            found.append(images.reshape(images.shape[0], -1))
    return concatenate(*found, images, axis=1)


def train_classifier(xp: Any) -> nn.Sequential:
    """The paper's convolutional network with fewer filters, of digits to which nothing was done."""
    experiment = DistortedDigits(lambda images, rng: (images, None), CROP, PARAMETERS)
    plan = Plan("digits", "CNN", "none", SEED, ITERATIONS, 128, experiment.learning_rate, 1.0)
    training = Training.begin(plan, experiment, xp.asarray)
    while training.iteration < plan.iterations:
        training.step()
    for module in training.network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):  # its parameters are constants from here on
            module.weight = Variable(module.weight.data, requires_grad=False)
            module.bias = Variable(module.bias.data, requires_grad=False)
    return training.network
