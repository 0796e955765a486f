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

// Which tap of axis `d` belongs to number `k` of a point's taps, counted in row-major order (x fastest).
template <int TAPS>
constexpr int tap_of(int k, int d) {
    for (int i = 0; i < d; ++i) k /= TAPS;
    return k % TAPS;
}

// (wz * wy) * wx. With `derivative_axis` = d, the derivative's weight takes the place of axis d's.
template <typename Kernel, int NDIM, typename T, typename Index>
WK_DEVICE T product_weight(const Taps<T, Index> &taps, int p, int k, int derivative_axis = -1) {
    T product = T(1);
    for (int d = NDIM - 1; d >= 0; --d) {
        const int tap = tap_of<Kernel::TAPS>(k, d);
        const T slope = Kernel::template derivative_weight<T>(tap);
        const T weight = d == derivative_axis ? slope : taps.weight[d][tap][p];
        product = d == NDIM - 1 ? weight : product * weight;
    }
    return product;
}

// Negative where the tap is outside along any axis.
template <typename Kernel, int NDIM, typename T, typename Index>
WK_DEVICE Index product_place(const Taps<T, Index> &taps, int p, int k) {
    Index place = 0, signs = 0;
    for (int d = NDIM - 1; d >= 0; --d) {
        const Index along = taps.place[d][tap_of<Kernel::TAPS>(k, d)][p];
        place += along;
        signs |= along;
    }
    return signs >= 0 ? place : Index(-1);
}

// The values of a tile's taps in one channel. Taps that are neighbours along x are neighbours here: in the
// interior of an image they come with one load.
template <typename T>
struct Values {
    static constexpr int MAX_ROWS = power<MAX_TAPS, MAX_NDIM - 1>();
    alignas(64) T row[MAX_ROWS][TILE * MAX_TAPS];
};

template <typename Kernel, int NDIM, typename T, typename Index>
void load_interior(const T *WK_RESTRICT plane, const Taps<T, Index> &taps, int count, Values<T> &values) {
    constexpr int TAPS = Kernel::TAPS;
    alignas(64) Index place[TILE];
    for (int row = 0; row < power<TAPS, NDIM - 1>(); ++row) {
        for (int p = 0; p < count; ++p) place[p] = product_place<Kernel, NDIM>(taps, p, row * TAPS);
        T *WK_RESTRICT to = values.row[row];
        for (int p = 0; p < count; ++p) memcpy(to + p * TAPS, plane + place[p], TAPS * sizeof(T));
    }
}

template <typename Kernel, int NDIM, typename T, typename Index>
void load_any(const T *WK_RESTRICT plane, const Taps<T, Index> &taps, int count, T fill, Values<T> &values) {
    constexpr int TAPS = Kernel::TAPS;
    alignas(64) Index place[TILE];
    for (int k = 0; k < power<TAPS, NDIM>(); ++k) {
        for (int p = 0; p < count; ++p) place[p] = product_place<Kernel, NDIM>(taps, p, k);
        T *WK_RESTRICT to = values.row[k / TAPS] + k % TAPS;
        for (int p = 0; p < count; ++p) {
            const T value = plane[place[p] >= 0 ? place[p] : 0];
            to[p * TAPS] = place[p] >= 0 ? value : fill;
        }
    }
}

template <typename Kernel, int NDIM, typename T, typename Index>
void load_values(const T *plane, const Taps<T, Index> &taps, int count, T fill, Values<T> &values) {
    if (taps.interior) load_interior<Kernel, NDIM>(plane, taps, count, values);
    else load_any<Kernel, NDIM>(plane, taps, count, fill, values);
}

// sum over taps of weight * value at one point.
template <typename Kernel, int NDIM, typename T, typename Index>
WK_DEVICE T weighted_sum(const Taps<T, Index> &taps, const Values<T> &values, int p,
                         int derivative_axis = -1) {
    constexpr int TAPS = Kernel::TAPS;
    T sum = T(-0.0);
    for (int k = 0; k < power<TAPS, NDIM>(); ++k) {
        const T weight = product_weight<Kernel, NDIM>(taps, p, k, derivative_axis);
        sum = accumulate(sum, weight, values.row[k / TAPS][p * TAPS + k % TAPS]);
    }
    return sum;
}

}  // namespace wk

#endif
