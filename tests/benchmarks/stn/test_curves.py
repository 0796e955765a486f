import numpy as np

from benchmarks.stn.curves import draw_curves
from benchmarks.stn.plan import Plan
from benchmarks.stn.results import Result


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
