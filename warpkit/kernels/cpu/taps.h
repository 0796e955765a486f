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
    bool clipped;   // taps outside the image were left out, or moved into it; interior is set then too
    bool repeats;   // they were moved, and the border's values are repeated for them; clipped is set then too
    bool vanishes[SETS];  // all weights of the set are zero
    alignas(64) AxisTaps<T, Index> axis[MAX_NDIM];
    alignas(64) T answer[TILE];             // NaN where the point has none, else 0; not set in an interior tile
    alignas(64) Index base[TILE];           // place of the first tap, if the whole image were in memory
    alignas(64) T beyond[TILE];             // in a clipped tile, what is added to values: +0, -0 or NaN
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
            for (int p = 0; p < count; ++p) to[p] = (z[p] * y[p]) * x[p];  // vectorised
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
        for (int p = 0; p < count; ++p) {  // vectorised
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
    for (int p = 0; p < taps.count; ++p) {  // vectorised
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
    taps.clipped = taps.repeats = false;
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
