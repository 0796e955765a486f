"""ITK's text files of transforms, .tfm and .txt."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from warpkit.transforms import AbstractTransform

from ._itk_parameters import ITKParameters, Numbers, from_parameters, to_parameters

_FIRST_LINE = "#Insight Transform File V1.0"
_COMPOSITE = "CompositeTransform"


def write_itk_text(path: Path, transform: AbstractTransform) -> None:
    """Write an affine map of the world."""
    given = to_parameters(transform)
    lines = [
        _FIRST_LINE,
        "#Transform 0",
        f"Transform: {given.name}_double_{given.ndim}_{given.ndim}",
        f"Parameters: {_joined(given.parameters)}",
        f"FixedParameters: {_joined(given.fixed)}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _joined(numbers: Numbers) -> str:
    return " ".join(repr(number) for number in numbers)  # as many digits as give back every bit


def read_itk_text(path: Path) -> AbstractTransform:
    """Read affine maps of the world; several, if a composite is the first, as one.

    Raises
    ------
    ValueError
        If it is another file, damaged, or holds other transforms: the message names it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        if not lines or lines[0].strip() != _FIRST_LINE:
            raise ValueError(
                f"expected the first line {_FIRST_LINE!r}, given {lines[0][:80] if lines else ''!r}"
            )
        return _composed(_records(lines[1:]))
    except ValueError as error:  # a UnicodeDecodeError is one
        raise ValueError(f"{path}: not a transform file that can be read: {error}") from error


def _records(lines: list[str]) -> list[dict[str, str]]:
    """The entries "Key: value" of each transform."""
    records: list[dict[str, str]] = []
    for line in lines:
        key, colon, value = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if key == "Transform":
            records.append({})
        if not colon or not records:
            raise ValueError(f"expected an entry of a transform, given {line[:80]!r}")
        records[-1][key] = value.strip()
    return records


def _composed(records: list[dict[str, str]]) -> AbstractTransform:
    names = [record["Transform"].partition("_")[0] for record in records]
    composite = bool(names) and names[0] == _COMPOSITE
    parts = records[composite:]
    if not parts or (len(parts) > 1 and not composite) or _COMPOSITE in names[1:]:
        raise ValueError(
            f"expected one transform, or a composite and those that it is of, given {len(parts)}"
        )
    # A composite applies the last one first, as `@` does.
    transforms: list[AbstractTransform] = [from_parameters(_parameters(record)) for record in parts]
    return reduce(lambda outer, inner: outer @ inner, transforms)


def _parameters(record: dict[str, str]) -> ITKParameters:
    """One entry, such as "AffineTransform_double_3_3", as numbers."""
    given = record["Transform"]
    name, *kind = given.rsplit("_", 3)
    if len(kind) != 3 or kind[1] != kind[2] or not kind[1].isdigit():
        raise ValueError(f"expected a name such as AffineTransform_double_3_3, given {given!r}")
    numbers = {
        key: tuple(float(word) for word in record.get(key, "").split())
        for key in ("Parameters", "FixedParameters")
    }
    return ITKParameters(name, int(kind[1]), numbers["Parameters"], numbers["FixedParameters"])
