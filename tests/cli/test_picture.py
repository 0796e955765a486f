import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._demo import TRANSFORMS
from warpkit.cli._networks import make_networks
from warpkit.cli._picture import picture_rows
from warpkit.datasets import load_digits
from warpkit.viz import find_outlines, frame_outline


@pytest.fixture
def images():
    return np.random.default_rng(0).random((3, 1, 28, 20), np.float32)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_identity_looks_at_the_whole_frame(images, transform):
    transformer = make_networks((28, 20), transform, 0)["ST-FCN"][0]
    expected = frame_outline() * [10, 14] + [9.5, 13.5]
    for outline in find_outlines(transformer.localize(images), (28, 20)):
        np.testing.assert_allclose(outline, expected, atol=1e-5)


@pytest.mark.parametrize("transform", ["translation", "affine", "projective", "tps"])
def test_a_shift_to_the_right(images, transform):
    """The output's edges lie where the output's content comes from."""
    localizer = wk.nn.Sequential(wk.nn.Flatten(), wk.nn.Linear(28 * 20, 4, rng=np.random.default_rng(0)))
    transformer = wk.nn.SpatialTransformer(localizer, transform, (28, 20))
    bias = transformer.regression.bias.data.copy()
    x = {"translation": [0], "affine": [2], "projective": [2], "tps": slice(0, None, 2)}[transform]
    bias[x] += 0.5  # half of half the width: 5 pixels
    transformer.regression.bias = wk.Variable(bias)
    with wk.no_grad():
        out = transformer(images).data
    np.testing.assert_allclose(out[..., :15], images[..., 5:], atol=1e-4)
    expected = frame_outline() * [10, 14] + [14.5, 13.5]
    np.testing.assert_allclose(find_outlines(transformer.localize(images), (28, 20))[0], expected, atol=1e-5)


def test_rows():
    digits = load_digits()
    rows = picture_rows(make_networks((28, 28), "affine", 0)["ST-FCN"][0], digits)
    assert len(rows) == 6
    for inputs, outputs in zip(rows[::2], rows[1::2], strict=True):
        assert inputs.images.shape == (10, 28, 28)
        assert outputs.images.shape == (10, 16, 16)
        smaller = wk.warp_affine(inputs.images[:, None], np.eye(2, 3)[None], (16, 16))  # untrained: as it is
        np.testing.assert_allclose(outputs.images, smaller[:, 0], atol=1e-6)
        assert inputs.outlines is not None
        assert outputs.outlines is None
