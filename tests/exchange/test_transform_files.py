"""Which file holds what; that it comes back is in test_npz.py and test_itk_text.py."""

import numpy as np
import pytest

import warpkit as wk


@pytest.mark.parametrize("suffix", [".npz", ".tfm", ".txt", ".TFM"])
def test_round_trip(tmp_path, suffix):
    transform = wk.Affine.random(np.random.default_rng(0), 3, frame="world")
    for path in (tmp_path / f"a{suffix}", f"{tmp_path}/b{suffix}"):
        wk.save_transform(path, transform)
        again = wk.load_transform(path)
        assert (type(again), again.frame) == (wk.Affine, "world")
        np.testing.assert_array_equal(again.theta, transform.theta)


def test_a_result_goes_through_a_file(tmp_path):
    """A homography in pixels has its place in .npz."""
    transform = wk.Projective.random(np.random.default_rng(1), 2, frame="pixel")
    wk.save_transform(tmp_path / "result.npz", transform)
    image = np.random.default_rng(2).random((20, 30))
    np.testing.assert_array_equal(
        wk.warp(image, wk.load_transform(tmp_path / "result.npz")), wk.warp(image, transform)
    )
    with pytest.raises(TypeError, match="transform: expected an affine map"):
        wk.save_transform(tmp_path / "result.tfm", transform)
    assert not (tmp_path / "result.tfm").exists()


def test_wrong_files(tmp_path):
    identity = wk.Affine.identity(2)
    with pytest.raises(
        ValueError, match=r"a.mat: expected one of the suffixes .npz, .tfm, .txt, given '.mat'"
    ):
        wk.save_transform(tmp_path / "a.mat", identity)
    with pytest.raises(ValueError, match="a: expected one of the suffixes"):
        wk.load_transform(tmp_path / "a")
    with pytest.raises(FileNotFoundError, match=r"absent.npz"):
        wk.load_transform(tmp_path / "absent.npz")
    with pytest.raises(FileNotFoundError, match="absent"):
        wk.save_transform(tmp_path / "absent" / "a.npz", identity)
    (tmp_path / "empty.tfm").touch()
    with pytest.raises(ValueError, match=r"empty.tfm: expected a transform, given an empty file"):
        wk.load_transform(tmp_path / "empty.tfm")
    with pytest.raises(TypeError, match=r"transform: expected a transform, given numpy.ndarray"):
        wk.save_transform(tmp_path / "a.npz", np.eye(3))
