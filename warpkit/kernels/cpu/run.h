// What all entry points share: the choice of types, the tiles handed to threads, and errors made codes.
#ifndef WARPKIT_CPU_RUN_H
#define WARPKIT_CPU_RUN_H

#include "coordinates.h"
#include "status.h"
#include "taps.h"

namespace wk {

// Everything that a thread needs for a tile.
template <typename T, typename Index>
struct Workspace {
    Coordinates coordinates;
    Taps<T, Index> taps;
};

// ---- a short way for grids ---------------------------------------------------------------------------------
//
// Coordinates are used where they are read. Whether the tile was in the interior is known afterwards.

template <typename T, typename Index>
bool find_grid_taps(const Problem &problem, int64 item, const Tile &tile, Wanted wanted, Taps<T, Index> &taps) {
    const wk_sampling &a = problem.arguments;
    const auto find = [&](auto g, auto ndim) {
        using G = decltype(g);
        constexpr int NDIM = decltype(ndim)::value;
        return find_in_rows<NDIM>(problem, tile.count(), wanted, taps, [&](const auto &body) {
            for_grid_rows<NDIM, G>(problem, item, tile, body);
        });
    };
    const auto find_in = [&](auto g) {
        if (a.ndim == 1) return find(g, std::integral_constant<int, 1>{});
        if (a.ndim == 2) return find(g, std::integral_constant<int, 2>{});
        return find(g, std::integral_constant<int, 3>{});
    };
    return a.source == WK_GRID_FLOAT32 ? find_in(float{}) : find_in(double{});
}

// ---- a short way for affine maps in 2D ---------------------------------------------------------------------
//
// Coordinates grow or fall steadily along rows and columns, and rounding keeps that: a tile's corners tell
// whether it is in the interior. Coordinates then need not be stored, but are used where they are computed.

struct AffineRow {
    const double (*along)[TILE];
    double y[2], constant[2];
    WK_DEVICE double operator()(int d, int c) const { return (along[d][c] + y[d]) + constant[d]; }
};

class AffineTile {
public:
    AffineTile(const Problem &problem, int64 item, const Tile &tile)
        : a_(problem.arguments), tile_(tile),
          theta_(static_cast<const double *>(a_.coordinates) + problem.source_of(item) * 6) {
        const double start = first_column(a_, tile);
        for (int d = 0; d < 2; ++d) {
            for (int c = 0; c < tile.width; ++c) along_[d][c] = theta_[3 * d] * (start + c);
        }
    }
    AffineRow row(int r) const {
        const double y = row_y(a_, tile_.row + r);
        return {along_, {theta_[1] * y, theta_[4] * y}, {theta_[2], theta_[5]}};
    }
    // Whether holds(d, x) is true at all corners along axis d.
    template <typename Holds>
    bool at_corners(int d, const Holds &holds) const {
        const AffineRow first = row(0), last = row(tile_.height - 1);
        const int end = tile_.width - 1;
        return holds(first(d, 0)) && holds(first(d, end)) && holds(last(d, 0)) && holds(last(d, end));
    }

    // The lowest and the highest coordinate along an axis. All comparisons with NaN are false.
    void range(int d, double *low, double *high) const {
        *low = INFINITELY_FAR;
        *high = -INFINITELY_FAR;
        at_corners(d, [&](double x) {
            *low = x < *low ? x : *low;
            *high = x > *high ? x : *high;
            return true;
        });
    }

private:
    const wk_sampling &a_;
    const Tile &tile_;
    const double *theta_;
    alignas(64) double along_[2][TILE];
};

inline bool is_affine_plane(const wk_sampling &a) { return a.source == WK_AFFINE && a.ndim == 2; }

// Returns false where the short way does not lead.
template <typename T, typename Index>
bool find_affine_taps(const Problem &problem, int64 item, const Tile &tile, Wanted wanted,
                      Taps<T, Index> &taps) {
    const wk_sampling &a = problem.arguments;
    if (!has_short_way(a)) return false;
    const AffineTile affine(problem, item, tile);
    const Surroundings axis_x(a, 0, taps.along), axis_y(a, 1, taps.along);
    const auto inside = [&](int d, const Surroundings &axis) {
        return affine.at_corners(d, [&](double x) { return axis.inside(x); });
    };
    if (inside(0, axis_x) && inside(1, axis_y)) {
        find_shortly(problem, tile.count(), false, taps, [&](auto kernel) {
            using Kernel = decltype(kernel);
            for_rows(tile, [&](int r, auto width) {
                find_row<Kernel, 2, Known::INTERIOR>(problem, affine.row(r), r * width, width, wanted, taps);
            });
        });
        return true;
    }
    const auto outside = [&](int d, int other, const Surroundings &axis) {
        const bool numbers = affine.at_corners(other, [](double x) { return x == x; });
        return numbers && (affine.at_corners(d, [&](double x) { return x < axis.far_below; }) ||
                           affine.at_corners(d, [&](double x) { return x > axis.far_above; }));
    };
    taps.exterior = may_skip_exterior(a, wanted) && (outside(0, 1, axis_x) || outside(1, 0, axis_y));
    if (taps.exterior) {
        taps.count = tile.count();
        taps.interior = taps.clipped = false;
        return true;
    }
    if (!may_clip(problem, wanted)) return false;
    find_clipped<2>(problem, tile.count(), wanted, taps, [&](const auto &body) {
        for_rows(tile, [&](int r, auto width) { body(affine.row(r), r * width, width); });
    });
    return true;
}

// Steps 1 to 3. Coordinates are left unset where only taps are of use.
template <typename T, typename Index>
void find_tile_taps(const Problem &problem, int64 item, const Tile &tile, Wanted wanted,
                    Workspace<T, Index> &work) {
    const bool is_affine = is_affine_plane(problem.arguments), is_grid = problem.is_grid();
    if (is_affine && find_affine_taps(problem, item, tile, wanted, work.taps)) return;
    if (is_grid && find_grid_taps(problem, item, tile, wanted, work.taps)) return;
    find_coordinates(problem, item, tile, work.coordinates);
    const double(*x)[TILE] = work.coordinates.x;
    const bool tried = is_affine || is_grid;
    if (!tried && find_stored_taps(problem, x, tile.count(), wanted, work.taps)) return;
    find_taps(problem, work.coordinates.x, tile.count(), wanted, work.taps);
}

// Calls body(T{}, Index{}) with the type of the image's arithmetic and that of places.
template <typename Body>
void with_types(const Problem &problem, const Body &body) {
    if (problem.arguments.image_dtype == WK_FLOAT64) {
        if (problem.wide_index) body(double{}, int64{});
        else body(double{}, int32{});
    } else {
        if (problem.wide_index) body(float{}, int64{});
        else body(float{}, int32{});
    }
}

// About how long a point takes, for the choice of the number of threads.
inline double nanoseconds_per_point(const Problem &problem, double per_tap) {
    const wk_sampling &a = problem.arguments;
    double taps = 1.0;
    for (int d = 0; d < a.ndim; ++d) taps *= taps_of(a.kernel);
    const double spline = a.source == WK_TPS ? 5.0 * static_cast<double>(a.spline.controls) : 0.0;
    return a.ndim + spline + per_tap * taps * static_cast<double>(a.channels);
}

// Runs body(item, piece, tile, next, work) for all tiles of `items` batch items, on as many threads as the work is
// worth. The tiles of a piece come in order, on one thread; pieces are numbered through all items.
template <typename Work, typename Body>
void parallel_for_tiles(const Problem &problem, int64 items, double nanoseconds,
                        const Interruption &interruption, const Body &body) {
    const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
    parallel_for(items * problem.pieces, threads, interruption, [&](int64 number) {
        Work work;
        set_up(problem, work.taps);
        const int64 item = number / problem.pieces;
        problem.for_tiles(number % problem.pieces, [&](int64, const Tile &tile, const Next &next) {
            prefetch_grid(problem, item, tile, next);
            body(item, number, tile, next, work);
        });
    });
}

// Runs an entry point's body; what it throws becomes a status.
template <typename Body>
int32_t run(const wk_sampling *arguments, wk_interrupted interrupted, const Body &body) {
    if (!is_supported(*arguments)) return WK_UNSUPPORTED;
    try {
        return status_of(interrupted, [&](const Interruption &interruption) {
            body(Problem(*arguments), interruption);
        });
    } catch (const OutsideBlock &) {
        return WK_OUTSIDE_BLOCK;
    }
}

}  // namespace wk

#endif
