// Slopes of linear interpolation, factor by factor: differences along one axis, interpolated along the others. Each
// takes a third of what the sum over the taps' products takes in 3D.
#ifndef WARPKIT_CPU_LINEAR_SLOPES_H
#define WARPKIT_CPU_LINEAR_SLOPES_H

#include "find_tile.h"
#include "short_way.h"
#include "window.h"

namespace wk {

// (1 - t) * a + t * b; what has no weight is not looked at, as it may be NaN or infinite.
template <typename T>
WK_DEVICE T interpolate(T t, T a, T b) {
    const T s = T(1) - t;
    const T first = s * a, second = t * b;
    return (s != T(0) ? first : T(0)) + (t != T(0) ? second : T(0));
}

// The slopes at one point: `value` are its 2 ** NDIM taps, x fastest; `t` where it lies between them along each
// axis.
template <typename T>
WK_DEVICE void find_slopes(const T (&value)[2], const T (&)[1], T (&slope)[1]) {
    slope[0] = value[1] - value[0];
}
template <typename T>
WK_DEVICE void find_slopes(const T (&value)[4], const T (&t)[2], T (&slope)[2]) {
    slope[0] = interpolate(t[1], value[1] - value[0], value[3] - value[2]);
    slope[1] = interpolate(t[0], value[2] - value[0], value[3] - value[1]);
}
template <typename T>
WK_DEVICE void find_slopes(const T (&value)[8], const T (&t)[3], T (&slope)[3]) {
    const T near_y = interpolate(t[1], value[1] - value[0], value[3] - value[2]);
    const T far_y = interpolate(t[1], value[5] - value[4], value[7] - value[6]);
    slope[0] = interpolate(t[2], near_y, far_y);
    const T row_0 = interpolate(t[0], value[0], value[1]), row_1 = interpolate(t[0], value[2], value[3]);
    const T row_2 = interpolate(t[0], value[4], value[5]), row_3 = interpolate(t[0], value[6], value[7]);
    slope[1] = interpolate(t[2], row_1 - row_0, row_3 - row_2);
    slope[2] = interpolate(t[1], row_2 - row_0, row_3 - row_1);
}

// Adds a channel's part of the coordinates' cotangent: ct * slope.
template <int NDIM, typename T>
WK_OUTLINED void add_slopes(const AxisCells<T> *cells, const T *WK_RESTRICT value, const T *WK_RESTRICT ct, int count,
                            double (*WK_RESTRICT sum)[TILE]) {
    constexpr int ROWS = 1 << (NDIM - 1);
    const T *WK_RESTRICT x = cells[0].local, *WK_RESTRICT y = cells[NDIM > 1 ? 1 : 0].local;
    const T *WK_RESTRICT z = cells[NDIM > 2 ? 2 : 0].local;
    double *WK_RESTRICT sum_x = sum[0], *WK_RESTRICT sum_y = sum[NDIM > 1 ? 1 : 0];
    double *WK_RESTRICT sum_z = sum[NDIM > 2 ? 2 : 0];
    for (int p = 0; p < count; ++p) {  // vectorised
        T taps[2 * ROWS], t[NDIM], slope[NDIM];
        for (int r = 0; r < ROWS; ++r) {
            taps[2 * r] = value[r * count * 2 + p * 2];
            taps[2 * r + 1] = value[r * count * 2 + p * 2 + 1];
        }
        t[0] = x[p];
        if (NDIM > 1) t[NDIM > 1 ? 1 : 0] = y[p];
        if (NDIM > 2) t[NDIM > 2 ? 2 : 0] = z[p];
        find_slopes(taps, t, slope);
        const double here = static_cast<double>(ct[p]);
        sum_x[p] += here * static_cast<double>(slope[0]);
        if (NDIM > 1) sum_y[p] += here * static_cast<double>(slope[NDIM > 1 ? 1 : 0]);
        if (NDIM > 2) sum_z[p] += here * static_cast<double>(slope[NDIM > 2 ? 2 : 0]);
    }
}

// Where a tile's pixels are read: from the image itself, from a window, or tap by tap.
enum class Reading { IMAGE, WINDOW, TAPS, NOTHING };

template <typename T, typename Index>
struct LinearWork : Workspace<T, Index> {
    Values<T> values;
    AxisCells<T> cells[MAX_NDIM];
    Window<T> window;
    bool numbers;  // no coordinate is NaN
};

inline Wanted slopes_alone(const wk_sampling &a) { return {false, true, a.fill_value != 0, false}; }

// Of a row of points, the first of them number `first` of the tile: where each is between its taps, and the place
// of the first of these. Returns 0 if all taps are in memory; else `base` is of no use. KNOWN: they are.
template <int NDIM, bool KNOWN, typename Row, typename Width, typename T, typename Index>
int32 find_inner_row(const Problem &problem, const Row &x, int first, Width width, AxisCells<T> *cells,
                     Index *WK_RESTRICT base) {
    double stride[NDIM], low[NDIM], high[NDIM];
    T *WK_RESTRICT local[NDIM];
    for (int d = 0; d < NDIM; ++d) {
        const Surroundings axis(problem.arguments, d, Linear::TAPS);
        stride[d] = static_cast<double>(problem.axes[d].stride);
        low[d] = axis.low;
        high[d] = axis.high;
        local[d] = cells[d].local + first;
    }
    int32 any_beyond = 0;
    for (int c = 0; c < width; ++c) {  // vectorised
        double place = 0.0;
        bool inside = true;
        for (int d = 0; d < NDIM; ++d) {
            const double at = x(d, c), floor = floor_of(at);
            if (!KNOWN) inside &= (at >= low[d]) & (at < high[d]);
            local[d][c] = static_cast<T>(at - floor);
            place = d == 0 ? floor : place + floor * stride[d];
        }
        base[first + c] = static_cast<Index>(inside ? place : 0.0);
        any_beyond |= inside ? 0 : 1;
    }
    return any_beyond;
}

// The same for a tile: false where not all taps are in memory. Coordinates are used where they are read or
// computed.
template <typename T, typename Index>
bool find_inner_tile(const Problem &problem, int64 item, const Tile &tile, LinearWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    Index *base = work.taps.base;
    if (is_affine_plane(a)) {
        const AffineTile affine(problem, item, tile);
        for (int d = 0; d < 2; ++d) {
            const Surroundings axis(a, d, Linear::TAPS);
            if (!affine.at_corners(d, [&](double x) { return axis.inside(x); })) return false;
        }
        for_rows(tile, [&](int r, auto width) {
            find_inner_row<2, true>(problem, affine.row(r), r * width, width, work.cells, base);
        });
        return true;
    }
    int32 beyond = 0;
    const auto find = [&](auto ndim) {
        constexpr int NDIM = decltype(ndim)::value;
        const auto add_row = [&](const auto &x, int first, auto width) {
            beyond |= find_inner_row<NDIM, false>(problem, x, first, width, work.cells, base);
        };
        if (a.source == WK_GRID_FLOAT32) return for_grid_rows<NDIM, float>(problem, item, tile, add_row);
        if (a.source == WK_GRID_FLOAT64) return for_grid_rows<NDIM, double>(problem, item, tile, add_row);
        find_coordinates(problem, item, tile, work.coordinates);
        add_row(StoredRow{work.coordinates.x}, 0, tile.count());
    };
    if (a.ndim == 1) find(std::integral_constant<int, 1>{});
    else if (a.ndim == 2) find(std::integral_constant<int, 2>{});
    else find(std::integral_constant<int, 3>{});
    return beyond == 0;
}

// Finds the cells of a tile, and how to read its pixels. (Sums must not depend on the block in memory: the slopes
// are the same however pixels are read.)
template <typename T, typename Index>
Reading find_linear_tile(const Problem &problem, int64 item, const Tile &tile, LinearWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    Taps<T, Index> &taps = work.taps;
    taps.count = tile.count();
    taps.interior = work.numbers = true;
    if (find_inner_tile(problem, item, tile, work)) return Reading::IMAGE;
    const int count = tile.count();
    find_cells<Linear>(problem, item, tile, work.coordinates, work.cells);
    const Whereabouts found = find_whereabouts(a, Linear::TAPS, count, work.cells);
    work.numbers = found.numbers;
    const bool possible = has_short_axes(a) && a.boundary == WK_CONSTANT;
    if (possible && found.outside) return Reading::NOTHING;  // equal taps all round: no slope
    const bool fits = possible && work.window.fit(a.ndim, Linear::TAPS, work.cells);
    if (!fits || !problem.whole) {
        find_coordinates(problem, item, tile, work.coordinates);
        find_taps(problem, work.coordinates.x, count, slopes_alone(a), taps);  // throws if the block does not suffice
    }
    if (!fits) return taps.exterior ? Reading::NOTHING : Reading::TAPS;
    taps.interior = false;
    work.window.find_bases(a.ndim, work.cells, count, taps.base);
    return Reading::WINDOW;
}

// Reads the taps of all points in one channel.
template <int NDIM, typename T, typename Index>
void read_pixels(const Problem &problem, Reading reading, const T *plane, LinearWork<T, Index> &work) {
    constexpr int ROWS = 1 << (NDIM - 1);
    const T outside = static_cast<T>(problem.arguments.fill_value);
    if (reading == Reading::TAPS) return load_values(plane, work.taps, outside, work.values);
    if (reading == Reading::IMAGE) return load_rows<2, ROWS>(plane, work.taps, work.taps.offset, work.values.row);
    work.window.read(problem, plane, outside);
    int64 offset[2 * ROWS];
    for (int k = 0; k < 2 * ROWS; ++k) offset[k] = work.window.offset(NDIM, Linear::TAPS, k);
    load_rows<2, ROWS>(work.window.pixels(), work.taps, offset, work.values.row);
}

}  // namespace wk

#endif
