"""Align two images, and say whether to believe the answer.

The map that is found leads from points of FIXED to points of MOVING. If both files say where their pixels
are, it is one of the world, in millimetres (LPS), unless it is a field; if one or none does, it is one of
pixels. OUT is made where there is no such folder; in one that exists, the files of an earlier registration
are replaced, and others stay. Written are: the moving image as the fixed one has it (warped), the map
(transform.npz, and transform.tfm if it is one of the world that ITK knows), checkerboard.png,
before-after.gif, convergence.png and report.json. It exits with 0 if the registration converged, with 2 if
not (all is written nevertheless), and with 1 after an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from warpkit.exchange import load_transform, save_transform, write_image
from warpkit.registration import METRICS, STARTS, TRANSFORMS, RegistrationResult, register
from warpkit.transforms import WORLD, AbstractAffine, AbstractTransform, Translation

from . import _output_folder as names
from ._before_after import write_before_after
from ._checkerboard import checkerboard
from ._convergence import write_convergence
from ._extras import need
from ._inputs import Input, check_pair, naming, read_input, read_mask
from ._registration_report import make_report, summarise
from ._resampling import resample
from ._stages import stage
from ._views import View, make_views
from ._warp import has_place

_NOT_CONVERGED = 2
_TRANSFORM_FILES = (".npz", ".tfm", ".txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command line."""
    parser.add_argument("fixed", metavar="FIXED", help="the image that stays as it is")
    parser.add_argument("moving", metavar="MOVING", help="the image that is warped")
    parser.add_argument("-o", "--out", metavar="OUT", required=True, help="the folder to write")
    parser.add_argument("--transform", choices=TRANSFORMS, default="affine", help="affine by default")
    parser.add_argument("--metric", choices=METRICS, default="ncc", help="ncc by default")
    parser.add_argument(
        "--init",
        metavar="START",
        default="auto",
        help=f"{', '.join(STARTS)}, or a file with a transform; auto by default",
    )
    parser.add_argument(
        "--fixed-mask", metavar="MASK", help="how much pixels count, as an image: not where 0"
    )
    parser.add_argument("--moving-mask", metavar="MASK", help="the same for the moving image")
    parser.add_argument(
        "--ndim",
        type=int,
        choices=(2, 3),
        help="what the pages of a TIFF are, 2: channels, 3: a volume; three of them are colours by default",
    )
    parser.add_argument(
        "--smoothness", type=float, metavar="PIXELS", help="of displacement and diffeomorphic; 0.5 by default"
    )
    parser.add_argument(
        "--finest-level",
        type=int,
        metavar="LEVEL",
        default=0,
        help="where to stop: 0, the default, is full size, 1 half of it, and so on; coarser is faster",
    )
    parser.add_argument(
        "--tolerance", type=float, metavar="PIXELS", default=0.01, help="of the last step; 0.01 by default"
    )
    parser.add_argument(
        "--max-iterations", type=int, metavar="N", default=100, help="on each level; 100 by default"
    )


def run(options: argparse.Namespace) -> int:
    """Register; return the exit status."""
    need({"matplotlib": "matplotlib", "imageio": "imageio"}, "the command register", "command")
    start = time.perf_counter()
    with stage("reading"):
        pair = read_input(options.fixed, options.ndim), read_input(options.moving, options.ndim)
        check_pair(*pair)
        masks = [
            read_mask(path, image)
            for path, image in zip((options.fixed_mask, options.moving_mask), pair, strict=True)
        ]
        init = _start(options.init, pair)
    folder = names.prepare_folder(options.out, _files(options))
    _say_without_geometry(pair)
    with stage(f"registering ({options.transform}, {options.metric})"), naming(_given(options)):
        result = register(
            pair[0].array,
            pair[1].array,
            options.transform,
            options.metric,
            init=init,
            fixed_mask=masks[0],
            moving_mask=masks[1],
            fixed_geometry=pair[0].geometry if _in_world(pair) else None,
            moving_geometry=pair[1].geometry if _in_world(pair) else None,
            ndim=pair[0].ndim,
            smoothness=options.smoothness,
            finest_level=options.finest_level,
            tolerance=options.tolerance,
            max_iterations=options.max_iterations,
        )
    seconds = time.perf_counter() - start
    with stage("writing and drawing"):
        written = _write(folder, options, pair, result, seconds)
    print(summarise(options, pair, result, seconds))
    print(f"\nwrote {', '.join(written)} into {folder}")
    return 0 if result.converged else _NOT_CONVERGED


def _given(options: argparse.Namespace) -> dict[str, object]:
    """What errors are about."""
    return {
        **{name: getattr(options, name) for name in ("fixed", "moving", "fixed_mask", "moving_mask")},
        "init": options.init if _is_file(options.init) else "--init",
        "smoothness": "--smoothness",
        "finest_level": "--finest-level",
        "tolerance": "--tolerance",
        "max_iterations": "--max-iterations",
    }


def _files(options: argparse.Namespace) -> list[str]:
    """That are read."""
    given = [options.fixed, options.moving, options.fixed_mask, options.moving_mask]
    return [path for path in [*given, options.init if _is_file(options.init) else None] if path is not None]


def _is_file(init: str) -> bool:
    return init.lower().endswith(_TRANSFORM_FILES)


def _in_world(pair: tuple[Input, Input]) -> bool:
    return all(image.geometry is not None for image in pair)


def _say_without_geometry(pair: tuple[Input, Input]) -> None:
    without = [image.path for image in pair if image.geometry is None]
    if len(without) == 1:
        print(f"{without[0]} does not say where its pixels are: places are pixels", file=sys.stderr)


def _start(init: str, pair: tuple[Input, Input]) -> str | AbstractTransform:
    """The name of a start; or a transform from a file, in the frame of the result as far as may be."""
    if not _is_file(init):
        return init
    start = load_transform(init)
    fixed, moving = pair
    if start.ndim != fixed.ndim:
        raise ValueError(f"{init}: expected a transform in {fixed.ndim}D, given one in {start.ndim}D")
    if not _in_world(pair):
        if start.frame == WORLD:
            raise ValueError(f"{init}: expected a transform of pixels, as the images have no geometry")
        with naming({"in_space": moving.path, "out_space": fixed.path}):
            return start.to_frame("pixel", moving.shape, fixed.shape)
    with naming({"transform": init, "in_space": moving.path, "out_space": fixed.path}):
        return start.to_frame(WORLD, moving.geometry, fixed.geometry)  # type: ignore[arg-type]  # _in_world: neither is None


def _write(
    folder: Path,
    options: argparse.Namespace,
    pair: tuple[Input, Input],
    result: RegistrationResult,
    seconds: float,
) -> list[str]:
    """Write everything; return the names of the files. The report, which tells that all is there, is last."""
    fixed, moving = pair
    warped = resample(moving, result.transform, fixed.shape, fixed.geometry)
    name = names.warped_name(fixed, warped.dtype)
    halves = has_place(name) and warped.dtype == np.float16  # which only TIFF has
    stored = warped.astype(np.float32) if halves else warped
    write_image(folder / name, stored, fixed.geometry if has_place(name) else None)
    written = [name, names.TRANSFORM]
    save_transform(folder / names.TRANSFORM, result.transform)
    if result.transform.frame == WORLD and isinstance(result.transform, AbstractAffine):
        written.append(names.ITK_TRANSFORM)
        save_transform(folder / names.ITK_TRANSFORM, result.transform)
    views = _views(pair, result, warped)
    write_image(folder / names.CHECKERBOARD, np.moveaxis(checkerboard(views), -1, 0))
    write_before_after(folder / names.BEFORE_AFTER, views)
    write_convergence(folder / names.CONVERGENCE, result, options.metric, options.tolerance)
    report: dict[str, Any] = make_report(options, pair, result, seconds)
    text = json.dumps(report, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / names.REPORT).write_text(text + "\n", encoding="utf-8")
    return [*written, names.CHECKERBOARD, names.BEFORE_AFTER, names.CONVERGENCE, names.REPORT]


def _views(pair: tuple[Input, Input], result: RegistrationResult, warped: np.ndarray) -> list[View]:
    fixed, moving = pair
    nowhere_else = Translation.identity(fixed.ndim, frame=WORLD if _in_world(pair) else "pixel")
    before = resample(moving, nowhere_else, fixed.shape, fixed.geometry)
    return make_views(fixed, before, warped, result.coverage)
