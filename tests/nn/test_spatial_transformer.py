"""Spatial transformers: they start from the identity, get gradients, and learn."""

import numpy as np
import pytest

from warpkit import Variable, warp_affine
from warpkit.nn import (
    SGD,
    Adam,
    Conv2d,
    Flatten,
    Linear,
    Module,
    ReLU,
    Sequential,
    SpatialTransformer,
    cross_entropy,
)
from warpkit.nn._families import FAMILIES

SHAPES = [(6, 7), (4, 5, 6)]
FRAMES = ["normalized", "corners"]


def localizer_of(image, rng):
    size = image[0].size
    return Sequential(Flatten(), Linear(size, 5, rng=rng), ReLU())


def images(spatial, seed=0, batch=3):
    return np.random.default_rng(seed).standard_normal((batch, 2, *spatial)).astype(np.float32)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transform", FAMILIES)
def test_starts_from_the_identity(transform, shape, frame):
    image = images(shape)
    transformer = SpatialTransformer(
        localizer_of(image, np.random.default_rng(1)), transform, shape, frame=frame
    )
    out = transformer(image)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out.data, image)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transform", FAMILIES)
def test_gradients(transform, shape):
    """Against central differences, away from the identity, with a smaller output than input."""
    rng, out_shape = np.random.default_rng(2), tuple(n - 2 for n in shape)
    image = images(shape, batch=2).astype(np.float64)
    localizer = Sequential(Flatten(), Linear(image[0].size, 4, rng=rng, dtype=np.float64))
    transformer = SpatialTransformer(localizer, transform, out_shape, boundary="mirror", dtype=np.float64)
    weight, bias = transformer.regression.weight, transformer.regression.bias
    weight.data = 0.01 * rng.standard_normal(weight.shape)
    bias.data = bias.data + 0.05 * rng.standard_normal(bias.shape)
    mask = rng.standard_normal((2, 2, *out_shape))

    def loss():
        return (transformer(image) * mask).sum()

    loss().backward()
    for variable in (bias, localizer[1].bias):
        start, direction = variable.data, rng.standard_normal(variable.shape)
        step = 1e-7
        variable.data = start + step * direction
        above = float(loss())
        variable.data = start - step * direction
        below = float(loss())
        variable.data = start
        slope = float((variable.grad * direction).sum())
        assert slope != 0
        assert slope == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-6)


def test_gradient_reaches_the_image():
    image = Variable(images((6, 7)))
    transformer = SpatialTransformer(localizer_of(image, np.random.default_rng(1)), "affine", (6, 7))
    transformer(image).sum().backward()
    np.testing.assert_array_equal(image.grad, np.ones(image.shape))


@pytest.mark.parametrize("transform", ["affine", "rigid"])
def test_transform_is_what_the_image_is_warped_by(transform):
    image = images((6, 7))
    options = {"kernel": "nearest", "boundary": "border", "fill_value": 0.0, "frame": "corners"}
    transformer = SpatialTransformer(
        localizer_of(image, np.random.default_rng(1)), transform, (4, 3), **options
    )
    bias = transformer.regression.bias
    bias.data = bias.data + np.float32(0.2)
    theta = transformer.localize(image).to_affine().theta
    assert theta.shape == (3, 2, 3)
    np.testing.assert_array_equal(transformer(image).data, warp_affine(image, theta.data, (4, 3), **options))


def test_anywhere_in_a_network_and_in_parallel():
    """After a convolution, on its feature maps; two transformers side by side; and a step of training."""
    rng = np.random.default_rng(3)
    image, labels = images((8, 8), batch=4), np.array([0, 1, 2, 0])
    network = Sequential(
        Conv2d(2, 4, 3, rng=rng),
        SpatialTransformer(Sequential(Flatten(), Linear(144, 4, rng=rng), ReLU()), "attention", (4, 4)),
        SpatialTransformer(Sequential(Flatten(), Linear(64, 4, rng=rng), ReLU()), "tps", (3, 3)),
        Flatten(),
        Linear(36, 3, rng=rng),
    )
    optimizer = SGD(network, 0.05)
    losses = []
    for _ in range(30):
        network.zero_grad()
        loss = cross_entropy(network(image), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]


def test_learning_rate_factor():
    image = images((6, 7))
    transformer = SpatialTransformer(localizer_of(image, np.random.default_rng(1)), "affine", (6, 7))
    assert set(transformer.learning_rate_factors().values()) == {0.1}
    assert transformer.localizer.learning_rate_factor == 1.0


def test_state_dict():
    image = images((6, 7))
    one, other = (
        SpatialTransformer(localizer_of(image, np.random.default_rng(seed)), "rigid", (6, 7))
        for seed in (1, 2)
    )
    one.regression.weight.data = np.random.default_rng(3).standard_normal((3, 5)).astype(
        np.float32
    ) * np.float32(0.1)
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(other(image).data, one(image).data)
    assert "regression.weight" in one.state_dict()


class Strip(Module):
    """A localizer without a linear layer: the mean over the channels of one row."""

    def __call__(self, image):
        return image[:, 0, 0, :]


def test_features():
    with pytest.raises(ValueError, match="features: expected a number"):
        SpatialTransformer(Strip(), "affine", (6, 7))
    image = images((6, 7))
    np.testing.assert_array_equal(
        SpatialTransformer(Strip(), "affine", (6, 7), features=7)(image).data, image
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transform": "shear"}, "transform: expected one of 'translation'"),
        ({"frame": "pixel"}, "frame: expected one of"),
        ({"shape": (7,)}, "shape: expected 2 or 3 lengths"),
        ({"shape": (7, -1)}, "shape: expected lengths of at least 0"),
    ],
)
def test_wrong_options(change, message):
    with pytest.raises(ValueError, match=message):
        SpatialTransformer(
            **{"localizer": Strip(), "transform": "affine", "shape": (6, 7), "features": 7} | change
        )


def test_wrong_image():
    transformer = SpatialTransformer(Strip(), "affine", (6, 7), features=7)
    with pytest.raises(ValueError, match=r"image: expected shape .* with 2 spatial axes"):
        transformer(np.ones((2, 1, 4, 6, 7), np.float32))


def test_learns_where_to_look():
    """A bar somewhere, upright or flat: the transformer finds it, the classifier says what it is."""
    rng = np.random.default_rng(4)
    image, labels = np.zeros((64, 1, 12, 12), np.float32), rng.integers(0, 2, 64)
    for i, (upright, y, x) in enumerate(
        zip(labels, rng.integers(1, 6, 64), rng.integers(1, 6, 64), strict=True)
    ):
        rows, columns = (
            (slice(y, y + 5), slice(x + 2, x + 3)) if upright else (slice(y + 2, y + 3), slice(x, x + 5))
        )
        image[i, 0, rows, columns] = 1
    localizer = Sequential(Flatten(), Linear(144, 16, rng=rng), ReLU())
    network = Sequential(
        SpatialTransformer(localizer, "attention", (8, 8)), Flatten(), Linear(64, 2, rng=rng)
    )
    optimizer = Adam(network, 0.02)
    for _ in range(60):
        network.zero_grad()
        cross_entropy(network(image), labels).backward()
        optimizer.step()
    assert (network(image).data.argmax(axis=1) == labels).mean() == 1.0
    assert np.abs(network[0].localize(image).to_affine().theta.data - np.eye(2, 3)).max() > 0.1


@pytest.mark.parametrize("transform", FAMILIES)
def test_bound(transform):
    """Parameters stay within it however far the localizer goes, and near the identity it changes nothing."""
    image, shape = images((6, 7)), (6, 7)
    rng = np.random.default_rng(4)
    transformer = SpatialTransformer(localizer_of(image, rng), transform, shape, bound=0.25)
    np.testing.assert_array_equal(transformer(image).data, image)
    free = SpatialTransformer(transformer.localizer, transform, shape)
    regression, identity = free.regression, FAMILIES[transform].identity(shape)
    transformer.regression = regression
    direction = rng.choice([-1, 1], len(identity)).astype(np.float32)
    for length, expected in [(1e-3, identity + 1e-3 * direction), (100.0, identity + 0.25 * direction)]:
        regression.bias.data = (identity + length * direction).astype(np.float32)
        same = FAMILIES[transform].transform(expected[None], shape, "normalized").grid(shape)
        np.testing.assert_allclose(
            np.broadcast_to(transformer.localize(image).grid(shape).data, (3, *same.shape[1:])),
            np.broadcast_to(same, (3, *same.shape[1:])),
            atol=1e-6,
        )


@pytest.mark.parametrize("bound", [0.0, -1.0, np.nan])
def test_wrong_bound(bound):
    image = images((6, 7))
    with pytest.raises(ValueError, match="bound: expected"):
        SpatialTransformer(localizer_of(image, np.random.default_rng(0)), "affine", (6, 7), bound=bound)


def test_does_not_decay():
    image = images((6, 7))
    network = Sequential(
        SpatialTransformer(localizer_of(image, np.random.default_rng(0)), "affine", (6, 7)),
        Flatten(),
        Linear(84, 2, rng=np.random.default_rng(0)),
    )
    factors = network.weight_decay_factors()
    assert {name.split(".")[1] for name, factor in factors.items() if factor} == {"2"}
