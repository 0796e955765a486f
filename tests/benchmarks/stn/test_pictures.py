"""Pictures show what the transformers do, and an animation outlives an interruption."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.stn.networks import Images, Transformer, make_network, transformers_of_input
from benchmarks.stn.pictures import FRAMES, Animation, draw_curves, draw_transformers
from benchmarks.stn.plan import Plan
from benchmarks.stn.results import Result

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
    for k, line in enumerate(figure.axes[0].lines):
        # Half as wide and high as the input, and moved to the right by 0.2 k times half the width.
        expected = [4.5 + 5 * (0.2 * k - 0.5), 5.5 - 3]
        np.testing.assert_allclose(line.get_xydata().min(axis=0), expected, atol=1e-5)
    assert len(figure.axes[0].lines) == number


def test_a_network_without_transformers():
    network = make_network("FCN", Images(1, SHAPE, 4), None, np.random.default_rng(0))
    images = np.random.default_rng(1).random((5, 1, *SHAPE), np.float32)
    assert len(draw_transformers(network, images).axes) == 5


def test_an_animation_goes_on(tmp_path):
    network, images = network_for(1), np.random.default_rng(1).random((2, 1, *SHAPE), np.float32)
    for iterations in (range(4), range(3, 9)):  # interrupted in between
        animation = Animation(tmp_path / "frames", images, 8)
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


def test_curves_of_seeds_share_a_colour():
    results = [
        Result(Plan("R", model, transform, seed, 200, 8, 1e-3, 1.0), {}, 1, 1.0, curve, {}, "")
        for model, transform in [("FCN", "none"), ("ST-FCN", "affine")]
        for seed, curve in enumerate(
            [[(100, 1.0, 0.5), (200, 0.5, 0.25)], [(100, 1.0, 0.4), (200, 0.5, 0.2)]]
        )
    ]
    (axes,) = draw_curves(results).axes
    assert [line.get_color() for line in axes.lines] == ["C0", "C0", "C1", "C1"]
    np.testing.assert_allclose(axes.lines[1].get_xydata(), [[100, 40], [200, 20]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["FCN", "ST-FCN, affine"]
