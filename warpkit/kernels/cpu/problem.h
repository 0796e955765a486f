// One call of grid_sample, as the kernels see it: the C arguments, checked and with what follows from them.
#ifndef WARPKIT_CPU_PROBLEM_H
#define WARPKIT_CPU_PROBLEM_H

#include <string.h>

#include <type_traits>

#include "parallel.h"
#include "tile.h"

#if defined(__GNUC__)
#define WK_PREFETCH(address) __builtin_prefetch(address)
#else
#define WK_PREFETCH(address) ((void)(address))
#endif

namespace wk {

// A tile of output points: `height` pieces of `width` points from successive rows.
struct Tile {
    int64 row, column;
    int width, height;
    int count() const { return width * height; }
};

// In a compact tile the points are near each other, and so are their pixels, whichever way the image is
// turned: the pixels that a tile reads stay in the cache. A push visits the points in row-major order
// instead.
enum class Order { COMPACT, ROW_MAJOR };

struct Problem {
    const wk_grid_sample &arguments;
    Axis axes[MAX_NDIM];
    int64 plane;       // elements of one channel of one image
    int64 batch;
    int64 row, rows;   // points in a row, and number of rows
    int64 tile_width, tile_height;
    int64 across;      // tiles side by side
    int64 tiles;       // per batch item
    bool small_index;  // places in a channel fit 32 bits

    Problem(const wk_grid_sample &a, Order order) : arguments(a), axes{}, plane(1) {
        for (int d = 0; d < a.ndim; ++d) {
            axes[d] = {a.size[d], plane, a.scale[d], a.offset[d]};
            plane *= a.size[d];
        }
        batch = a.image_n == 1 ? a.grid_n : a.image_n;
        small_index = plane < (int64{1} << 31);
        row = order == Order::COMPACT && a.row > 0 ? a.row : a.points;
        rows = row > 0 ? a.points / row : 0;
        constexpr int64 COMPACT_WIDTH = 32;  // 8 rows of 32: whole cache lines of the grid and of the output
        const int64 widest = rows * COMPACT_WIDTH < TILE ? TILE / (rows > 0 ? rows : 1) : COMPACT_WIDTH;
        tile_width = row < widest ? row : widest;
        tile_height = tile_width > 0 ? TILE / tile_width : 1;
        across = tile_width > 0 ? (row + tile_width - 1) / tile_width : 0;
        tiles = across * ((rows + tile_height - 1) / tile_height);
    }

    Tile tile(int64 number) const {
        const int64 first_row = number / across * tile_height, column = number % across * tile_width;
        const int64 rows_left = rows - first_row, columns_left = row - column;
        return {first_row, column, static_cast<int>(columns_left < tile_width ? columns_left : tile_width),
                static_cast<int>(rows_left < tile_height ? rows_left : tile_height)};
    }

    int taps() const { return arguments.kernel == WK_LINEAR ? 1 << arguments.ndim : 1; }
    int64 grid_of(int64 item) const { return arguments.grid_n == 1 ? 0 : item; }

    // Where a channel of a batch item's image begins.
    int64 plane_start(int64 item, int64 channel) const {
        return ((arguments.image_n == 1 ? 0 : item) * arguments.channels + channel) * plane;
    }
    // Where a row of a tile begins among the points of a batch item, and in the values of a channel.
    int64 point(const Tile &tile, int r) const { return (tile.row + r) * row + tile.column; }
    int64 value_start(int64 item, int64 channel) const {
        return (item * arguments.channels + channel) * arguments.points;
    }
};

inline bool is_supported(const wk_grid_sample &a) {
    const auto is_dtype = [](int32_t code) { return code == WK_FLOAT32 || code == WK_FLOAT64; };
    return (a.ndim == 2 || a.ndim == 3) && (a.kernel == WK_NEAREST || a.kernel == WK_LINEAR) &&
           a.boundary >= WK_CONSTANT && a.boundary <= WK_WRAP && is_dtype(a.image_dtype) &&
           is_dtype(a.grid_dtype);
}

// The first loop, for the points of one tile of the grid of one batch item.
inline void locate(const Problem &problem, int64 grid_item, const Tile &tile, Cells &cells) {
    const wk_grid_sample &a = problem.arguments;
    const auto run = [&](auto *grid) {
        using G = std::remove_const_t<std::remove_pointer_t<decltype(grid)>>;
        for (int r = 0; r < tile.height; ++r) {
            const auto *from = grid + (grid_item * a.points + problem.point(tile, r)) * a.ndim;
            const int first = r * tile.width;
            const auto locate_row = a.ndim == 2 ? locate_points<2, G> : locate_points<3, G>;
            locate_row(from, first, tile.width, problem.axes, cells.index, cells.fraction);
        }
    };
    if (a.grid_dtype == WK_FLOAT32) run(static_cast<const float *>(a.grid));
    else run(static_cast<const double *>(a.grid));
    cells.interior = true;
    cells.exterior = false;
    bool nan = false;
    for (int d = 0; d < a.ndim; ++d) {
        const double size = static_cast<double>(a.size[d]);
        cells.interior &= all_interior(cells.index[d], tile.count(), size);
        if (cells.interior) continue;
        cells.exterior |= all_exterior(cells.index[d], tile.count(), size);
        nan |= any_nan(cells.index[d], tile.count());
    }
    cells.exterior &= !nan;
}

// Asks for the grid of a tile that comes next. A tile's rows are too short for the processor to foresee them.
inline void prefetch_grid(const Problem &problem, int64 grid_item, const Tile &tile) {
    const wk_grid_sample &a = problem.arguments;
    constexpr int LINE = 64;
    const int64 bytes = (a.grid_dtype == WK_FLOAT32 ? sizeof(float) : sizeof(double)) * a.ndim;
    for (int r = 0; r < tile.height; ++r) {
        const char *from = static_cast<const char *>(a.grid) +
                           (grid_item * a.points + problem.point(tile, r)) * bytes;
        for (int64 at = 0; at < tile.width * bytes; at += LINE) WK_PREFETCH(from + at);
    }
}

// Copies the values of a tile's points in one channel into an array without gaps, or back.
template <typename T>
void read_tile(const Problem &problem, const Tile &tile, const T *channel, T *values) {
    for (int r = 0; r < tile.height; ++r) {
        memcpy(values + r * tile.width, channel + problem.point(tile, r), tile.width * sizeof(T));
    }
}

template <typename T>
void write_tile(const Problem &problem, const Tile &tile, const T *values, T *channel) {
    for (int r = 0; r < tile.height; ++r) {
        memcpy(channel + problem.point(tile, r), values + r * tile.width, tile.width * sizeof(T));
    }
}

// The second loop.
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

// Runs body(item, tile, work) for all tiles of `items` batch items, on as many threads as the work is worth.
template <typename Work, typename Body>
void parallel_for_tiles(const Problem &problem, int64 items, double nanoseconds, const Body &body) {
    constexpr int64 PIECE = 16;  // tiles handed to a thread at once
    const int64 pieces = (problem.tiles + PIECE - 1) / PIECE;
    const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
    parallel_for(items * pieces, threads, [&](int64 piece) {
        Work work;
        const int64 item = piece / pieces, first = piece % pieces * PIECE;
        const int64 last = first + PIECE < problem.tiles ? first + PIECE : problem.tiles;
        for (int64 number = first; number < last; ++number) {
            if (number + 1 < last) prefetch_grid(problem, problem.grid_of(item), problem.tile(number + 1));
            body(item, problem.tile(number), work);
        }
    });
}

}  // namespace wk

#endif
