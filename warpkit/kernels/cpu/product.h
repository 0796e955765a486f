// The tensor product of 1-D taps at a point: the values and weights of its TAPS^NDIM taps.
//
// The third short loop comes in two halves: values are loaded into a small array (loads from places all over
// the image do not vectorise well: an AVX gather is no faster than the single loads it stands for), then
// weighed.
#ifndef WARPKIT_CPU_PRODUCT_H
#define WARPKIT_CPU_PRODUCT_H

#include <string.h>

#include "tile.h"

namespace wk {

template <int BASE, int EXPONENT>
constexpr int power() {
    int result = 1;
    for (int i = 0; i < EXPONENT; ++i) result *= BASE;
    return result;
}

// Which tap of axis D belongs to number K of a point's taps, counted in row-major order (x fastest).
template <int TAPS, int K, int D>
constexpr int tap_of = K / power<TAPS, D>() % TAPS;

constexpr int NO_AXIS = -1;

// The weight of tap number K: (wz * wy) * wx. In a derivative along AXIS, the derivative's weight takes the
// place of that axis' own. (A recursion over axes, D from NDIM - 1 down to 0: loops here are not always
// unrolled, and then the loop over points does not vectorise.)
template <typename Kernel, int NDIM, int AXIS, int K, int D = 0, typename T, typename Index>
WK_DEVICE T product_weight(const Taps<T, Index> &taps, int p) {
    constexpr int TAP = tap_of<Kernel::TAPS, K, D>;
    const T weight = D == AXIS ? Kernel::template derivative_weight<T>(TAP) : taps.weight[D][TAP][p];
    if constexpr (D == NDIM - 1) return weight;
    else return product_weight<Kernel, NDIM, AXIS, K, D + 1>(taps, p) * weight;
}

// The sum of a tap's places along the axes, and a number that is negative if any of them is.
template <typename Index>
struct Place {
    Index sum, signs;
};

template <typename Kernel, int NDIM, int K, int D = 0, typename T, typename Index>
WK_DEVICE Place<Index> sum_places(const Taps<T, Index> &taps, int p) {
    const Index along = taps.place[D][tap_of<Kernel::TAPS, K, D>][p];
    if constexpr (D == NDIM - 1) {
        return {along, along};
    } else {
        const Place<Index> rest = sum_places<Kernel, NDIM, K, D + 1>(taps, p);
        return {rest.sum + along, rest.signs | along};
    }
}

// The place of tap number K; negative where the tap is outside along any axis.
template <typename Kernel, int NDIM, int K, typename T, typename Index>
WK_DEVICE Index product_place(const Taps<T, Index> &taps, int p) {
    const Place<Index> place = sum_places<Kernel, NDIM, K>(taps, p);
    return place.signs >= 0 ? place.sum : Index(-1);
}

// The values of a tile's taps in one channel. Taps that are neighbours along x are neighbours here: in the
// interior of an image they come with one load.
template <typename T>
struct Values {
    static constexpr int MAX_ROWS = power<MAX_TAPS, MAX_NDIM - 1>();
    alignas(64) T row[MAX_ROWS][TILE * MAX_TAPS];
};

template <typename Kernel, int NDIM, int K, typename T, typename Index>
void find_places(const Taps<T, Index> &taps, int count, Index *WK_RESTRICT place) {
    for (int p = 0; p < count; ++p) place[p] = product_place<Kernel, NDIM, K>(taps, p);
}

// The values of row number ROW of taps (those that differ in x alone) and of the rows after it.
template <typename Kernel, int NDIM, bool INTERIOR, int ROW = 0, typename T, typename Index>
void load_rows(const T *WK_RESTRICT plane, const Taps<T, Index> &taps, int count, T fill, Values<T> &values) {
    constexpr int TAPS = Kernel::TAPS;
    alignas(64) Index first[TILE], last[TILE];
    T *WK_RESTRICT to = values.row[ROW];
    find_places<Kernel, NDIM, ROW * TAPS>(taps, count, first);
    if constexpr (INTERIOR) {
        for (int p = 0; p < count; ++p) memcpy(to + p * TAPS, plane + first[p], TAPS * sizeof(T));
    } else {
        find_places<Kernel, NDIM, ROW * TAPS + TAPS - 1>(taps, count, last);
        for (int p = 0; p < count; ++p) {
            const T one = plane[first[p] >= 0 ? first[p] : 0], other = plane[last[p] >= 0 ? last[p] : 0];
            to[p * TAPS] = first[p] >= 0 ? one : fill;
            to[p * TAPS + TAPS - 1] = last[p] >= 0 ? other : fill;
        }
    }
    if constexpr (ROW + 1 < power<TAPS, NDIM - 1>()) {
        load_rows<Kernel, NDIM, INTERIOR, ROW + 1>(plane, taps, count, fill, values);
    }
}

template <typename Kernel, int NDIM, typename T, typename Index>
void load_values(const T *plane, const Taps<T, Index> &taps, int count, T fill, Values<T> &values) {
    if (taps.interior) load_rows<Kernel, NDIM, true>(plane, taps, count, fill, values);
    else load_rows<Kernel, NDIM, false>(plane, taps, count, fill, values);
}

// Adds weight * value of tap number K and those after it, at one point.
template <typename Kernel, int NDIM, int AXIS, int K = 0, typename T, typename Index>
WK_DEVICE T weighted_sum(const Taps<T, Index> &taps, const Values<T> &values, int p, T sum = T(-0.0)) {
    constexpr int TAPS = Kernel::TAPS;
    const T weight = product_weight<Kernel, NDIM, AXIS, K>(taps, p);
    sum = accumulate(sum, weight, values.row[K / TAPS][p * TAPS + K % TAPS]);
    if constexpr (K + 1 == power<TAPS, NDIM>()) return sum;
    else return weighted_sum<Kernel, NDIM, AXIS, K + 1>(taps, values, p, sum);
}

}  // namespace wk

#endif
