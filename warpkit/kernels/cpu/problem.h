// One call of grid_sample, as the kernels see it: the C arguments, checked and with what follows from them.
#ifndef WARPKIT_CPU_PROBLEM_H
#define WARPKIT_CPU_PROBLEM_H

#include "tile.h"

namespace wk {

struct Problem {
    const wk_grid_sample &arguments;
    Axis axes[MAX_NDIM];
    int64 plane;       // elements of one channel of one image
    int64 batch;
    int64 tiles;       // per batch item
    bool small_index;  // places in a channel fit 32 bits

    explicit Problem(const wk_grid_sample &a) : arguments(a), axes{}, plane(1) {
        for (int d = 0; d < a.ndim; ++d) {
            axes[d] = {a.size[d], plane, a.scale[d], a.offset[d]};
            plane *= a.size[d];
        }
        batch = a.image_n == 1 ? a.grid_n : a.image_n;
        tiles = (a.points + TILE - 1) / TILE;
        small_index = plane < (int64{1} << 31);
    }

    int taps() const { return arguments.kernel == WK_LINEAR ? 1 << arguments.ndim : 1; }
    int count(int64 tile) const {
        const int64 rest = arguments.points - tile * TILE;
        return rest < TILE ? static_cast<int>(rest) : TILE;
    }
    int64 grid_of(int64 item) const { return arguments.grid_n == 1 ? 0 : item; }

    // Where a channel of a batch item's image begins, and where a tile of its values does.
    int64 plane_start(int64 item, int64 channel) const {
        return ((arguments.image_n == 1 ? 0 : item) * arguments.channels + channel) * plane;
    }
    int64 value_start(int64 item, int64 channel, int64 tile) const {
        return (item * arguments.channels + channel) * arguments.points + tile * TILE;
    }
    int64 grid_start(int64 grid_item, int64 tile) const {
        return (grid_item * arguments.points + tile * TILE) * arguments.ndim;
    }
};

inline bool is_supported(const wk_grid_sample &a) {
    const auto is_dtype = [](int32_t code) { return code == WK_FLOAT32 || code == WK_FLOAT64; };
    return (a.ndim == 2 || a.ndim == 3) && (a.kernel == WK_NEAREST || a.kernel == WK_LINEAR) &&
           a.boundary >= WK_CONSTANT && a.boundary <= WK_WRAP && is_dtype(a.image_dtype) &&
           is_dtype(a.grid_dtype);
}

// Steps 1 and 2 for the points of one tile of the grid of one batch item.
inline void locate(const Problem &problem, int64 grid_item, int64 tile, Cells &cells) {
    const wk_grid_sample &a = problem.arguments;
    const int64 start = problem.grid_start(grid_item, tile);
    const int count = problem.count(tile);
    const auto run = [&](auto *grid) {
        if (a.ndim == 2) locate_points<2>(grid + start, count, problem.axes, cells.index, cells.fraction);
        else locate_points<3>(grid + start, count, problem.axes, cells.index, cells.fraction);
    };
    if (a.grid_dtype == WK_FLOAT32) run(static_cast<const float *>(a.grid));
    else run(static_cast<const double *>(a.grid));
    cells.interior = true;
    for (int d = 0; d < a.ndim; ++d) {
        cells.interior &= all_interior(cells.index[d], count, static_cast<double>(a.size[d]));
    }
}

template <typename T, typename Index>
void find_taps(const Problem &problem, const Cells &cells, int count, Taps<T, Index> &taps) {
    const wk_grid_sample &a = problem.arguments;
    const wk_boundary boundary = static_cast<wk_boundary>(a.boundary);
    taps.interior = cells.interior;
    for (int d = 0; d < a.ndim; ++d) {
        const auto run = [&](auto find) {
            find(boundary, cells.interior, cells.index[d], cells.fraction[d], count, problem.axes[d],
                 taps.place[d], taps.weight[d]);
        };
        if (a.kernel == WK_LINEAR) run(find_axis_taps<Linear, T, Index>);
        else run(find_axis_taps<Nearest, T, Index>);
    }
}

// Calls body(T{}, Index{}) with the arithmetic's type and the type of places.
template <typename Body>
void with_types(const Problem &problem, const Body &body) {
    if (problem.arguments.image_dtype == WK_FLOAT32) {
        if (problem.small_index) body(float{}, int32{});
        else body(float{}, int64{});
    } else {
        if (problem.small_index) body(double{}, int32{});
        else body(double{}, int64{});
    }
}

}  // namespace wk

#endif
