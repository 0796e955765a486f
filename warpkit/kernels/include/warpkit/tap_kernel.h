// Sampling kernels as 1-D data: which taps a coordinate has, their weights and the derivatives of those.
//
// A value is the tensor product of 1-D weights summed over taps in row-major order (the last image axis
// fastest). Each kernel tells
//   TAPS          how many taps it has along an axis
//   MAX_ORDER     the highest derivative that is not zero everywhere
//   first_tap     the index of its first tap, as an integer-valued float64
//   local         the coordinate relative to the kernel's centre, which the weights are functions of
//   weights       the weights, or their derivatives of a given order, in the type T of the image's arithmetic
// in the expressions of the array code (warpkit/sampling/kernels): both give the same bits.
#ifndef WARPKIT_TAP_KERNEL_H
#define WARPKIT_TAP_KERNEL_H

#include "warpkit/coordinate.h"

namespace wk {

// The pixel at floor(x + 1/2), found by comparing the fraction: the sum itself would round
// 0.49999999999999994 up.
struct Nearest {
    static constexpr int TAPS = 1, MAX_ORDER = 0;
    static WK_DEVICE double first_tap(Cell cell) {
        return cell.fraction >= 0.5 ? cell.index + 1.0 : cell.index;
    }
    static WK_DEVICE double local(double fraction) { return fraction; }
    template <int ORDER, typename T>
    static WK_DEVICE void weights(T, T *w) {
        w[0] = T(1);
    }
};

// B-spline of degree 1: w(t) = {1 - t, t}. The derivative is the right one at t = 0.
struct Linear {
    static constexpr int TAPS = 2, MAX_ORDER = 1;
    static WK_DEVICE double first_tap(Cell cell) { return cell.index; }
    static WK_DEVICE double local(double fraction) { return fraction; }
    template <int ORDER, typename T>
    static WK_DEVICE void weights(T t, T *w) {
        w[0] = ORDER == 0 ? T(1) - t : T(-1);
        w[1] = ORDER == 0 ? t : T(1);
    }
};

// A tap of zero weight is never used: its pixel may be NaN. The select (instead of adding 0) also keeps -0.0
// exact when a sum starts at -0.0.
template <typename T>
WK_DEVICE T accumulate(T sum, T weight, T value) {
    return weight != T(0) ? sum + weight * value : sum;
}

}  // namespace wk

#endif
