"""Pictures show what the transformers do, and an animation outlives an interruption."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.stn.networks import Images, Transformer, make_network, transformers_of_input
from benchmarks.stn.pictures import FRAMES, Animation, draw_looks, draw_transformers
from warpkit.transforms import Attention
from warpkit.warping import warp

SHAPE = (12, 10)


def network_for(channels, number=1):
    images = Images(channels, SHAPE, 4, 40_000)
    name = f"{number}xST-FCN"
    return make_network(name, images, Transformer("attention", (6, 6), 1.0), np.random.default_rng(0))


@pytest.mark.parametrize(("channels", "number", "rows"), [(1, 1, 2), (2, 1, 4), (3, 2, 3)])
def test_a_row_for_inputs_and_for_each_output(channels, number, rows):
    network = network_for(channels, number)
    images = np.random.default_rng(1).random((5, channels, *SHAPE), np.float32)
    for k, transformer in enumerate(transformers_of_input(network)):
        transformer.regression.bias.data = np.array([0.5, 0.2 * k, 0], np.float32)
    figure = draw_transformers(network, images, "title")
    assert len(figure.axes) == 5 * rows
    labels = [axes.get_ylabel() for axes in figure.axes[::5]]
    assert len(set(labels)) == rows
    for k, line in enumerate(figure.axes[0].lines):
        # Half as wide and high as the input, and moved to the right by 0.2 k times half the width.
        expected = [4.5 + 5 * (0.2 * k - 0.5), 5.5 - 3]
        np.testing.assert_allclose(line.get_xydata().min(axis=0), expected, atol=1e-5)
    assert len(figure.axes[0].lines) == number


def test_frames_are_drawn_where_crops_are_from():
    """Of images of any range: each with its own black and white."""
    images = np.random.default_rng(0).normal(size=(3, 3, 64, 64)).astype(np.float32) * [
        [[[5]]],
        [[[1]]],
        [[[9]]],
    ]
    looks = [Attention(np.full(3, 0.5), np.tile([x, 0.0], (3, 1))) for x in (-0.25, 0.25)]
    figure = draw_looks(images, looks, [warp(images, look, (32, 32)) for look in looks], "two")
    image, output = figure.axes[1], figure.axes[4]
    left, right = (line.get_xydata() for line in image.lines)
    np.testing.assert_allclose([left.min(axis=0), left.max(axis=0)], [[7.5, 15.5], [39.5, 47.5]])
    np.testing.assert_allclose(right - left, np.tile([16, 0], (len(left), 1)), atol=1e-12)
    shown = np.asarray(image.images[0].get_array())
    assert (shown.min(), shown.max()) == (0, 1)
    np.testing.assert_allclose(output.images[0].get_array(), shown[16:48, 8:40], atol=1e-6)


def test_volumes_are_seen_from_two_sides():
    """A rod along z: a point from the front, a line from the side; the look has its near half."""
    volumes = np.zeros((2, 1, 8, 6, 4), np.float32)
    volumes[:, :, :, 2, 1] = 1
    look = Attention(np.full(2, 0.5), np.tile([0.0, 0.0, -0.5], (2, 1)))
    figure = draw_looks(volumes, [look], [volumes])
    assert len(figure.axes) == 8
    front, side = figure.axes[0], figure.axes[2]
    assert np.argwhere(front.images[0].get_array()).tolist() == [[2, 1]]
    assert np.argwhere(side.images[0].get_array()).tolist() == [[2, z] for z in range(8)]
    for panel, low, high in [(front, [0.5, 1], [2.5, 4]), (side, [-0.5, 1], [3.5, 4])]:
        (line,) = panel.lines
        np.testing.assert_allclose(line.get_xydata().min(axis=0), low)
        np.testing.assert_allclose(line.get_xydata().max(axis=0), high)


def test_an_image_of_one_value():
    figure = draw_looks(np.full((1, 1, 4, 4), 3.0), [], [])
    assert (figure.axes[0].images[0].get_array() == 0).all()


def test_a_network_without_transformers():
    network = make_network("FCN", Images(1, SHAPE, 4), None, np.random.default_rng(0))
    images = np.random.default_rng(1).random((5, 1, *SHAPE), np.float32)
    assert len(draw_transformers(network, images).axes) == 5


def test_an_animation_goes_on(tmp_path):
    network, images = network_for(1), np.random.default_rng(1).random((2, 1, *SHAPE), np.float32)

    def draw(network, title):
        return draw_transformers(network, images, title)

    for iterations in (range(4), range(3, 9)):  # interrupted in between
        animation = Animation(tmp_path / "frames", draw, 8)
        for iteration in iterations:
            animation.after(iteration, network)
    animation.write(tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as file:
        assert file.n_frames == len({*animation.drawn} & {*range(9)}) > 4


@pytest.mark.parametrize("iterations", [1, 10, 30_000])
def test_the_first_and_the_last_are_drawn(iterations, tmp_path):
    drawn = Animation(tmp_path, None, iterations).drawn
    assert {0, iterations} <= drawn
    assert len(drawn) <= FRAMES
