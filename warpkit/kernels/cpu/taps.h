// Step 3: the tensor product of the axes' taps: places and weights of every tap of a point, in row-major order
// (x fastest), and the same with derivatives of the weights.
#ifndef WARPKIT_CPU_TAPS_H
#define WARPKIT_CPU_TAPS_H

#include "axis_taps.h"

namespace wk {

// Which weights are asked for: those of the values, and those of the slopes along each axis; and whether taps
// are of use where all of a tile's are outside the image, and whether they may be clipped (which a push may not: its sums
// would then have another order where only a block of the image is in memory).
struct Wanted {
    bool values, slopes, outside, clipping;
};

// Index is 32-bit wherever a channel has fewer than 2^31 elements: vectors then hold twice as many.
template <typename T, typename Index>
struct Taps {
    static constexpr int SETS = 1 + MAX_NDIM;  // of weights: for the values, then for the slope along each axis
    int count;    // points
    int along;    // taps along one axis
    int product;  // taps of a point
    int stride;   // from a tap of all points to the next, in the arrays below
    bool interior;  // all taps of all points are in memory; then `place` is not set but `base` is
    bool exterior;  // all taps of all points are outside the image, and of no use; then nothing else is set
    bool clipped;   // taps outside the image were left out; interior is set then too
    bool vanishes[SETS];  // all weights of the set are zero
    alignas(64) AxisTaps<T, Index> axis[MAX_NDIM];
    alignas(64) T answer[TILE];             // NaN where the point has none, else 0; not set in an interior tile
    alignas(64) Index base[TILE];           // place of the first tap, if the whole image were in memory
    alignas(64) T beyond[TILE];             // see Known; in a clipped tile, what is added to values: +0, -0 or NaN
    int64 offset[PRODUCT_SIZE / 16];        // of the places in memory of each tap, from there
    alignas(64) Index place[PRODUCT_SIZE];  // tap k of point p: [k * stride + p]; negative: nothing there
    alignas(64) T weight[SETS][PRODUCT_SIZE];
};

// NaN where a point has no answer; nullptr where all have one.
template <typename T, typename Index>
const T *answers(const Taps<T, Index> &taps) {
    return taps.clipped ? taps.beyond : taps.interior ? nullptr : taps.answer;
}

// Which tap along axis d tap number k of a point is.
inline int tap_of(int along, int k, int d) {
    for (int i = 0; i < d; ++i) k /= along;
    return k % along;
}

// weight = (wz * wy) * wx, each of the order of derivative that `set` asks for along its axis.
template <typename T, typename Index>
void find_product_weights(int ndim, int set, Taps<T, Index> &taps) {
    const auto order = [&](int d) { return set == 1 + d ? 1 : 0; };
    taps.vanishes[set] = false;
    for (int d = 0; d < ndim; ++d) taps.vanishes[set] |= taps.axis[d].vanishes[order(d)];
    if (taps.vanishes[set]) return;
    const int count = taps.count;
    for (int k = 0; k < taps.product; ++k) {
        T *WK_RESTRICT to = taps.weight[set] + k * taps.stride;
        const auto along = [&](int d) { return taps.axis[d].weight[order(d)][tap_of(taps.along, k, d)]; };
        const T *WK_RESTRICT x = along(0);
        if (ndim == 1) {
            for (int p = 0; p < count; ++p) to[p] = x[p];
        } else if (ndim == 2) {
            const T *WK_RESTRICT y = along(1);
            for (int p = 0; p < count; ++p) to[p] = y[p] * x[p];
        } else {
            const T *WK_RESTRICT y = along(1), *WK_RESTRICT z = along(2);
            for (int p = 0; p < count; ++p) to[p] = (z[p] * y[p]) * x[p];
        }
    }
}

template <typename T, typename Index>
void find_product_places(const Problem &problem, Taps<T, Index> &taps) {
    const int ndim = problem.arguments.ndim, count = taps.count;
    for (int k = 0; k < taps.product; ++k) {
        Index *WK_RESTRICT to = taps.place + k * taps.stride;
        const auto along = [&](int d) { return taps.axis[d].place[tap_of(taps.along, k, d)]; };
        const Index *WK_RESTRICT x = along(0);
        const Index *WK_RESTRICT y = along(ndim > 1 ? 1 : 0), *WK_RESTRICT z = along(ndim > 2 ? 2 : 0);
        for (int p = 0; p < count; ++p) {
            const Index signs = x[p] | y[p] | z[p];
            const Index sum = x[p] + (ndim > 1 ? y[p] : Index(0)) + (ndim > 2 ? z[p] : Index(0));
            to[p] = signs >= 0 ? sum : Index(OUTSIDE_PLACE);
        }
    }
}

template <typename T, typename Index>
void find_bases(const Problem &problem, Taps<T, Index> &taps) {
    const int ndim = problem.arguments.ndim;
    const auto first = [&](int d) { return taps.axis[d < ndim ? d : 0].first; };
    const auto stride = [&](int d) { return d < ndim ? static_cast<double>(problem.axes[d].stride) : 0.0; };
    const double *WK_RESTRICT x = first(0), *WK_RESTRICT y = first(1), *WK_RESTRICT z = first(2);
    const double stride_y = stride(1), stride_z = stride(2);
    for (int p = 0; p < taps.count; ++p) {
        taps.base[p] = static_cast<Index>(x[p] + y[p] * stride_y + z[p] * stride_z);
    }
}

// About how far in memory the pixels of the next tile are from those of this one, where coordinates change smoothly:
// twice as far as those half a tile away, in whole rows and columns.
template <typename T, typename Index>
int64 shift_of_next(const Taps<T, Index> &taps, const Tile &tile, const Next &next) {
    const int64 here = taps.base[0], right = taps.base[tile.width / 2];
    const int64 down = taps.base[tile.height / 2 * tile.width];
    return 2 * (next.right * (right - here) + next.down * (down - here));
}

// Whether a tap that counts is not in memory: then the block does not suffice for the points.
template <typename T, typename Index>
bool misses_block(const Problem &problem, Wanted wanted, const Taps<T, Index> &taps) {
    const int ndim = problem.arguments.ndim;
    const auto asked_for = [&](int set) { return (set == 0 ? wanted.values : wanted.slopes) && !taps.vanishes[set]; };
    for (int k = 0; k < taps.product; ++k) {
        for (int p = 0; p < taps.count; ++p) {
            bool missing = false, outside = false;
            for (int d = 0; d < ndim; ++d) {
                const Index place = taps.axis[d].place[tap_of(taps.along, k, d)][p];
                missing |= place == MISSING;
                outside |= place == OUTSIDE_PLACE;
            }
            bool counts = false;
            for (int set = 0; set <= ndim; ++set) {
                counts |= asked_for(set) && taps.weight[set][k * taps.stride + p] != 0;
            }
            if (missing && !outside && counts && taps.answer[p] == taps.answer[p]) return true;
        }
    }
    return false;
}

struct OutsideBlock {};

inline bool may_skip_exterior(const wk_sampling &a, Wanted wanted) {
    return a.boundary == WK_CONSTANT && !wanted.outside;
}

// ---- the short way -----------------------------------------------------------------------------------------
//
// Most tiles lie in the interior, and most kernels have few taps: then everything follows from the coordinates
// in one loop. It finds what the steps above find.

// Whether a coordinate is far enough inside or outside along an axis to tell where all its taps are.
struct Surroundings {
    double low, high;                // in between: linear and nearest taps are in memory
    double far_below, far_above;     // beyond: all taps are outside the image
    Surroundings(const wk_sampling &a, int d, int along)
        : low(static_cast<double>(a.block_origin[d])),
          high(low + static_cast<double>(a.block_size[d] - 1)),
          far_below(-static_cast<double>(along)),
          far_above(static_cast<double>(a.size[d] - 1 + along)) {}
    bool inside(double x) const { return (x >= low) & (x < high); }  // false for NaN
};

// Whether all points are far outside along one axis.
inline bool all_exterior(const wk_sampling &a, const double (*x)[TILE], int count, int along) {
    for (int d = 0; d < a.ndim; ++d) {
        const Surroundings axis(a, d, along);
        const bool possible = x[d][0] < axis.far_below || x[d][0] > axis.far_above;
        if (possible && all_beyond(x[d], count, axis.far_below, axis.far_above)) {
            for (int e = 0; e < a.ndim; ++e) {
                for (int p = 0; p < count; ++p) {
                    if (x[e][p] != x[e][p]) return false;
                }
            }
            return true;
        }
    }
    return false;
}

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

// What is known of a tile: INTERIOR, all its taps are in memory; ANYWHERE, `beyond` shall tell which points' are not,
// and the taps of the tile are of no use if there are any.
enum class Known { INTERIOR, ANYWHERE };

// For a row of points, the first of them number `first` of the tile, at coordinates x(axis, c).
template <typename Kernel, int NDIM, Known KNOWN, bool VALUES, bool SLOPES, typename Row, typename Width,
          typename T, typename Index>
void find_row(const Problem &problem, const Row &x, int first, Width width, Taps<T, Index> &taps) {
    double stride[NDIM], low[NDIM], high[NDIM];
    for (int d = 0; d < NDIM; ++d) {
        const Surroundings axis(problem.arguments, d, Kernel::TAPS);
        stride[d] = static_cast<double>(problem.axes[d].stride);
        low[d] = axis.low;
        high[d] = axis.high;
    }
    T *WK_RESTRICT beyond = taps.beyond + first;
    Index *WK_RESTRICT base = taps.base + first;
    T *WK_RESTRICT value = taps.weight[0] + first;
    T *WK_RESTRICT slope_x = taps.weight[1] + first, *WK_RESTRICT slope_y = taps.weight[2] + first;
    T *WK_RESTRICT slope_z = taps.weight[3] + first;
    for (int c = 0; c < width; ++c) {
        PointWeights<Kernel::TAPS, NDIM, T> w;
        double place = 0.0;
        bool inside = true;
        for (int d = 0; d < NDIM; ++d) {
            const double at = x(d, c), floor = floor_of(at);
            const Cell cell = {floor, at - floor};  // what cell_of says of a coordinate in the image
            if (KNOWN == Known::ANYWHERE) inside &= (at >= low[d]) & (at < high[d]);
            const T local = static_cast<T>(Kernel::local(cell.fraction));
            Kernel::template weights<0>(local, w.value[d]);
            if (SLOPES) Kernel::template weights<(Kernel::MAX_ORDER > 0 ? 1 : 0)>(local, w.slope[d]);
            const double tap = Kernel::first_tap(cell);
            place = d == 0 ? tap : place + tap * stride[d];
        }
        base[c] = static_cast<Index>(inside ? place : 0.0);
        if constexpr (KNOWN == Known::ANYWHERE) beyond[c] = inside ? T(0) : T(1);
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
template <typename Kernel, int NDIM, typename Row, typename Width, typename T, typename Index>
void clip_row(const Problem &problem, const Row &x, int first, Width width, Taps<T, Index> &taps) {
    for (int d = 0; d < NDIM; ++d) {
        const double last = static_cast<double>(problem.axes[d].size - Kernel::TAPS);
        double *WK_RESTRICT place = taps.axis[d].first + first;
        T *WK_RESTRICT local = taps.axis[d].local + first, *WK_RESTRICT moved = taps.axis[d].moved + first;
        for (int c = 0; c < width; ++c) {
            const Cell cell = cell_of(x(d, c));
            const double tap = Kernel::first_tap(cell);
            const double not_before = tap > 0.0 ? tap : 0.0;
            place[c] = not_before < last ? not_before : last;
            local[c] = static_cast<T>(Kernel::local(cell.fraction));
            moved[c] = static_cast<T>(tap - place[c]);
        }
    }
}

// Then, of all points of the tile, the weights.
template <typename Kernel, int NDIM, bool VALUES, bool SLOPES, typename T, typename Index>
void find_clipped_weights(Taps<T, Index> &taps) {
    const T *WK_RESTRICT local[NDIM], *WK_RESTRICT moved[NDIM];
    for (int d = 0; d < NDIM; ++d) local[d] = taps.axis[d].local;
    for (int d = 0; d < NDIM; ++d) moved[d] = taps.axis[d].moved;
    T *WK_RESTRICT beyond = taps.beyond, *WK_RESTRICT value = taps.weight[0];
    T *WK_RESTRICT slope_x = taps.weight[1], *WK_RESTRICT slope_y = taps.weight[2];
    T *WK_RESTRICT slope_z = taps.weight[3];
    for (int p = 0; p < taps.count; ++p) {
        PointWeights<Kernel::TAPS, NDIM, T> w;
        T lost = T(-0.0), unknown = T(-0.0);
        for (int d = 0; d < NDIM; ++d) {
            Kernel::template weights<0>(local[d][p], w.value[d]);
            if (SLOPES) Kernel::template weights<(Kernel::MAX_ORDER > 0 ? 1 : 0)>(local[d][p], w.slope[d]);
            const T here = moved[d][p];
            lost = zero_where_lost<Kernel::TAPS>(here, w.value[d], lost);
            unknown = here == here ? unknown : static_cast<T>(NOT_A_NUMBER);
            clip_weights<Kernel::TAPS>(here, w.value[d]);
            if (SLOPES) clip_weights<Kernel::TAPS>(here, w.slope[d]);
        }
        beyond[p] = lost + unknown;
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
    if (!slopes) find_clipped_weights<Kernel, NDIM, true, false>(taps);
    else if (!wanted.values) find_clipped_weights<Kernel, NDIM, false, true>(taps);
    else find_clipped_weights<Kernel, NDIM, true, true>(taps);
}

template <typename Kernel, int NDIM, Known KNOWN, typename Row, typename Width, typename T, typename Index>
void find_row(const Problem &problem, const Row &x, int first, Width width, Wanted wanted, Taps<T, Index> &taps) {
    const bool slopes = wanted.slopes && Kernel::MAX_ORDER > 0;
    if (!slopes) find_row<Kernel, NDIM, KNOWN, true, false>(problem, x, first, width, taps);
    else if (!wanted.values) find_row<Kernel, NDIM, KNOWN, false, true>(problem, x, first, width, taps);
    else find_row<Kernel, NDIM, KNOWN, true, true>(problem, x, first, width, taps);
}

// Calls find(kernel) with a kernel that has a short way.
template <typename T, typename Index, typename Find>
void find_shortly(const Problem &problem, int count, bool clipped, Taps<T, Index> &taps, const Find &find) {
    taps.count = count;
    taps.interior = true;
    taps.exterior = false;
    taps.clipped = clipped;
    taps.vanishes[0] = false;
    for (int d = 0; d < MAX_NDIM; ++d) taps.vanishes[1 + d] = problem.arguments.kernel == WK_NEAREST;
    if (problem.arguments.kernel == WK_LINEAR) find(Linear{});
    else find(Nearest{});
}

// Whether taps may be clipped: nothing but +0 outside, and room for all taps inside.
inline bool may_clip(const Problem &problem, Wanted wanted) {
    const wk_sampling &a = problem.arguments;
    bool room = wanted.clipping && problem.whole && may_skip_exterior(a, wanted);
    for (int d = 0; d < a.ndim; ++d) room &= a.size[d] >= 2;
    return room;
}

// Their tiles are as large as they come (taps.stride is TILE).
inline bool has_short_way(const wk_sampling &a) {
    const bool few_taps = a.kernel == WK_LINEAR || a.kernel == WK_NEAREST;
    return few_taps && a.derivative[0] + a.derivative[1] + a.derivative[2] == 0;
}

// After find_row with ANYWHERE: whether all points were in the interior. 32 lanes: a single running result would make each
// step wait for the one before.
template <typename T, typename Index>
bool none_beyond(const Taps<T, Index> &taps) {
    constexpr int LANES = 32;
    alignas(64) T lane[LANES] = {};
    int p = 0;
    for (; p + LANES <= taps.count; p += LANES) {
        for (int i = 0; i < LANES; ++i) lane[i] += taps.beyond[p + i];
    }
    T sum = 0;
    for (; p < taps.count; ++p) sum += taps.beyond[p];
    for (int i = 0; i < LANES; ++i) sum += lane[i];
    return sum == 0;
}

// After clip_row: whether all taps of all points lie before, or all beyond, the image along one axis. In lanes, as above.
template <int TAPS, int NDIM, typename T, typename Index>
bool all_clipped_away(const Taps<T, Index> &taps) {
    constexpr int LANES = 32;
    const T far = T(TAPS);
    bool result = false;
    for (int d = 0; d < NDIM; ++d) {
        const T *WK_RESTRICT moved = taps.axis[d].moved;
        alignas(64) T before[LANES] = {}, after[LANES] = {}, unknown[LANES] = {};
        for (int p = 0; p < taps.count; p += LANES) {
            const int start = p + LANES <= taps.count ? p : (taps.count < LANES ? 0 : taps.count - LANES);
            const int lanes = taps.count < LANES ? taps.count : LANES;
            for (int i = 0; i < lanes; ++i) {
                const T here = moved[start + i];
                before[i] = here <= -far ? before[i] : T(1);
                after[i] = here >= far ? after[i] : T(1);
                unknown[i] = here == here ? unknown[i] : T(1);
            }
        }
        T not_before = 0, not_after = 0, not_known = 0;
        for (int i = 0; i < LANES; ++i) {
            not_before += before[i];
            not_after += after[i];
            not_known += unknown[i];
        }
        if (not_known > 0) return false;
        result |= (not_before == 0) | (not_after == 0);
    }
    return result;
}

// Clips the taps of a tile whose rows rows(body) lists, calling body(row, first, width).
template <int NDIM, typename T, typename Index, typename Rows>
void find_clipped(const Problem &problem, int count, Wanted wanted, Taps<T, Index> &taps, const Rows &rows) {
    find_shortly(problem, count, true, taps, [&](auto kernel) {
        using Kernel = decltype(kernel);
        rows([&](const auto &row, int first, auto width) {
            clip_row<Kernel, NDIM>(problem, row, first, width, taps);
        });
        taps.exterior = all_clipped_away<Kernel::TAPS, NDIM>(taps);
        if (!taps.exterior) find_clipped_weights<Kernel, NDIM>(wanted, taps);
    });
    taps.interior = taps.clipped = !taps.exterior;
    if (taps.interior) find_bases(problem, taps);
}

// Tries a short way for a tile whose rows rows(body) lists, calling body(row, first, width). Returns false where none
// leads.
template <int NDIM, typename T, typename Index, typename Rows>
bool find_in_rows(const Problem &problem, int count, Wanted wanted, Taps<T, Index> &taps, const Rows &rows) {
    if (!has_short_way(problem.arguments)) return false;
    const bool clip = may_clip(problem, wanted);
    constexpr int64 SMALL = 64 * 64;  // most tiles of a small image are not in its interior
    if (!clip || problem.plane > SMALL) {
        find_shortly(problem, count, false, taps, [&](auto kernel) {
            using Kernel = decltype(kernel);
            rows([&](const auto &row, int first, auto width) {
                find_row<Kernel, NDIM, Known::ANYWHERE>(problem, row, first, width, wanted, taps);
            });
        });
        if (none_beyond(taps) || !clip) return none_beyond(taps);
    }
    find_clipped<NDIM>(problem, count, wanted, taps, rows);
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
    const auto rows = [&](const auto &body) { body(StoredRow{x}, 0, count); };
    const int ndim = problem.arguments.ndim;
    if (ndim == 1) return find_in_rows<1>(problem, count, wanted, taps, rows);
    if (ndim == 2) return find_in_rows<2>(problem, count, wanted, taps, rows);
    return find_in_rows<3>(problem, count, wanted, taps, rows);
}

// ---- steps 2 and 3 -----------------------------------------------------------------------------------------

// The offsets of a point's taps from its base, where all are in memory: for all tiles of a call. A block's
// memory begins at its own first pixel.
template <typename T, typename Index>
void set_up(const Problem &problem, Taps<T, Index> &taps) {
    const int ndim = problem.arguments.ndim;
    taps.along = taps_of(problem.arguments.kernel);
    taps.product = 1;
    for (int d = 0; d < ndim; ++d) taps.product *= taps.along;
    taps.stride = static_cast<int>(Problem::most_points(problem.arguments));
    for (int k = 0; k < taps.product; ++k) {
        taps.offset[k] = 0;
        for (int d = 0; d < ndim; ++d) {
            const int64 along = tap_of(taps.along, k, d) - problem.arguments.block_origin[d];
            taps.offset[k] += along * problem.axes[d].stride;
        }
    }
}

// The taps of points at pixel coordinates x[axis][point].
template <typename T, typename Index>
void find_taps(const Problem &problem, const double (*x)[TILE], int count, Wanted wanted,
               Taps<T, Index> &taps) {
    const wk_sampling &a = problem.arguments;
    taps.count = count;
    taps.exterior = may_skip_exterior(a, wanted) && all_exterior(a, x, count, taps.along);
    taps.interior = !taps.exterior;
    taps.clipped = false;
    if (taps.exterior) return;
    for (int d = 0; d < a.ndim; ++d) {
        AxisTaps<T, Index> &axis = taps.axis[d];
        with_kernel(a.kernel, [&](auto kernel) {
            using Kernel = decltype(kernel);
            find_cells<Kernel>(x[d], count, axis);
            for (int i = 0; i < (wanted.slopes ? 2 : 1); ++i) {
                axis.vanishes[i] =
                    !find_weights_of_order<Kernel>(a.derivative[d] + i, axis.local, count, axis.weight[i]);
            }
        });
        const double low = static_cast<double>(a.block_origin[d]), last = taps.along - 1.0;
        taps.interior &= all_within(axis.first, count, low, low + (a.block_size[d] - 1) - last);
    }
    if (wanted.values) find_product_weights(a.ndim, 0, taps);
    for (int d = 0; d < a.ndim && wanted.slopes; ++d) find_product_weights(a.ndim, 1 + d, taps);
    if (taps.interior) return find_bases(problem, taps);

    for (int p = 0; p < count; ++p) taps.answer[p] = 0;
    const wk_boundary boundary = static_cast<wk_boundary>(a.boundary);
    for (int d = 0; d < a.ndim; ++d) {
        AxisTaps<T, Index> &axis = taps.axis[d];
        find_places(boundary, taps.along, axis.first, count, problem.axes[d], a.block_origin[d],
                    a.block_size[d], axis.place, taps.answer);
    }
    find_product_places(problem, taps);
    if (!problem.whole && misses_block(problem, wanted, taps)) throw OutsideBlock();
}

}  // namespace wk

#endif
