// Sampling kernels as 1-D data: which taps a cell has, their weights and the derivatives of those weights.
//
// A value is the tensor product of 1-D weights summed over taps in row-major order (the last image axis
// fastest). T is the type of the image's arithmetic.
#ifndef WARPKIT_TAP_KERNEL_H
#define WARPKIT_TAP_KERNEL_H

#include "warpkit/coordinate.h"

namespace wk {

// B-spline of degree 1: w(t) = {1 - t, t}. The derivative is the right one at t = 0.
struct Linear {
    static constexpr int TAPS = 2;
    static WK_DEVICE double first_tap(Cell cell) { return cell.index; }
    template <typename T>
    static WK_DEVICE T weight(double fraction, int tap) {
        const T t = static_cast<T>(fraction);
        return tap == 0 ? T(1) - t : t;
    }
    template <typename T>
    static WK_DEVICE T derivative_weight(int tap) {
        return tap == 0 ? T(-1) : T(1);
    }
};

// The pixel at floor(x + 1/2), found by comparing the fraction: the sum itself would round
// 0.49999999999999994 up.
struct Nearest {
    static constexpr int TAPS = 1;
    static WK_DEVICE double first_tap(Cell cell) {
        return cell.fraction >= 0.5 ? cell.index + 1.0 : cell.index;
    }
    template <typename T>
    static WK_DEVICE T weight(double fraction, int) {
        return fraction == fraction ? T(1) : static_cast<T>(NOT_A_NUMBER);
    }
    template <typename T>
    static WK_DEVICE T derivative_weight(int) {
        return T(0);
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
