"""Images in files: what comes back, what real files hold, and what is said of bad ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import warpkit as wk

from .maps import geometry

sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
nib = pytest.importorskip("nibabel", reason="compares with nibabel")
pytest.importorskip("imageio", reason="reads pictures")
pytest.importorskip("tifffile", reason="reads TIFF")

VOLUMES = [".nii", ".nii.gz", ".mha", ".mhd", ".nrrd"]
PICTURES = [".png", ".tif"]
SHAPES = {2: (5, 7), 3: (4, 5, 6)}


@pytest.mark.parametrize("suffix", VOLUMES)
@pytest.mark.parametrize("channels", [0, 3])
@settings(max_examples=5)
@given(
    seed=st.integers(0, 10**6), ndim=st.integers(2, 3), dtype=st.sampled_from(["uint8", "int16", "float32"])
)
def test_round_trip(tmp_path_factory, suffix, channels, seed, ndim, dtype):
    where = geometry(SHAPES[ndim], seed)
    if suffix[:4] == ".nii" and ndim == 2:  # in a plane of constant z, and without channels
        where, channels = wk.Geometry(SHAPES[2], (0.5, 2.0), (-3.0, 4.0), ((0.0, -1.0), (1.0, 0.0))), 0
    shape = (channels, *where.shape) if channels else where.shape
    array = (200 * np.random.default_rng(seed).random(shape)).astype(dtype)
    file = tmp_path_factory.mktemp("images") / f"image{suffix}"
    wk.write_image(file, array, where)
    found = wk.read_image(str(file))
    assert found.array.dtype == dtype
    assert found.array.flags.c_contiguous
    np.testing.assert_array_equal(found.array, array)
    assert found.geometry.shape == where.shape
    np.testing.assert_allclose(found.geometry.matrix, where.matrix, atol=2e-5)  # NIfTI's are in float32


@pytest.mark.parametrize("write", VOLUMES)
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_without_a_geometry(tmp_path, write, shape):
    wk.write_image(tmp_path / f"a{write}", np.zeros(shape, np.float32))
    assert wk.read_image(tmp_path / f"a{write}").geometry == wk.Geometry(shape)


@pytest.mark.parametrize("suffix", PICTURES)
def test_pictures(tmp_path, suffix):
    array = np.random.default_rng(0).integers(0, 256, (3, 6, 7), dtype=np.uint8)
    wk.write_image(tmp_path / f"a{suffix}", array)
    (tmp_path / f"a{suffix}").rename(tmp_path / f"B{suffix.upper()}")
    found = wk.read_image(tmp_path / f"B{suffix.upper()}")
    np.testing.assert_array_equal(found.array, array)
    assert found.geometry is None
    with pytest.raises(ValueError, match=f"a{suffix}: expected a file that has a place for a geometry"):
        wk.write_image(tmp_path / f"a{suffix}", array, wk.Geometry((6, 7)))


def test_a_blob_moved_by_millimetres(tmp_path):
    """6 mm to the patient's left, between a NIfTI and an NRRD file whose axes run against each other.

    Each file is made by its own library from its own convention. RAS and LPS confused, or a flip forgotten on
    one side, and the blob is elsewhere by 12 mm or more.
    """
    place = np.array([10.0, -4.0, 6.0])  # LPS: 10 mm to the left, 4 to the front
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -30.0  # i to the right, j to the front
    fixed = np.zeros((31, 31, 31), np.float32)
    fixed[tuple(np.linalg.solve(affine, [-10.0, 4.0, 6.0, 1.0])[:3].round().astype(int))] = 1
    nib.save(nib.Nifti1Image(fixed, affine), tmp_path / "fixed.nii.gz")

    moving = sitk.Image((31, 31, 31), sitk.sitkFloat32)
    moving.SetSpacing((2.0, 2.0, 2.0))
    moving.SetDirection((1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))  # i to the left, j to the front
    moving.SetOrigin((-30.0, 30.0, -30.0))
    moving[moving.TransformPhysicalPointToIndex((place + np.array([6.0, 0.0, 0.0])).tolist())] = 1
    sitk.WriteImage(moving, tmp_path / "moving.nrrd")

    a, b = wk.read_image(tmp_path / "fixed.nii.gz"), wk.read_image(tmp_path / "moving.nrrd")
    to_the_left = wk.Translation(np.array([[6.0, 0.0, 0.0]]), frame="world")
    warped = wk.warp(b.array, to_the_left.to_frame("pixel", b.geometry, a.geometry), a.array.shape)
    np.testing.assert_allclose(warped, a.array, atol=1e-5)
    assert a.array.sum() == 1

    wk.save_transform(tmp_path / "move.tfm", to_the_left)
    theirs = sitk.Resample(
        moving,
        sitk.ReadImage(tmp_path / "fixed.nii.gz"),
        sitk.ReadTransform(tmp_path / "move.tfm"),
        sitk.sitkLinear,
    )
    np.testing.assert_allclose(sitk.GetArrayFromImage(theirs), warped, atol=1e-5)


REAL = ["medical3d/rniftyreg/*.nii.gz", "medical2d/sitk_slices/*.nii.gz"]


@pytest.mark.parametrize("pattern", REAL)
def test_real_scans_are_where_itk_says(data, pattern):
    files = sorted(data.glob(pattern))
    assert len(files) >= 3
    for file in files:
        ours, theirs = wk.read_image(file), wk.image_from_itk(sitk.ReadImage(str(file)))
        np.testing.assert_array_equal(ours.array, theirs.array)
        # Over an extent of 300 mm the header's float32 leave 3e-5.
        np.testing.assert_allclose(ours.geometry.matrix, theirs.geometry.matrix, atol=1e-4)


def test_slices_with_a_mirrored_axis(data):
    """Two of the slices run upwards, one runs downwards; they lie in different halves of the plane."""
    folder = data / "medical2d/sitk_slices"
    signs = {file.name: wk.read_image(file).geometry.direction[1][1] for file in folder.glob("*.nii.gz")}
    assert signs == {"r16slice.nii.gz": -1.0, "r64slice.nii.gz": -1.0, "r16slice_rigid.nii.gz": 1.0}


def test_real_scans_go_through_every_file(data, tmp_path):
    scan = wk.read_image(data / "medical3d/rniftyreg/epi_t2.nii.gz")
    for suffix in VOLUMES:
        wk.write_image(tmp_path / f"scan{suffix}", scan.array, scan.geometry)
        again = wk.read_image(tmp_path / f"scan{suffix}")
        np.testing.assert_array_equal(again.array, scan.array)
        np.testing.assert_allclose(again.geometry.matrix, scan.geometry.matrix, atol=1e-5)


def test_real_pictures(data):
    pictures = sorted((data / "homography/oxford_graf").glob("img*"))
    for file in pictures[:2]:
        assert wk.read_image(file).array.shape[0] == 3
    stack = wk.read_image(data / "microscopy/pystackreg/pc12-unreg.tif")
    assert stack.array.shape == (5, 201, 199)


@pytest.mark.parametrize("suffix", [*VOLUMES, ".png", ".tif", ".jpg"])
def test_bad_files(tmp_path, suffix, capfd):
    """Empty, cut off, of another kind: said with the file's name, never a crash or a half-read image."""
    good, file = tmp_path / f"good{suffix}", tmp_path / f"bad{suffix}"
    if suffix == ".jpg":
        pytest.importorskip("PIL.Image").fromarray(
            np.arange(200 * 70).reshape(200, 70).astype(np.uint8)
        ).save(good)
    else:
        wk.write_image(good, np.random.default_rng(0).integers(0, 256, (70, 90), dtype=np.uint8))
    file.touch()
    with pytest.raises(ValueError, match=f"bad{suffix}: expected an image, given an empty file"):
        wk.read_image(file)
    content = good.read_bytes()
    cut = [content[:length] for length in (1, 10, 100, len(content) // 2, len(content) * 9 // 10)]
    for damaged in (*cut, b"nonsense" * 200):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"bad{suffix}: not an image that can be read: "):
            wk.read_image(file)
    with pytest.raises(FileNotFoundError, match=f"absent{suffix}"):
        wk.read_image(tmp_path / f"absent{suffix}")
    capfd.readouterr()  # what the readers say themselves


def test_a_header_without_its_pixels(tmp_path, capfd):
    """MetaImage may have them in a file beside it."""
    wk.write_image(tmp_path / "scan.mhd", np.zeros((20, 30), np.float32))
    (pixels,) = tmp_path.glob("scan.*raw")
    pixels.write_bytes(pixels.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"scan.mhd: not an image that can be read"):
        wk.read_image(tmp_path / "scan.mhd")
    pixels.unlink()
    with pytest.raises(ValueError, match=r"scan.mhd: not an image that can be read"):
        wk.read_image(tmp_path / "scan.mhd")
    capfd.readouterr()


def test_wrong_arguments(tmp_path):
    for name in ("scan.dcm", "scan", "scan.gz"):
        with pytest.raises(ValueError, match=rf"{name}: expected one of the suffixes .nii, .nii.gz, .mha"):
            wk.read_image(tmp_path / name)
    with pytest.raises(ValueError, match=r"photo.jpg: expected one of the suffixes"):
        wk.write_image(tmp_path / "photo.jpg", np.zeros((4, 5), np.uint8))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError):
        wk.read_image(tmp_path / "folder.png")
    with pytest.raises(ValueError, match="array: expected at least one pixel"):
        wk.write_image(tmp_path / "a.png", np.zeros((0, 5), np.uint8))
    with pytest.raises(ValueError, match=r"array: expected shape \(5, 4\), as of the geometry"):
        wk.write_image(tmp_path / "a.nii", np.zeros((4, 5)), wk.Geometry((5, 4)))
    for suffix in (".mha", ".nii", ".png", ".tif"):
        with pytest.raises(OSError, match="absent"):
            wk.write_image(tmp_path / "absent" / f"a{suffix}", np.zeros((4, 5), np.uint8))
