// Step 3: the tensor product of the axes' taps: places and weights of every tap of a point, in row-major order
// (x fastest), and the same with derivatives of the weights.
#ifndef WARPKIT_CPU_TAPS_H
#define WARPKIT_CPU_TAPS_H

#include "axis_taps.h"

namespace wk {

// Which weights are asked for: those of the values, and those of the slopes along each axis.
struct Wanted {
    bool values, slopes;
};

// Index is 32-bit wherever a channel has fewer than 2^31 elements: vectors then hold twice as many.
template <typename T, typename Index>
struct Taps {
    static constexpr int SETS = 1 + MAX_NDIM;  // of weights: for the values, then for the slope along each axis
    int count;    // points
    int along;    // taps along one axis
    int product;  // taps of a point
    bool interior;  // all taps of all points are in memory; then `place` is not set but `base` is
    bool exterior;  // all taps of all points are outside the image, and have an answer
    bool vanishes[SETS];  // all weights of the set are zero
    alignas(64) AxisTaps<T, Index> axis[MAX_NDIM];
    alignas(64) T answer[TILE];             // NaN where the point has none, else 0; not set in an interior tile
    alignas(64) Index base[TILE];           // place of the first tap
    int64 offset[PRODUCT_SIZE / 16];        // of each tap from the first one, in an interior tile
    alignas(64) Index place[PRODUCT_SIZE];  // tap k of point p: [k * count + p]; negative: nothing there
    alignas(64) T weight[SETS][PRODUCT_SIZE];
};

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
        T *WK_RESTRICT to = taps.weight[set] + k * count;
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
        Index *WK_RESTRICT to = taps.place + k * count;
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
    const auto origin = [&](int d) {
        return d < ndim ? static_cast<double>(problem.arguments.block_origin[d]) : 0.0;
    };
    const double *WK_RESTRICT x = first(0), *WK_RESTRICT y = first(1), *WK_RESTRICT z = first(2);
    const double stride_y = stride(1), stride_z = stride(2);
    const double start = origin(0) + origin(1) * stride_y + origin(2) * stride_z;
    for (int p = 0; p < taps.count; ++p) {
        taps.base[p] = static_cast<Index>(x[p] + y[p] * stride_y + z[p] * stride_z - start);
    }
    for (int k = 0; k < taps.product; ++k) {
        taps.offset[k] = 0;
        for (int d = 0; d < ndim; ++d) taps.offset[k] += tap_of(taps.along, k, d) * problem.axes[d].stride;
    }
}

// Whether a tap that counts is not in memory: then the block does not suffice for the points.
template <typename T, typename Index>
bool misses_block(const Problem &problem, const Taps<T, Index> &taps) {
    const int ndim = problem.arguments.ndim;
    for (int k = 0; k < taps.product; ++k) {
        for (int p = 0; p < taps.count; ++p) {
            bool missing = false, outside = false;
            for (int d = 0; d < ndim; ++d) {
                const Index place = taps.axis[d].place[tap_of(taps.along, k, d)][p];
                missing |= place == MISSING;
                outside |= place == OUTSIDE_PLACE;
            }
            bool counts = false;
            for (int set = 0; set <= ndim; ++set) counts |= taps.weight[set][k * taps.count + p] != 0;
            if (missing && !outside && counts && taps.answer[p] == taps.answer[p]) return true;
        }
    }
    return false;
}

struct OutsideBlock {};

// Steps 2 and 3 for points at pixel coordinates x[axis][point].
template <typename T, typename Index>
void find_taps(const Problem &problem, const double (*x)[TILE], int count, Wanted wanted,
               Taps<T, Index> &taps) {
    const wk_sampling &a = problem.arguments;
    taps.count = count;
    taps.along = taps_of(a.kernel);
    taps.product = 1;
    taps.interior = true;
    taps.exterior = false;
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
        taps.product *= taps.along;
        const double low = static_cast<double>(a.block_origin[d]), last = taps.along - 1.0;
        taps.interior &= all_within(axis.first, count, low, low + (a.block_size[d] - 1) - last);
    }
    if (wanted.values) find_product_weights(a.ndim, 0, taps);
    for (int d = 0; d < a.ndim && wanted.slopes; ++d) find_product_weights(a.ndim, 1 + d, taps);
    if (taps.interior) return find_bases(problem, taps);

    for (int p = 0; p < count; ++p) taps.answer[p] = 0;
    const wk_boundary boundary = static_cast<wk_boundary>(a.boundary);
    bool nan = false;
    for (int d = 0; d < a.ndim; ++d) {
        AxisTaps<T, Index> &axis = taps.axis[d];
        find_places(boundary, taps.along, axis.first, count, problem.axes[d], a.block_origin[d],
                    a.block_size[d], axis.place, taps.answer);
        taps.exterior |= boundary == WK_CONSTANT &&
                         all_beyond(axis.first, count, 1.0 - taps.along, static_cast<double>(a.size[d] - 1));
    }
    for (int p = 0; p < count && taps.exterior; ++p) nan |= taps.answer[p] != taps.answer[p];
    taps.exterior &= !nan;
    if (taps.exterior) return;
    find_product_places(problem, taps);
    if (!problem.whole && misses_block(problem, taps)) throw OutsideBlock();
}

}  // namespace wk

#endif
