// The short way through steps 2 and 3: most tiles lie in the interior of the image, and most kernels have few taps.
// Everything then follows from the coordinates in one loop, which finds what taps.h finds in many.
#ifndef WARPKIT_CPU_SHORT_WAY_H
#define WARPKIT_CPU_SHORT_WAY_H

#include "taps.h"

namespace wk {

// Weights of one point along each axis: of values, and their derivatives.
template <int TAPS, int NDIM, typename T>
struct PointWeights {
    T value[NDIM][TAPS], slope[NDIM][TAPS];
};

// Where a kernel reaches beyond the image and all that lies there is +0, taps outside need not be read: the point's taps
// are moved into the image, and their weights with them; weights of taps outside are lost. `moved` is by how many
// pixels the kernel lies before (negative) or beyond; NaN where the coordinate is: then all weights are lost.
// (One select after the other: nested ones become branches, and the loop does not vectorise.)
template <int TAPS, typename T>
WK_DEVICE void clip_weights(T moved, T *w) {
    const T zero = 0;
    T first = moved == zero ? w[0] : zero;
    if (TAPS == 2) {
        T second = moved == zero ? w[1] : zero;
        second = moved == T(1) ? w[0] : second;
        first = moved == T(-1) ? w[1] : first;
        w[1] = second;
    }
    w[0] = first;
}
// +0 where a weight was lost that is not zero, else `otherwise`.
template <int TAPS, typename T>
WK_DEVICE T zero_where_lost(T moved, const T *w, T otherwise) {
    T lost = 1;
    lost = TAPS == 2 && moved == T(-1) ? w[0] : lost;
    lost = TAPS == 2 && moved == T(1) ? w[TAPS - 1] : lost;
    lost = moved == T(0) ? T(0) : lost;
    return lost != T(0) ? T(0) : otherwise;
}

// Tap number K of the product, in the order of find_product_weights, and those after it.
template <typename Kernel, int NDIM, int SET, int K = 0, typename T>
WK_DEVICE void store_products(const PointWeights<Kernel::TAPS, NDIM, T> &w, T *weight) {
    constexpr int TAPS = Kernel::TAPS, PRODUCT = NDIM == 1 ? TAPS : NDIM == 2 ? TAPS * TAPS : TAPS * TAPS * TAPS;
    constexpr int Y = NDIM > 1 ? 1 : 0, Z = NDIM > 2 ? 2 : 0;
    constexpr int KX = K % TAPS, KY = K / TAPS % TAPS, KZ = K / TAPS / TAPS % TAPS;
    const T x = SET == 1 ? w.slope[0][KX] : w.value[0][KX];
    const T y = SET == 2 ? w.slope[Y][KY] : w.value[Y][KY], z = SET == 3 ? w.slope[Z][KZ] : w.value[Z][KZ];
    weight[K * TILE] = NDIM == 1 ? x : NDIM == 2 ? y * x : (z * y) * x;
    if constexpr (K + 1 < PRODUCT) store_products<Kernel, NDIM, SET, K + 1>(w, weight);
}

// For a row of points in the interior, the first of them number `first` of the tile, at coordinates x(axis, c).
template <typename Kernel, int NDIM, bool VALUES, bool SLOPES, typename Row, typename Width,
          typename T, typename Index>
void find_row(const Problem &problem, const Row &x, int first, Width width, Taps<T, Index> &taps) {
    double stride[NDIM];
    for (int d = 0; d < NDIM; ++d) stride[d] = static_cast<double>(problem.axes[d].stride);
    Index *WK_RESTRICT base = taps.base + first;
    T *WK_RESTRICT value = taps.weight[0] + first;
    T *WK_RESTRICT slope_x = taps.weight[1] + first, *WK_RESTRICT slope_y = taps.weight[2] + first;
    T *WK_RESTRICT slope_z = taps.weight[3] + first;
    const int points = width;
    WK_INDEPENDENT
    for (int c = 0; c < points; ++c) {  // vectorised
        PointWeights<Kernel::TAPS, NDIM, T> w;
        double place = 0.0;
        for (int d = 0; d < NDIM; ++d) {
            const double at = x(d, c), floor = floor_of(at);
            const Cell cell = {floor, at - floor};  // what cell_of says of a coordinate in the image
            const T local = static_cast<T>(Kernel::local(cell.fraction));
            Kernel::template weights<0>(local, w.value[d]);
            if (SLOPES) Kernel::template weights<(Kernel::MAX_ORDER > 0 ? 1 : 0)>(local, w.slope[d]);
            const double tap = Kernel::first_tap(cell);
            place = d == 0 ? tap : place + tap * stride[d];
        }
        base[c] = static_cast<Index>(place);
        if constexpr (VALUES) store_products<Kernel, NDIM, 0>(w, value + c);
        if constexpr (SLOPES) {
            store_products<Kernel, NDIM, 1>(w, slope_x + c);
            if constexpr (NDIM > 1) store_products<Kernel, NDIM, 2>(w, slope_y + c);
            if constexpr (NDIM > 2) store_products<Kernel, NDIM, 3>(w, slope_z + c);
        }
    }
}

// A clipped tile comes in two loops, since one would mix float64 and T too much to vectorise. First, of a row of points:
// places, and along each axis what the weights follow from.
template <typename Kernel, int NDIM, bool BORDER, typename Row, typename Width, typename T, typename Index>
void clip_row(const Problem &problem, const Row &x, int first, Width width, Taps<T, Index> &taps) {
    double stride[NDIM], last[NDIM];
    for (int d = 0; d < NDIM; ++d) {
        stride[d] = static_cast<double>(problem.axes[d].stride);
        last[d] = static_cast<double>(problem.axes[d].size - Kernel::TAPS);
    }
    T *WK_RESTRICT local[NDIM], *WK_RESTRICT moved[NDIM];
    for (int d = 0; d < NDIM; ++d) local[d] = taps.axis[d].local + first;
    for (int d = 0; d < NDIM; ++d) moved[d] = taps.axis[d].moved + first;
    Index *WK_RESTRICT base = taps.base + first;
    const int points = width;
    WK_INDEPENDENT
    for (int c = 0; c < points; ++c) {  // vectorised
        double place = 0.0;
        for (int d = 0; d < NDIM; ++d) {
            const double at = x(d, c), floor = floor_of(at);
            // Without a border, the taps of a point infinitely far away are all lost: what its weights are does not matter.
            const Cell cell = BORDER ? cell_of(at) : Cell{floor, at - floor};
            const double tap = Kernel::first_tap(cell);
            const double not_before = tap > 0.0 ? tap : 0.0;  // for NaN too
            const double kept = not_before < last[d] ? not_before : last[d];
            local[d][c] = static_cast<T>(Kernel::local(cell.fraction));
            moved[d][c] = static_cast<T>(tap - kept);
            place = d == 0 ? kept : place + kept * stride[d];
        }
        base[c] = static_cast<Index>(place);
    }
}

// Then, of all points of the tile, the weights, and what is added to values: +0 once a weight is lost, NaN for good. Where
// the border goes on outside none is lost, as values are moved and not weights: see repeat_border.
template <typename Kernel, int NDIM, bool BORDER, bool VALUES, bool SLOPES, typename T, typename Index>
void find_clipped_weights(Taps<T, Index> &taps) {
    const T *WK_RESTRICT local[NDIM], *WK_RESTRICT moved[NDIM];
    for (int d = 0; d < NDIM; ++d) local[d] = taps.axis[d].local;
    for (int d = 0; d < NDIM; ++d) moved[d] = taps.axis[d].moved;
    T *WK_RESTRICT value = taps.weight[0], *WK_RESTRICT beyond = taps.beyond;
    T *WK_RESTRICT slope_x = taps.weight[1], *WK_RESTRICT slope_y = taps.weight[2];
    T *WK_RESTRICT slope_z = taps.weight[3];
    for (int p = 0; p < taps.count; ++p) {  // vectorised
        PointWeights<Kernel::TAPS, NDIM, T> w;
        T sum = T(-0.0);
        WK_UNROLLED
        for (int d = 0; d < NDIM; ++d) {
            Kernel::template weights<0>(local[d][p], w.value[d]);
            const T lost = BORDER ? T(-0.0) : zero_where_lost<Kernel::TAPS>(moved[d][p], w.value[d], T(-0.0));
            sum += moved[d][p] == moved[d][p] ? lost : static_cast<T>(NOT_A_NUMBER);
            if (SLOPES) Kernel::template weights<(Kernel::MAX_ORDER > 0 ? 1 : 0)>(local[d][p], w.slope[d]);
            if (!BORDER) clip_weights<Kernel::TAPS>(moved[d][p], w.value[d]);
            if (SLOPES) clip_weights<Kernel::TAPS>(moved[d][p], w.slope[d]);
        }
        beyond[p] = sum;
        if constexpr (VALUES) store_products<Kernel, NDIM, 0>(w, value + p);
        if constexpr (SLOPES) {
            store_products<Kernel, NDIM, 1>(w, slope_x + p);
            if constexpr (NDIM > 1) store_products<Kernel, NDIM, 2>(w, slope_y + p);
            if constexpr (NDIM > 2) store_products<Kernel, NDIM, 3>(w, slope_z + p);
        }
    }
}

template <typename Kernel, int NDIM, typename T, typename Index>
void find_clipped_weights(Wanted wanted, Taps<T, Index> &taps) {
    const bool slopes = wanted.slopes && Kernel::MAX_ORDER > 0;
    if (!slopes) find_clipped_weights<Kernel, NDIM, false, true, false>(taps);
    else if (!wanted.values) find_clipped_weights<Kernel, NDIM, false, false, true>(taps);
    else find_clipped_weights<Kernel, NDIM, false, true, true>(taps);
}

template <typename Kernel, int NDIM, typename Row, typename Width, typename T, typename Index>
void find_row(const Problem &problem, const Row &x, int first, Width width, Wanted wanted, Taps<T, Index> &taps) {
    const bool slopes = wanted.slopes && Kernel::MAX_ORDER > 0;
    if (!slopes) find_row<Kernel, NDIM, true, false>(problem, x, first, width, taps);
    else if (!wanted.values) find_row<Kernel, NDIM, false, true>(problem, x, first, width, taps);
    else find_row<Kernel, NDIM, true, true>(problem, x, first, width, taps);
}

// Calls find(kernel) with a kernel that has a short way.
template <typename T, typename Index, typename Find>
void find_shortly(const Problem &problem, int count, bool clipped, Taps<T, Index> &taps, const Find &find) {
    taps.count = count;
    taps.interior = true;
    taps.exterior = false;
    taps.clipped = clipped;
    taps.repeats = false;
    taps.vanishes[0] = false;
    for (int d = 0; d < MAX_NDIM; ++d) taps.vanishes[1 + d] = problem.arguments.kernel == WK_NEAREST;
    if (problem.arguments.kernel == WK_LINEAR) find(Linear{});
    else find(Nearest{});
}

// Whether all taps of a point have room in the image.
inline bool has_room(const Problem &problem) {
    bool room = problem.whole;
    for (int d = 0; d < problem.arguments.ndim; ++d) room &= problem.arguments.size[d] >= 2;
    return room;
}
// Whether taps may be clipped: nothing but +0 outside.
inline bool may_clip(const Problem &problem, Wanted wanted) {
    return wanted.clipping && has_room(problem) && may_skip_exterior(problem.arguments, wanted);
}
// Whether the border may be repeated instead. Slopes would need it, too.
inline bool may_repeat(const Problem &problem, Wanted wanted) {
    return wanted.clipping && has_room(problem) && problem.arguments.boundary == WK_BORDER && !wanted.slopes;
}

// Their tiles are as large as they come (taps.stride is TILE).
inline bool has_short_way(const wk_sampling &a) {
    const bool few_taps = a.kernel == WK_LINEAR || a.kernel == WK_NEAREST;
    return few_taps && a.derivative[0] + a.derivative[1] + a.derivative[2] == 0;
}

// After clip_row: whether all taps of all points lie before, or all beyond, the image along one axis. 32 lanes: a single
// running result would make each step wait for the one before.
template <int TAPS, typename T>
bool all_clipped_away(const T *WK_RESTRICT moved, int count) {
    constexpr int LANES = 32;
    const T far = T(TAPS);
    // Three points tell in nearly all cases.
    const T sign = moved[0] < 0 ? T(-1) : T(1);
    const auto away = [&](int p) { return moved[p] * sign >= far; };
    if (!away(0) || !away(count / 2) || !away(count - 1)) return false;
    alignas(64) T here[LANES] = {};
    for (int p = 0; p < count; ++p) here[p % LANES] = moved[p] * sign >= far ? here[p % LANES] : T(1);
    T sum = 0;
    for (int i = 0; i < LANES; ++i) sum += here[i];
    return sum == 0;
}
template <typename T>
bool all_numbers(const T *WK_RESTRICT moved, int count) {
    T sum = 0;
    for (int p = 0; p < count; ++p) sum = moved[p] == moved[p] ? sum : T(1);
    return sum == 0;
}
template <int TAPS, int NDIM, typename T, typename Index>
bool all_clipped_away(const Taps<T, Index> &taps) {
    bool away = false;
    for (int d = 0; d < NDIM; ++d) away |= all_clipped_away<TAPS>(taps.axis[d].moved, taps.count);
    for (int d = 0; d < NDIM && away; ++d) away &= all_numbers(taps.axis[d].moved, taps.count);
    return away;
}

// Clips the taps of a tile whose rows rows(body) lists, calling body(row, first, width).
template <int NDIM, typename T, typename Index, typename Rows>
void find_clipped(const Problem &problem, int count, Wanted wanted, Taps<T, Index> &taps, const Rows &rows) {
    find_shortly(problem, count, true, taps, [&](auto kernel) {
        using Kernel = decltype(kernel);
        rows([&](const auto &row, int first, auto width) {
            clip_row<Kernel, NDIM, false>(problem, row, first, width, taps);
        });
        taps.exterior = all_clipped_away<Kernel::TAPS, NDIM>(taps);
        if (!taps.exterior) find_clipped_weights<Kernel, NDIM>(wanted, taps);
    });
    taps.interior = taps.clipped = !taps.exterior;
}

// The same where the border goes on outside.
template <int NDIM, typename T, typename Index, typename Rows>
void find_repeating(const Problem &problem, int count, Taps<T, Index> &taps, const Rows &rows) {
    find_shortly(problem, count, true, taps, [&](auto kernel) {
        using Kernel = decltype(kernel);
        rows([&](const auto &row, int first, auto width) {
            clip_row<Kernel, NDIM, true>(problem, row, first, width, taps);
        });
        find_clipped_weights<Kernel, NDIM, true, true, false>(taps);
    });
    taps.repeats = true;
}

// Finds the taps of a tile whose rows rows(body) lists, calling body(row, first, width).
template <int NDIM, typename T, typename Index, typename Rows>
void find_interior(const Problem &problem, int count, Wanted wanted, Taps<T, Index> &taps, const Rows &rows) {
    find_shortly(problem, count, false, taps, [&](auto kernel) {
        using Kernel = decltype(kernel);
        rows([&](const auto &row, int first, auto width) {
            find_row<Kernel, NDIM>(problem, row, first, width, wanted, taps);
        });
    });
}

// Tries a short way for such a tile. Returns false where none leads.
template <int NDIM, typename T, typename Index, typename Rows>
bool find_in_rows(const Problem &problem, int count, bool interior, Wanted wanted, Taps<T, Index> &taps,
                  const Rows &rows) {
    if (interior) find_interior<NDIM>(problem, count, wanted, taps, rows);
    else if (may_clip(problem, wanted)) find_clipped<NDIM>(problem, count, wanted, taps, rows);
    else if (may_repeat(problem, wanted)) find_repeating<NDIM>(problem, count, taps, rows);
    else return false;
    return true;
}

// Points at coordinates that are stored.
struct StoredRow {
    const double (*x)[TILE];
    WK_DEVICE double operator()(int d, int p) const { return x[d][p]; }
};

template <typename T, typename Index>
bool find_stored_taps(const Problem &problem, const double (*x)[TILE], int count, Wanted wanted,
                      Taps<T, Index> &taps) {
    if (!has_short_way(problem.arguments)) return false;
    const auto rows = [&](const auto &body) { body(StoredRow{x}, 0, count); };
    const int ndim = problem.arguments.ndim;
    bool interior = true;
    for (int d = 0; d < ndim; ++d) {
        const Surroundings axis(problem.arguments, d, taps.along);
        interior &= all_from_to(x[d], count, axis.low, axis.high);
    }
    if (ndim == 1) return find_in_rows<1>(problem, count, interior, wanted, taps, rows);
    if (ndim == 2) return find_in_rows<2>(problem, count, interior, wanted, taps, rows);
    return find_in_rows<3>(problem, count, interior, wanted, taps, rows);
}

}  // namespace wk

#endif
