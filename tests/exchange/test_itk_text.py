"""ITK's text files, against SimpleITK's."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.exchange._itk_text import read_itk_text, write_itk_text

from .maps import AFFINE_CLASSES
from .test_itk import KINDS, mapped, places, sitk


@pytest.mark.parametrize("name", KINDS)
def test_files_of_itk(tmp_path, name):
    theirs = KINDS[name][0](np.random.default_rng(0))
    file = tmp_path / "transform.tfm"
    sitk.WriteTransform(theirs, str(file))
    found = read_itk_text(file)
    assert type(found) is KINDS[name][1]
    points = places(theirs.GetDimension(), 1)
    np.testing.assert_allclose(found(points)[0], mapped(theirs, points), rtol=0, atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", AFFINE_CLASSES)
def test_itk_reads_ours(tmp_path, kind, ndim):
    transform = kind.random(np.random.default_rng(2), ndim, frame="world")
    file = tmp_path / "transform.txt"
    write_itk_text(file, transform)
    theirs, points = sitk.ReadTransform(str(file)), places(ndim, 3)
    np.testing.assert_allclose(mapped(theirs, points), transform(points)[0], rtol=0, atol=1e-12)
    assert theirs.GetName() == wk.to_itk(transform).GetName()
    again = read_itk_text(file)
    if ndim == 2 or kind is wk.Affine:  # no versor, whose rounding is ITK's
        np.testing.assert_array_equal(again.to_affine().theta, transform.to_affine().theta)


def test_composites(tmp_path):
    rng, file = np.random.default_rng(4), tmp_path / "transform.tfm"
    theirs = sitk.CompositeTransform([KINDS[name][0](rng) for name in ("affine2", "euler2", "translation2")])
    sitk.WriteTransform(theirs, str(file))
    points = places(2, 5)
    np.testing.assert_allclose(read_itk_text(file)(points)[0], mapped(theirs, points), rtol=0, atol=1e-11)


def test_what_ants_writes(tmp_path):
    """An affine map under another name; the file is from before ITK had comments between transforms."""
    file = tmp_path / "transform.txt"
    file.write_text(
        "#Insight Transform File V1.0\n"
        "Transform: MatrixOffsetTransformBase_double_2_2\n"
        "Parameters: 1 0.5 0 2 3 4\n"
        "FixedParameters: 10 20\n"
    )
    theirs = sitk.AffineTransform((1.0, 0.5, 0.0, 2.0), (3.0, 4.0), (10.0, 20.0))
    points = places(2, 6)
    np.testing.assert_allclose(read_itk_text(file)(points)[0], mapped(theirs, points), rtol=0, atol=1e-12)


HEAD = "#Insight Transform File V1.0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the first line '#Insight Transform File V1.0', given ''"),
        ("1 0 0\n0 1 0\n", "expected the first line '#Insight Transform File V1.0', given '1 0 0'"),
        (HEAD, "expected one transform, or a composite"),
        (HEAD + "Parameters: 1 2\n", "expected an entry of a transform, given 'Parameters: 1 2'"),
        (HEAD + "Transform: Affine\n", "expected a name such as AffineTransform_double_3_3, given 'Affine'"),
        (
            HEAD + "Transform: AffineTransform_double_2_2\nParameters: 1 0 0\n",
            "expected 6 parameters of Affine",
        ),
        (HEAD + "Transform: AffineTransform_double_2_2\nParameters: 1 0 O 1 0 0\n", "could not convert"),
        (HEAD + "Transform: BSplineTransform_double_2_2\nParameters: 1\n", "given BSplineTransform"),
        (
            HEAD + 2 * "Transform: TranslationTransform_double_2_2\nParameters: 1 2\n",
            "expected one transform",
        ),
    ],
)
def test_damaged_files(tmp_path, text, message):
    file = tmp_path / "transform.tfm"
    file.write_text(text)
    with pytest.raises(
        ValueError, match=f"transform.tfm: not a transform file that can be read: .*{message}"
    ):
        read_itk_text(file)


def test_binary_files(tmp_path):
    file = tmp_path / "transform.tfm"
    file.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match=r"transform.tfm: not a transform file"):
        read_itk_text(file)
