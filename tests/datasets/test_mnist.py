import gzip

import numpy as np
import pytest

from warpkit.datasets import load_mnist

NAMES = [
    f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
]


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return [
        rng.integers(0, bound, shape).astype(np.uint8)
        for shape, bound in (((5, 4, 3), 256), ((5,), 10), ((2, 4, 3), 256), ((2,), 10))
    ]


@pytest.fixture
def folder(tmp_path, arrays):
    for name, array in zip(NAMES, arrays, strict=True):
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


def check(dataset, arrays):
    np.testing.assert_array_equal(dataset.train_images, arrays[0][:, None] / np.float32(255))
    np.testing.assert_array_equal(dataset.train_labels, arrays[1])
    np.testing.assert_array_equal(dataset.test_images, arrays[2][:, None] / np.float32(255))
    np.testing.assert_array_equal(dataset.test_labels, arrays[3])
    assert dataset.train_images.dtype == np.float32
    assert dataset.train_labels.dtype == np.int64


def test_reads(folder, arrays):
    check(load_mnist(folder), arrays)


def test_other_names(folder, arrays):
    for i, name in enumerate(NAMES):
        other = name.replace("-idx", ".idx") if i % 2 else name
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / (other + ".gz")).write_bytes(gzip.compress(content))
    check(load_mnist(str(folder)), arrays)


def test_missing(folder):
    (folder / NAMES[1]).unlink()
    (folder / NAMES[2]).unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no {NAMES[1]}, no {NAMES[2]}"):
        load_mnist(folder)


def test_labels_for_other_images(folder):
    (folder / NAMES[1]).write_bytes(idx(np.zeros(4, np.uint8)))
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte: expected 5 labels, as images, given 4"):
        load_mnist(folder)


def test_wrong_axes(folder):
    (folder / NAMES[2]).write_bytes(idx(np.zeros(4, np.uint8)))
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte: expected 3 axes of uint8, given 1"):
        load_mnist(folder)


def test_the_real_one(data):
    mnist = load_mnist(data / "mnist")
    assert mnist.train_images.shape == (60000, 1, 28, 28)
    assert mnist.test_images.shape == (10000, 1, 28, 28)
    # Digits per class, as counted in the published files.
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train_images.max() == 1
    assert mnist.train_images.mean() == pytest.approx(0.1307, abs=1e-4)  # the mean everybody subtracts
