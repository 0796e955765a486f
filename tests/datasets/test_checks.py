import numpy as np
import pytest

from warpkit.datasets import rotate
from warpkit.datasets._checks import check_images, check_range, check_sigma


def test_images():
    images = np.zeros((2, 1, 3, 3), np.float32)
    assert check_images(images) is images
    assert check_images(images.astype(np.float64)).dtype == np.float32
    with pytest.raises(TypeError, match="images: expected a NumPy array"):
        check_images([[1.0]])
    with pytest.raises(TypeError, match="images: expected a floating dtype, given uint8"):
        check_images(images.astype(np.uint8))
    with pytest.raises(ValueError, match=r"images: .*\(n, c, height, width\), given shape \(3, 3\)"):
        rotate(images[0, 0], np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"images: expected at least one pixel .*given shape \(2, 1, 0, 3\)"):
        rotate(images[:, :, :0], np.random.default_rng(0))


@pytest.mark.parametrize("given", [(2.0, 1.0), (0.0, np.inf), (np.nan, 1.0), (0.0, 1.0)])
def test_range(given):
    assert check_range("scale", (0.5, 0.5), least=0.0) == (0.5, 0.5)
    with pytest.raises(ValueError, match="scale: expected two finite numbers above 0"):
        check_range("scale", given, least=0.0)


@pytest.mark.parametrize("given", [-1.0, np.inf, np.nan])
def test_sigma(given):
    assert check_sigma(0) == 0.0
    with pytest.raises(ValueError, match="sigma: "):
        check_sigma(given)
