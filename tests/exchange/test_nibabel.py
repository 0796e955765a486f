"""nibabel's affines and images, against nibabel and against ITK, which reads the same files in LPS."""

import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import warpkit as wk

from .maps import SEEDS, geometry, points_in

nib = pytest.importorskip("nibabel", reason="compares with nibabel")
SHAPE = (5, 6, 7)


def blob(where, place):
    """A volume that is 1 at the pixel nearest to a place of the patient, in LPS, and 0 elsewhere."""
    x, y, z = np.linalg.solve(where.matrix, [*place, 1.0])[:3].round().astype(int)
    volume = np.zeros(where.shape, np.float32)
    volume[z, y, x] = 1
    return volume


@given(seed=SEEDS)
def test_places_are_nibabels(seed):
    """The same voxel, in nibabel's order and RAS, and in ours and LPS."""
    where = geometry(SHAPE, seed)
    affine, points = wk.to_nibabel(where), points_in(SHAPE, seed)
    ras = nib.affines.apply_affine(affine, points)
    lps = points @ where.matrix[:3, :3].T + where.matrix[:3, 3]
    np.testing.assert_allclose(ras, lps * [-1, -1, 1], atol=1e-12)
    np.testing.assert_allclose(nib.affines.voxel_sizes(affine), where.spacing, rtol=1e-12)
    again = wk.from_nibabel(affine, SHAPE[::-1])
    assert again.shape == SHAPE
    np.testing.assert_allclose(again.matrix, where.matrix, atol=1e-12)


def test_a_mark_on_the_patients_left():
    """Signs, for once by hand: a mark is put 40 mm to the left, 20 mm to the front and 10 mm up.

    nibabel names the directions of an image's axes by letters, for which it needs no convention of ours.
    """
    where = wk.Geometry((41, 61, 51), (2.0, 2.0, 2.0), (-50.0, -60.0, -40.0))
    volume = blob(where, (40.0, -20.0, 10.0))  # LPS
    image = wk.image_to_nibabel(volume, where)
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")
    canonical = nib.as_closest_canonical(image)  # nibabel turns its axes to the right, front and top
    assert nib.aff2axcodes(canonical.affine) == ("R", "A", "S")
    (voxel,) = np.argwhere(canonical.get_fdata() == 1)
    np.testing.assert_allclose(canonical.affine @ [*voxel, 1], [-40.0, 20.0, 10.0, 1.0], atol=1e-5)


@pytest.mark.parametrize("letters", ["RAS", "LPS", "LAS", "PSR", "SAL"])
def test_any_order_and_direction_of_the_axes(letters):
    """A file whose axes run as nibabel's letters say has the mark where it was."""
    where = wk.Geometry((41, 61, 51), (2.0, 2.0, 2.0), (-50.0, -60.0, -40.0))
    place = (40.0, -20.0, 10.0)
    image = wk.image_to_nibabel(blob(where, place), where)
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(tuple(letters))
    )
    turned = image.as_reoriented(turn)
    assert nib.aff2axcodes(turned.affine) == tuple(letters)
    found = wk.image_from_nibabel(turned)
    (index,) = np.argwhere(found.array == 1)
    np.testing.assert_allclose(found.geometry.matrix @ [*index[::-1], 1.0], [*place, 1.0], atol=1e-5)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), channels=st.sampled_from([0, 2, 3]))
def test_itk_reads_the_same_places(seed, channels):
    """A file that nibabel wrote, read by ITK, which turns RAS to LPS itself."""
    sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
    where = geometry(SHAPE, seed)
    shape = (channels, *SHAPE) if channels else SHAPE
    array = np.random.default_rng(seed).random(shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        nib.save(wk.image_to_nibabel(array, where), f"{folder}/scan.nii")
        theirs = wk.image_from_itk(sitk.ReadImage(f"{folder}/scan.nii"))
        ours = wk.image_from_nibabel(nib.load(f"{folder}/scan.nii"))
    # NIfTI has affines in float32; a direction is its columns made of length 1.
    np.testing.assert_allclose(theirs.geometry.matrix, where.matrix, atol=2e-5)
    np.testing.assert_allclose(ours.geometry.matrix, where.matrix, atol=2e-5)
    np.testing.assert_array_equal(ours.array, array)
    np.testing.assert_array_equal(theirs.array, array)


def test_one_channel_is_no_axis():
    """NIfTI cannot tell one channel from none."""
    image = wk.image_to_nibabel(np.zeros((1, *SHAPE)), wk.Geometry(SHAPE))
    assert wk.image_from_nibabel(image).array.shape == SHAPE


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm", 1.0), ("meter", 1000.0), ("micron", 0.001), ("unknown", 1.0)]
)
def test_units(tmp_path, unit, factor):
    """Of headers, in millimetres, as ITK has them."""
    image = nib.Nifti1Image(np.zeros(SHAPE, np.float32), np.diag([2.0, 3.0, 4.0, 1.0]))
    image.header.set_xyzt_units(unit)
    found = wk.image_from_nibabel(image).geometry
    np.testing.assert_allclose(found.spacing, np.array([2.0, 3.0, 4.0]) * factor)
    sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
    nib.save(image, tmp_path / "scan.nii")
    theirs = wk.geometry_from_itk(sitk.ReadImage(tmp_path / "scan.nii"))
    np.testing.assert_allclose(found.matrix, theirs.matrix, rtol=1e-6)


def test_scaled_and_big_endian():
    header = nib.Nifti1Header(endianness=">")
    image = nib.Nifti1Image(np.arange(24, dtype=">i2").reshape(2, 3, 4), np.eye(4), header)
    array = wk.image_from_nibabel(image).array
    assert array.dtype == np.dtype("=i2")
    np.testing.assert_array_equal(array, np.arange(24).reshape(2, 3, 4).T)


def test_slope_and_intercept(tmp_path):
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    image = nib.Nifti1Image(np.linspace(0, 1, 24).reshape(2, 3, 4), np.eye(4), header)
    nib.save(image, tmp_path / "scan.nii")  # as int16 with a slope
    found = wk.image_from_nibabel(nib.load(tmp_path / "scan.nii")).array
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.T, np.linspace(0, 1, 24).reshape(2, 3, 4), atol=1e-4)


def test_colours_as_records():
    colours = np.zeros((4, 3, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["G"] = 7
    found = wk.image_from_nibabel(nib.Nifti1Image(colours, np.eye(4)))
    assert found.array.shape == (3, 2, 3, 4)
    assert [channel.max() for channel in found.array] == [0, 7, 0]


def test_pictures_in_a_plane():
    """2D, in the patient's plane of x and y; a coronal one has no geometry in 2D, but has one as a volume."""
    where = wk.Geometry((6, 5), (2.0, 3.0), (10.0, 20.0), ((0.0, -1.0), (1.0, 0.0)))
    image = wk.image_to_nibabel(np.zeros((6, 5)), where)
    assert image.shape == (5, 6)
    assert wk.image_from_nibabel(image).geometry == where
    coronal = np.eye(4)[[0, 2, 1, 3]]
    with pytest.raises(ValueError, match="affine: expected an image in a plane of constant z"):
        wk.from_nibabel(coronal, (5, 6))
    assert wk.from_nibabel(coronal, (5, 6, 1)).ndim == 3


def test_what_no_geometry_holds():
    shears = np.eye(4)
    shears[0, 1] = 0.2
    with pytest.raises(ValueError, match=r"cannot shear .*, given a cosine of 0.196 between axes 0 and 1"):
        wk.from_nibabel(shears, SHAPE)
    with pytest.raises(ValueError, match="affine: expected three axes of some length"):
        wk.from_nibabel(np.diag([1.0, 0.0, 1.0, 1.0]), SHAPE)
    with pytest.raises(ValueError, match="shape: expected two or three lengths"):
        wk.from_nibabel(np.eye(4), (3, 4, 5, 6))
    with pytest.raises(ValueError, match=r"affine: expected shape \(4, 4\)"):
        wk.from_nibabel(np.eye(3), SHAPE)


def test_what_no_file_holds():
    with pytest.raises(ValueError, match="array: expected a dtype that NIfTI has, given float16"):
        wk.image_to_nibabel(np.zeros(SHAPE, np.float16))
    with pytest.raises(ValueError, match="at most one of channels"):
        wk.image_from_nibabel(nib.Nifti1Image(np.zeros((2, 3, 4, 5, 6)), np.eye(4)))
