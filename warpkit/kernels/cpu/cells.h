// Where a tile's points lie along one axis of the image, in whole pixels and what is left, and how far apart.
#ifndef WARPKIT_CPU_CELLS_H
#define WARPKIT_CPU_CELLS_H

#include "affine_tile.h"
#include "axis_taps.h"

namespace wk {

template <typename T>
struct AxisCells {
    static constexpr int64 LONGEST_AXIS = int64{1} << 30;  // indices are 32-bit here
    alignas(64) int32 first[TILE];  // index of the first tap
    alignas(64) T local[TILE];      // the coordinate relative to the kernel's centre; NaN where that is
    int32 low, high;                // of the first taps
};

// Some points, the first of them number `first` of the tile, at coordinates x(axis, c). First taps beyond an axis
// of that size are moved to where no tap is in the image, by as little as possible; so are those of NaN.
template <typename Kernel, typename Row, typename Width, typename T>
void find_cells_in_row(const Row &x, int d, int64 size, int first, Width width, AxisCells<T> &cells) {
    const int64 longest = AxisCells<T>::LONGEST_AXIS;
    const double before = -Kernel::TAPS, after = static_cast<double>(size < longest ? size : longest);
    int32 *WK_RESTRICT place = cells.first + first;
    T *WK_RESTRICT local = cells.local + first;
    for (int c = 0; c < width; ++c) {
        const Cell cell = cell_of(x(d, c));
        double tap = Kernel::first_tap(cell);
        tap = tap > before ? tap : before;
        tap = tap < after ? tap : after;
        place[c] = static_cast<int32>(tap);
        local[c] = static_cast<T>(Kernel::local(cell.fraction));
    }
}

// The same where coordinates are known not to be too far.
template <typename Kernel, typename Row, typename Width, typename T>
void find_near_cells_in_row(const Row &x, int d, int first, Width width, AxisCells<T> &cells) {
    int32 *WK_RESTRICT place = cells.first + first;
    T *WK_RESTRICT local = cells.local + first;
    for (int c = 0; c < width; ++c) {
        const double at = x(d, c), floor = floor_of(at);
        const Cell cell = {floor, at - floor};
        place[c] = static_cast<int32>(Kernel::first_tap(cell));
        local[c] = static_cast<T>(Kernel::local(cell.fraction));
    }
}

template <typename T>
WK_OUTLINED void find_range(int count, AxisCells<T> &cells) {
    int32 low = cells.first[0], high = low;
    for (int p = 0; p < count; ++p) {
        const int32 first = cells.first[p];
        low = first < low ? first : low;
        high = first > high ? first : high;
    }
    cells.low = low;
    cells.high = high;
}

template <typename Kernel, typename T>
WK_OUTLINED void find_stored_cells(const double (*x)[TILE], int d, int64 size, int count, AxisCells<T> &cells) {
    find_cells_in_row<Kernel>([&](int e, int p) { return x[e][p]; }, d, size, 0, count, cells);
    find_range(count, cells);
}

// The cells of a tile of an affine map in 2D; false if it lies too far away.
template <typename Kernel, typename T>
bool find_affine_cells(const Problem &problem, int64 item, const Tile &tile, AxisCells<T> *cells) {
    const AffineTile affine(problem, item, tile);
    for (int d = 0; d < 2; ++d) {
        constexpr double FAR = 1 << 29;
        double low, high;
        affine.range(d, &low, &high);
        if (!(low > -FAR && low <= high && high < FAR)) return false;  // low > high: all NaN
        cells[d].low = static_cast<int32>(Kernel::first_tap(cell_of(low)));
        cells[d].high = static_cast<int32>(Kernel::first_tap(cell_of(high)));
    }
    for_rows(tile, [&](int r, auto width) {
        const AffineRow row = affine.row(r);
        for (int d = 0; d < 2; ++d) find_near_cells_in_row<Kernel>(row, d, r * width, width, cells[d]);
    });
    return true;
}

// The cells of a tile, whose coordinates may be set or not.
template <typename Kernel, typename T>
void find_cells(const Problem &problem, int64 item, const Tile &tile, Coordinates &coordinates, AxisCells<T> *cells) {
    const wk_sampling &a = problem.arguments;
    if constexpr (Kernel::TAPS == 2) {  // the others have more to do than this
        if (is_affine_plane(a) && find_affine_cells<Kernel>(problem, item, tile, cells)) return;
    }
    find_coordinates(problem, item, tile, coordinates);
    for (int d = 0; d < a.ndim; ++d) find_stored_cells<Kernel>(coordinates.x, d, a.size[d], tile.count(), cells[d]);
}

// After find_cells: no first tap is further outside than need be.
template <typename T>
void clamp_cells(int along, int64 size, int count, AxisCells<T> &cells) {
    if (cells.low >= -along && cells.high <= size) return;
    const int32 before = -along, after = static_cast<int32>(size);
    for (int p = 0; p < count; ++p) {
        const int32 first = cells.first[p] > before ? cells.first[p] : before;
        cells.first[p] = first < after ? first : after;
    }
}

// How a tile's taps lie in the image: all inside, all outside along one axis, all in memory; and whether no
// coordinate is NaN.
struct Whereabouts {
    bool inside = true, outside = false, in_memory = true, numbers = true;
};

template <typename T>
Whereabouts find_whereabouts(const wk_sampling &a, int along, int count, const AxisCells<T> *cells) {
    Whereabouts found;
    for (int d = 0; d < a.ndim; ++d) {
        const int64 low = cells[d].low, high = cells[d].high + along - 1, block = a.block_origin[d];
        found.inside &= low >= 0 && high < a.size[d];
        found.outside |= high < 0 || low >= a.size[d];
        found.in_memory &= low >= block && high < block + a.block_size[d];
        int32 unknown = 0;
        for (int p = 0; p < count && low <= -along; ++p) unknown |= cells[d].local[p] == cells[d].local[p] ? 0 : 1;
        found.numbers &= unknown == 0;
    }
    return found;
}

// place = sum over axes of (first tap - origin) * stride, where that is a small number.
template <typename T, typename Index>
void find_places_from(int ndim, const AxisCells<T> *cells, int count, const int64 *origin, const int64 *stride,
                      Index *WK_RESTRICT place) {
    const auto of = [&](const int64 *numbers, int d) { return d < ndim ? static_cast<int32>(numbers[d]) : 0; };
    const int32 left = of(origin, 0), top = of(origin, 1), front = of(origin, 2);
    const int32 x = of(stride, 0), y = of(stride, 1), z = of(stride, 2);
    const int32 *WK_RESTRICT px = cells[0].first, *WK_RESTRICT py = cells[1].first, *WK_RESTRICT pz = cells[2].first;
    if (ndim == 1) {
        for (int p = 0; p < count; ++p) place[p] = (px[p] - left) * x;
    } else if (ndim == 2) {
        for (int p = 0; p < count; ++p) place[p] = (px[p] - left) * x + (py[p] - top) * y;
    } else {
        for (int p = 0; p < count; ++p) place[p] = (px[p] - left) * x + (py[p] - top) * y + (pz[p] - front) * z;
    }
}

inline bool has_short_axes(const wk_sampling &a) {
    bool result = true;
    for (int d = 0; d < a.ndim; ++d) result &= a.size[d] < AxisCells<float>::LONGEST_AXIS;
    return result;
}

}  // namespace wk

#endif
