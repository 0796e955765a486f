import io
import sys

import numpy as np
import pytest

from warpkit.viz import ImageRow, draw_image_rows


@pytest.fixture
def images():
    return np.random.default_rng(0).random((3, 4, 6))


def test_rows(images):
    outlines = np.random.default_rng(1).uniform(0, 4, (3, 5, 2))
    figure = draw_image_rows(
        [ImageRow("first", images, outlines), ImageRow("second", images[:, :2])], "title"
    )
    assert len(figure.axes) == 6
    for i, axes in enumerate(figure.axes[:3]):
        np.testing.assert_array_equal(axes.images[0].get_array(), images[i])
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), outlines[i])
        assert axes.get_xlim() == (-0.5, 5.5)
        assert axes.get_ylim() == (3.5, -0.5)  # y points down, and pixel centres are whole numbers
    assert not figure.axes[3].lines
    assert [axes.get_ylabel() for axes in figure.axes] == ["first", "", "", "second", "", ""]
    assert figure.get_suptitle() == "title"


def test_is_written(images):
    file = io.BytesIO()
    draw_image_rows([ImageRow("", images)]).savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_bad_rows(images):
    with pytest.raises(ValueError, match="rows: expected at least one row of at least one image"):
        draw_image_rows([])
    with pytest.raises(ValueError, match=r"rows\[1\].images: expected shape \(3, height, width\[, 3\]\)"):
        draw_image_rows([ImageRow("", images), ImageRow("", images[:2])])


def test_without_matplotlib(images, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "warpkit-diff\[demo\]"'):
        draw_image_rows([ImageRow("", images)])


def test_colours_and_several_outlines():
    rng = np.random.default_rng(2)
    images, outlines = rng.random((2, 4, 6, 3)), rng.uniform(0, 4, (3, 2, 5, 2))
    figure = draw_image_rows([ImageRow("", images, outlines)])
    for i, axes in enumerate(figure.axes):
        np.testing.assert_array_equal(axes.images[0].get_array(), images[i])
        assert len({line.get_color() for line in axes.lines}) == 3
        for k, line in enumerate(axes.lines):
            np.testing.assert_array_equal(line.get_xydata(), outlines[k, i])
