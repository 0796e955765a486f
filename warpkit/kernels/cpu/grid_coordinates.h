// Step 1 for a grid: pixel coordinates are read.
#ifndef WARPKIT_CPU_GRID_COORDINATES_H
#define WARPKIT_CPU_GRID_COORDINATES_H

#include <limits>

#include "problem.h"

namespace wk {

using PointArray = double[TILE];  // one number per point of a tile

template <int NDIM, typename G, typename Count>
void read_grid_row(const G *WK_RESTRICT grid, const Axis *axes, bool tangent, Count count, int first,
                   PointArray *WK_RESTRICT x) {
    for (int d = 0; d < NDIM; ++d) {
        const double scale = axes[d].scale, offset = axes[d].offset;
        double *WK_RESTRICT to = x[d] + first;
        if (tangent) {
            for (int p = 0; p < count; ++p) to[p] = static_cast<double>(grid[p * NDIM + d]) * scale;
        } else {
            for (int p = 0; p < count; ++p) {  // vectorised
                to[p] = pixel_coordinate(static_cast<double>(grid[p * NDIM + d]), scale, offset);
            }
        }
    }
}

template <int NDIM, typename G>
void read_grid_tile(const Problem &problem, const G *grid, const Tile &tile, bool tangent, PointArray *x) {
    if (tile.width == problem.row) {  // one piece of memory
        const G *from = grid + problem.point(tile, 0) * NDIM;
        return read_grid_row<NDIM>(from, problem.axes, tangent, tile.count(), 0, x);
    }
    for_rows(tile, [&](int r, auto width) {
        const G *from = grid + problem.point(tile, r) * NDIM;
        read_grid_row<NDIM>(from, problem.axes, tangent, width, r * width, x);
    });
}

// A grid's coordinates, or the tangents of coordinates.
template <typename G>
void read_grid(const Problem &problem, const void *grid, int64 item, const Tile &tile, bool tangent,
               PointArray *x) {
    const wk_sampling &a = problem.arguments;
    const G *from = static_cast<const G *>(grid) + problem.source_of(item) * problem.points * a.ndim;
    if (a.ndim == 1) read_grid_tile<1>(problem, from, tile, tangent, x);
    else if (a.ndim == 2) read_grid_tile<2>(problem, from, tile, tangent, x);
    else read_grid_tile<3>(problem, from, tile, tangent, x);
}

// Some points of a grid in a row: x(axis, number) is a pixel coordinate.
template <int NDIM, typename G>
struct GridRow {
    const G *WK_RESTRICT grid;
    const Axis *axes;
    WK_DEVICE double operator()(int d, int c) const {
        return pixel_coordinate(static_cast<double>(grid[c * NDIM + d]), axes[d].scale, axes[d].offset);
    }
};

// Whether the points of a tile are in the interior (see InteriorValues). To compare a grid's values themselves is cheaper
// than to compare the coordinates that they become; and their distances from the middle, as integers, cheaper still:
// the bits of numbers without a sign have the numbers' order, and NaN's are above all.
template <int NDIM, typename G>
class InteriorGrid {
public:
    explicit InteriorGrid(const Problem &problem) {
        G middle[NDIM];
        for (int d = 0; d < NDIM; ++d) middle[d] = static_cast<G>(problem.interior[d].middle);
        for (int p = 0; p < POINTS; ++p) memcpy(middle_ + p * NDIM, middle, sizeof(middle));
    }
    template <typename Count>
    void see(const G *WK_RESTRICT grid, Count count) {
        int p = 0;
        for (; p + POINTS <= count; p += POINTS) see_lanes(grid + p * NDIM, std::integral_constant<int, LANES>{});
        see_lanes(grid + p * NDIM, (count - p) * NDIM);
    }
    // Whether one point is.
    bool contains(const Problem &problem, const G *point) const {
        bool result = true;
        for (int d = 0; d < NDIM; ++d) {
            const G difference = point[d] - middle_[d], reach = static_cast<G>(problem.interior[d].reach);
            result &= (difference <= reach) & (difference >= -reach);
        }
        return result;
    }
    // Whether all points seen were.
    bool contained_all(const Problem &problem) const {
        bool result = true;
        for (int d = 0; d < NDIM; ++d) {
            Bits furthest = 0;
            for (int i = d; i < LANES; i += NDIM) furthest = furthest_[i] > furthest ? furthest_[i] : furthest;
            G distance;
            memcpy(&distance, &furthest, sizeof(distance));
            result &= distance <= static_cast<G>(problem.interior[d].reach);
        }
        return result;
    }

private:
    static constexpr int POINTS = 16, LANES = POINTS * NDIM;
    using Bits = std::conditional_t<sizeof(G) == 4, int32, int64>;
    alignas(64) G middle_[LANES];
    alignas(64) Bits furthest_[LANES] = {};

    template <typename Count>
    void see_lanes(const G *WK_RESTRICT grid, Count count) {
        constexpr Bits SIGN = std::numeric_limits<Bits>::min();
        for (int i = 0; i < count; ++i) {  // vectorised
            const G difference = grid[i] - middle_[i];
            Bits bits;
            memcpy(&bits, &difference, sizeof(bits));
            bits &= ~SIGN;
            furthest_[i] = bits > furthest_[i] ? bits : furthest_[i];
        }
    }
};

// Calls body(row, first, width) for the rows of a tile; `first` is the number of a row's first point in the tile.
template <int NDIM, typename G, typename Body>
void for_grid_rows(const Problem &problem, int64 item, const Tile &tile, const Body &body) {
    const G *grid =
        static_cast<const G *>(problem.arguments.coordinates) + problem.source_of(item) * problem.points * NDIM;
    if (tile.width == problem.row) {  // one piece of memory
        return body(GridRow<NDIM, G>{grid + problem.point(tile, 0) * NDIM, problem.axes}, 0, tile.count());
    }
    for_rows(tile, [&](int r, auto width) {
        body(GridRow<NDIM, G>{grid + problem.point(tile, r) * NDIM, problem.axes}, r * width, width);
    });
}

// Asks for the grid of the tile that comes next. A tile's rows are too short for the processor to foresee them.
inline void prefetch_grid(const Problem &problem, int64 item, const Tile &tile, const Next &next) {
    const wk_sampling &a = problem.arguments;
    if (!problem.is_grid() || tile.width == problem.row) return;
    constexpr int LINE = 64;
    const int64 bytes = (a.source == WK_GRID_FLOAT32 ? sizeof(float) : sizeof(double)) * a.ndim;
    const int64 first = problem.source_of(item) * problem.points + problem.point(tile, 0) +
                        next.right * problem.tile_width + next.down * problem.tile_height * problem.row;
    const char *from = static_cast<const char *>(a.coordinates) + first * bytes;
    for (int r = 0; r < tile.height; ++r, from += problem.row * bytes) {
        for (int64 at = 0; at < tile.width * bytes; at += LINE) WK_PREFETCH(from + at);
    }
}

}  // namespace wk

#endif
