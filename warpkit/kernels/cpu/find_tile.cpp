#include "find_tile.h"

#include "aligned_tile.h"
#include "short_way.h"

namespace wk {
namespace {

// ---- a short way for grids ---------------------------------------------------------------------------------
//
// Coordinates are used where they are read.

template <typename T, typename Index>
bool find_grid_taps(const Problem &problem, int64 item, const Tile &tile, Wanted wanted, Taps<T, Index> &taps) {
    const wk_sampling &a = problem.arguments;
    if (!has_short_way(a)) return false;
    const auto find = [&](auto g, auto ndim) {
        using G = decltype(g);
        constexpr int NDIM = decltype(ndim)::value;
        const auto rows = [&](const auto &body) { for_grid_rows<NDIM, G>(problem, item, tile, body); };
        InteriorGrid<NDIM, G> interior(problem);
        bool possible = true;
        rows([&](const auto &row, int first, auto width) {
            // Of a small image turned, nearly all tiles are known by their first point not to be in the interior.
            possible = possible && (first > 0 || interior.contains(problem, row.grid));
            if (possible) interior.see(row.grid, width);
        });
        possible = possible && interior.contained_all(problem);
        return find_in_rows<NDIM>(problem, tile.count(), possible, wanted, taps, rows);
    };
    const auto find_in = [&](auto g) {
        if (a.ndim == 1) return find(g, std::integral_constant<int, 1>{});
        if (a.ndim == 2) return find(g, std::integral_constant<int, 2>{});
        return find(g, std::integral_constant<int, 3>{});
    };
    return a.source == WK_GRID_FLOAT32 ? find_in(float{}) : find_in(double{});
}

// ---- a short way for affine maps in 2D ---------------------------------------------------------------------

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
    const auto rows = [&](const auto &body) {
        for_rows(tile, [&](int r, auto width) { body(affine.row(r), r * width, width); });
    };
    if (inside(0, axis_x) && inside(1, axis_y)) {
        if (affine.is_aligned() && !wanted.slopes) {
            find_shortly(problem, tile.count(), false, taps, [&](auto kernel) {
                find_aligned<decltype(kernel)>(problem, affine, tile, taps);
            });
            return true;
        }
        find_interior<2>(problem, tile.count(), wanted, taps, rows);
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
        taps.interior = taps.clipped = taps.repeats = false;
        return true;
    }
    return find_in_rows<2>(problem, tile.count(), false, wanted, taps, rows);
}

}  // namespace

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

template void find_tile_taps(const Problem &, int64, const Tile &, Wanted, Workspace<float, int32> &);
template void find_tile_taps(const Problem &, int64, const Tile &, Wanted, Workspace<float, int64> &);
template void find_tile_taps(const Problem &, int64, const Tile &, Wanted, Workspace<double, int32> &);
template void find_tile_taps(const Problem &, int64, const Tile &, Wanted, Workspace<double, int64> &);

}  // namespace wk
