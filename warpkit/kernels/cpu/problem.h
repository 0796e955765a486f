// One call of a kernel: the C arguments, checked, and what follows from them.
#ifndef WARPKIT_CPU_PROBLEM_H
#define WARPKIT_CPU_PROBLEM_H

#include <string.h>

#include "kernels.h"
#include "parallel.h"
#include "tile.h"
#include "warpkit/coordinate.h"

namespace wk {

constexpr int64 PIECE = 64;  // tiles handed to a thread at once, at most

// How many tiles to the right and down the next tile is.
struct Next {
    int64 right, down;
    bool ends_piece;  // this one is the last of a piece
};

// Grid values along an axis at which all taps of a linear or nearest kernel are in memory: those no further than `reach`
// from the middle. A little fewer than there are, since pixel coordinates, and these numbers themselves, are rounded.
struct InteriorValues {
    double middle, reach;
    InteriorValues(const wk_sampling &a, int d) {
        constexpr double MARGIN = 1.0 / (1 << 20);  // relative; that of a float32's rounding is 2^-24
        const double first = static_cast<double>(a.block_origin[d]), last = first + (a.block_size[d] - 1);
        const double low = (first - a.offset[d]) / a.scale[d], high = (last - a.offset[d]) / a.scale[d];
        middle = 0.5 * (low + high);
        reach = 0.5 * (high - low) - MARGIN * (1.0 + (low < 0.0 ? -low : low) + (high < 0.0 ? -high : high));
    }
};

struct Problem {
    const wk_sampling &arguments;
    Axis axes[MAX_NDIM];
    InteriorValues interior[MAX_NDIM];
    int64 plane;      // elements in memory of one channel of one image
    int64 batch;
    int64 row, rows;  // points in a row, and number of rows
    int64 points;
    int64 tile_width, tile_height;
    int64 across, down;        // tiles of a batch item
    int64 piece_width, piece_height;  // tiles of a piece
    int64 pieces_across, pieces;      // of a batch item
    bool wide_index;  // places in a channel need 64 bits
    bool whole;       // the whole image is in memory
    bool prefetches;  // the images do not fit a cache

    explicit Problem(const wk_sampling &a, int64 usual_width = TILE_WIDTH) : arguments(a), axes{}, interior{{a, 0}, {a, 1}, {a, 2}}, plane(1), whole(true) {
        for (int d = 0; d < a.ndim; ++d) {
            axes[d] = {a.size[d], plane, a.scale[d], a.offset[d]};
            plane *= a.block_size[d];
            whole &= a.block_origin[d] == 0 && a.block_size[d] == a.size[d];
        }
        batch = a.image_n == 1 ? a.source_n : a.image_n;
        int64 reach = 0;  // no place, counted from the image's first pixel, is further
        for (int d = 0; d < a.ndim; ++d) reach += (a.block_origin[d] + a.block_size[d]) * axes[d].stride;
        wide_index = a.wide_index != 0 || reach >= (int64{1} << 31);
        constexpr int64 NEAR = 1 << 21;
        prefetches = plane * a.channels * a.image_n >= NEAR;
        row = a.shape[0];
        rows = a.shape[1] * a.shape[2];
        points = row * rows;
        // 16 x 16: whole cache lines of the output, and as many pixels across as along at any angle. Short
        // rows are taken whole: their images are small.
        constexpr int64 SHORT_ROW = 64;
        const int64 most = most_points(a);
        const int64 widest = rows * usual_width < most ? most / (rows > 0 ? rows : 1) : usual_width;
        const int64 width = row <= SHORT_ROW ? row : widest;
        tile_width = width < row ? width : row;
        if (tile_width > most) tile_width = most;
        tile_height = tile_width > 0 ? most / tile_width : 1;
        // Points of a tile fill vectors of 16, where rows are short and there are enough of them.
        int64 full = 1;
        while (full * tile_width % 16 != 0) full *= 2;
        if (tile_height < rows && tile_height > full) tile_height -= tile_height % full;
        across = tile_width > 0 ? (row + tile_width - 1) / tile_width : 0;
        down = (rows + tile_height - 1) / tile_height;
        // Square, so that at any angle few cache lines of the image are read by two pieces. But a grid is more to read
        // than the image, and lies in rows.
        const int64 side = points >= int64{1} << 20 ? 8 : 4, widest_piece = is_grid() ? 16 : side;
        const int64 most_tiles = is_grid() ? 16 : side * side;
        piece_width = across < widest_piece ? (across > 0 ? across : 1) : widest_piece;
        piece_height = most_tiles / piece_width;
        pieces_across = (across + piece_width - 1) / piece_width;
        pieces = pieces_across * ((down + piece_height - 1) / piece_height);
    }

    // Points of a tile: the more taps they have, the fewer.
    static int64 most_points(const wk_sampling &a) {
        int product = 1;
        for (int d = 0; d < a.ndim; ++d) product *= taps_of(a.kernel);
        const int64 most = PRODUCT_SIZE / product / 16 * 16;
        return most < TILE ? most : TILE;
    }
    // Calls body(number, tile, next) for the tiles of a piece in turn; `number` is a tile's among all of the item.
    template <typename Body>
    void for_tiles(int64 piece, const Body &body) const {
        const int64 left = piece % pieces_across * piece_width, top = piece / pieces_across * piece_height;
        const int64 right = left + piece_width < across ? left + piece_width : across;
        const int64 bottom = top + piece_height < down ? top + piece_height : down;
        int64 number = piece * PIECE;
        for (int64 y = top; y < bottom; ++y) {
            for (int64 x = left; x < right; ++x) {
                const bool end_of_row = x + 1 == right, end = end_of_row && y + 1 == bottom;
                const Next next = end ? Next{1, top - y, true} : end_of_row ? Next{left - x, 1, false} : Next{1, 0, false};
                body(number++, tile_at(x, y), next);
            }
        }
    }
    Tile tile_at(int64 x, int64 y) const {
        const int64 first_row = y * tile_height, column = x * tile_width;
        const int64 rows_left = rows - first_row, columns_left = row - column;
        return {first_row, column, static_cast<int>(columns_left < tile_width ? columns_left : tile_width),
                static_cast<int>(rows_left < tile_height ? rows_left : tile_height)};
    }
    bool is_grid() const {
        return arguments.source == WK_GRID_FLOAT32 || arguments.source == WK_GRID_FLOAT64;
    }
    int64 source_of(int64 item) const { return arguments.source_n == 1 ? 0 : item; }
    int64 image_of(int64 item) const { return arguments.image_n == 1 ? 0 : item; }
    // Where a channel of a batch item's image begins.
    int64 plane_start(int64 item, int64 channel) const {
        return (image_of(item) * arguments.channels + channel) * plane;
    }
    // Where a row of a tile begins among the points of a batch item, and where a channel of a batch item
    // begins among point values.
    int64 point(const Tile &tile, int r) const { return (tile.row + r) * row + tile.column; }
    int64 value_start(int64 item, int64 channel) const {
        return (item * arguments.channels + channel) * points;
    }
    // The same for `point_values`, which the batch may share.
    int64 point_value_start(int64 item, int64 channel) const {
        return value_start(arguments.point_values_n == 1 ? 0 : item, channel);
    }
};

// Whether points along a row read along the rows of the image, more or less: as far as the first map tells, or one place
// of the first grid. Wide tiles are faster then, and slower where points read across the rows.
inline bool follows_rows(const Problem &problem) {
    const wk_sampling &a = problem.arguments;
    double step[MAX_NDIM] = {};
    const auto difference = [&](const auto *grid) {
        const int64 distance = problem.row <= WIDE_TILE_WIDTH ? problem.row - 1 : WIDE_TILE_WIDTH;
        const auto *here = grid + problem.rows / 2 * problem.row * a.ndim, *there = here + distance * a.ndim;
        for (int d = 0; d < a.ndim; ++d) step[d] = (static_cast<double>(there[d]) - here[d]) * problem.axes[d].scale;
    };
    if (problem.batch * problem.points == 0) return false;
    if (a.source == WK_GRID_FLOAT32) difference(static_cast<const float *>(a.coordinates));
    if (a.source == WK_GRID_FLOAT64) difference(static_cast<const double *>(a.coordinates));
    if (a.source == WK_AFFINE) {
        for (int d = 0; d < a.ndim; ++d) step[d] = static_cast<const double *>(a.coordinates)[d * (a.ndim + 1)];
    }
    const auto size = [&](int d) { return step[d] < 0 ? -step[d] : step[d]; };
    return 2.0 * (size(1) + size(2)) <= size(0) && size(0) > 0.0;
}

// The chain rule's factor of derivatives: the product of the frame's scales.
inline double derivative_factor(const wk_sampling &a) {
    double factor = 1.0;
    for (int d = 0; d < a.ndim; ++d) {
        for (int i = 0; i < a.derivative[d]; ++i) factor *= a.scale[d];
    }
    return factor;
}

inline bool is_supported(const wk_sampling &a) {
    const auto within = [](int32_t code, int32_t last) { return code >= 0 && code <= last; };
    bool supported = a.ndim >= 1 && a.ndim <= MAX_NDIM && within(a.kernel, WK_BSPLINE3) &&
                     within(a.boundary, WK_WRAP) && within(a.image_dtype, WK_INT16) &&
                     within(a.source, WK_TPS);
    for (int d = 0; d < 3; ++d) supported &= a.derivative[d] >= 0;
    return supported;
}

// Copies the values of a tile's points in one channel into an array without gaps, or back.
template <typename T>
void read_tile(const Problem &problem, const Tile &tile, const T *WK_RESTRICT channel, T *WK_RESTRICT values) {
    if (tile.width == problem.row) {  // one piece of memory
        memcpy(values, channel + problem.point(tile, 0), tile.count() * sizeof(T));
        return;
    }
    for_rows(tile, [&](int r, auto width) {
        memcpy(values + r * width, channel + problem.point(tile, r), width * sizeof(T));
    });
}
// Asks for the values of the tile that is read next: the same in the next channel, or the next one in the first.
template <typename T>
void prefetch_next_values(const Problem &problem, const T *channel, int64 c, const Tile &tile, const Next &next) {
    const bool last = c + 1 == problem.arguments.channels;
    const int64 move = next.right * problem.tile_width + next.down * problem.tile_height * problem.row;
    const T *from = channel + problem.point(tile, 0) + (last ? move - c * problem.points : problem.points);
    const uintptr_t start = reinterpret_cast<uintptr_t>(from);
    constexpr int64 LINE = 64;
    if (tile.width == problem.row) {
        for (int64 at = 0; at < tile.count() * int64{sizeof(T)}; at += LINE) {
            WK_PREFETCH(reinterpret_cast<const void *>(start + at));
        }
        return;
    }
    for (int r = 0; r < tile.height; ++r) {
        WK_PREFETCH(reinterpret_cast<const void *>(start + r * problem.row * sizeof(T)));
        WK_PREFETCH(reinterpret_cast<const void *>(start + (r * problem.row + tile.width - 1) * sizeof(T)));
    }
}
template <typename T>
void write_tile(const Problem &problem, const Tile &tile, const T *WK_RESTRICT values, T *WK_RESTRICT channel) {
    for_rows(tile, [&](int r, auto width) {
        memcpy(channel + problem.point(tile, r), values + r * width, width * sizeof(T));
    });
}

}  // namespace wk

#endif
