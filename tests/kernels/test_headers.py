"""What happens at one point, in headers that are device code too: a GPU computes what is tested on a CPU."""

from __future__ import annotations

import shutil
import subprocess

import pytest

DEVICE_SOURCE = """
#include "warpkit/boundary.h"
#include "warpkit/coordinate.h"
#include "warpkit/pixel_type.h"
#include "warpkit/radial_basis.h"
#include "warpkit/tap_kernel.h"

template <typename Kernel, int ORDER, typename Rule, typename S, typename T>
DEVICE_FUNCTION void sample_row(const S *row, long long size, const double *grid, S *out, int point) {
    const wk::Cell cell = wk::cell_of(wk::pixel_coordinate(grid[point], size / 2.0, (size - 1) / 2.0));
    T weight[Kernel::TAPS], sum = T(-0.0);
    Kernel::template weights<ORDER>(static_cast<T>(Kernel::local(cell.fraction)), weight);
    for (int tap = 0; tap < Kernel::TAPS; ++tap) {
        const double i = Kernel::first_tap(cell) + tap;
        const double pixel = Rule::resolve(i, static_cast<double>(size));
        const T value = pixel < 0 ? T(0) : wk::to_arithmetic(row[static_cast<long long>(pixel)]);
        sum = wk::accumulate(sum, Rule::has_answer(i) ? weight[tap] : T(wk::NOT_A_NUMBER), value);
    }
    out[point] = wk::Pixel<S>::of(sum + static_cast<T>(wk::radial_basis<2>(cell.fraction)));
}

#define INSTANTIATE(kernel, order, rule, stored, arithmetic)                                    \\
    template DEVICE_FUNCTION void sample_row<wk::kernel, order, wk::rule, stored, arithmetic>( \\
        const stored *, long long, const double *, stored *, int);
"""

KERNELS = {"Nearest": 0, "Linear": 1, "Cubic": 3, "CubicSharp": 3, "BSpline2": 2, "BSpline3": 3}
"""With the highest order of derivative of each."""


def source(mark):
    """Every kernel and order, under every boundary rule, for every type of pixel, in a function so marked."""
    lines = [
        f"INSTANTIATE({kernel}, {order}, {rule}, {stored}, {'double' if stored == 'double' else 'float'})"
        for kernel, highest in KERNELS.items()
        for order in range(highest + 1)
        for rule in ("Constant", "Border", "Reflect", "Mirror", "Wrap")
        for stored in ("float", "double", "wk::Half", "wk::uint8", "wk::uint16", "wk::int16")
    ]
    return f"#define DEVICE_FUNCTION {mark}\n" + DEVICE_SOURCE + "\n".join(lines) + "\n"


def test_compile_as_device_code(nvrtc):
    text = source("__global__")  # of other functions, NVRTC leaves out what no kernel calls
    assert nvrtc.compile(text)[0].count(".entry") == text.count("INSTANTIATE(") - 1


def test_compile_without_a_standard_library(tmp_path, kernel_sources):
    """No header but their own is found, and no warning is left."""
    compiler = shutil.which("c++") or pytest.skip("needs a C++ compiler")
    file = tmp_path / "sample_row.cpp"
    file.write_text(source(""))
    flags = ["-std=c++17", "-fsyntax-only", "-nostdinc", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *flags, f"-I{kernel_sources / 'include'}", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_include_no_standard_header(kernel_sources):
    for file in (kernel_sources / "include").rglob("*.h"):
        included = [line for line in file.read_text().splitlines() if line.startswith("#include")]
        assert all('"warpkit/' in line for line in included), file
