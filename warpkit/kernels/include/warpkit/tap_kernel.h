// Sampling kernels as 1-D data: which taps a coordinate has, their weights and the derivatives of those.
//
// A value is the tensor product of 1-D weights summed over taps in row-major order (the last image axis
// fastest). Each kernel tells
//   TAPS          how many taps it has along an axis
//   MAX_ORDER     the highest derivative that is not zero everywhere
//   first_tap     the index of its first tap, as an integer-valued float64
//   local         the coordinate relative to the kernel's centre, from the fraction
//   weights       functions of `local`, or their derivatives of an order, in the type T of the arithmetic
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

// Keys' cubic convolution: taps at the distances 1 + t, t, s and 1 + s with s = 1 - t. The slope at distance
// 1 is A = A_QUARTERS / 4; all coefficients below are exact in a float.
template <int A_QUARTERS>
struct CubicConvolution {
    static constexpr int TAPS = 4, MAX_ORDER = 3;
    static WK_DEVICE double first_tap(Cell cell) { return cell.index - 1.0; }
    static WK_DEVICE double local(double fraction) { return fraction; }
    template <int ORDER, typename T>
    static WK_DEVICE void weights(T t, T *w) {
        constexpr T A = T(A_QUARTERS) / 4;
        const T s = T(1) - t;
        if constexpr (ORDER == 0) {
            w[0] = A * t * s * s;
            w[1] = inner(t);
            w[2] = inner(s);
            w[3] = A * s * t * t;
        } else if constexpr (ORDER == 1) {
            w[0] = A * s * (s - 2 * t);
            w[1] = inner_slope(t);
            w[2] = -inner_slope(s);
            w[3] = A * t * (2 * s - t);
        } else if constexpr (ORDER == 2) {
            w[0] = A * (6 * t - 4);
            w[1] = inner_curvature(t);
            w[2] = inner_curvature(s);
            w[3] = A * (6 * s - 4);
        } else {
            w[0] = 6 * A;
            w[1] = 6 * (A + 2);
            w[2] = -6 * (A + 2);
            w[3] = -6 * A;
        }
    }

private:
    // At a distance u of at most 1.
    template <typename T>
    static WK_DEVICE T inner(T u) {
        constexpr T A = T(A_QUARTERS) / 4;
        return ((A + 2) * u - (A + 3)) * u * u + 1;
    }
    template <typename T>
    static WK_DEVICE T inner_slope(T u) {
        constexpr T A = T(A_QUARTERS) / 4;
        return (3 * (A + 2) * u - 2 * (A + 3)) * u;
    }
    template <typename T>
    static WK_DEVICE T inner_curvature(T u) {
        constexpr T A = T(A_QUARTERS) / 4;
        return 6 * (A + 2) * u - 2 * (A + 3);
    }
};

using Cubic = CubicConvolution<-2>;       // Catmull-Rom: reproduces polynomials of degree 2
using CubicSharp = CubicConvolution<-3>;  // torch's and OpenCV's

// B-spline of degree 2, about the nearest pixel: |t| <= 1/2.
struct BSpline2 {
    static constexpr int TAPS = 3, MAX_ORDER = 2;
    static WK_DEVICE double first_tap(Cell cell) { return Nearest::first_tap(cell) - 1.0; }
    static WK_DEVICE double local(double fraction) { return fraction >= 0.5 ? fraction - 1.0 : fraction; }
    template <int ORDER, typename T>
    static WK_DEVICE void weights(T t, T *w) {
        if constexpr (ORDER == 0) {
            const T below = T(0.5) - t, above = T(0.5) + t;
            w[0] = below * below / 2;
            w[1] = T(0.75) - t * t;
            w[2] = above * above / 2;
        } else if constexpr (ORDER == 1) {
            w[0] = t - T(0.5);
            w[1] = -2 * t;
            w[2] = t + T(0.5);
        } else {
            w[0] = T(1);
            w[1] = T(-2);
            w[2] = T(1);
        }
    }
};

// B-spline of degree 3: taps at the distances of cubic convolution.
struct BSpline3 {
    static constexpr int TAPS = 4, MAX_ORDER = 3;
    static WK_DEVICE double first_tap(Cell cell) { return cell.index - 1.0; }
    static WK_DEVICE double local(double fraction) { return fraction; }
    template <int ORDER, typename T>
    static WK_DEVICE void weights(T t, T *w) {
        const T s = T(1) - t;
        if constexpr (ORDER == 0) {
            w[0] = s * s * s / 6;
            w[1] = inner(t);
            w[2] = inner(s);
            w[3] = t * t * t / 6;
        } else if constexpr (ORDER == 1) {
            w[0] = -s * s / 2;
            w[1] = (T(1.5) * t - 2) * t;
            w[2] = (2 - T(1.5) * s) * s;
            w[3] = t * t / 2;
        } else if constexpr (ORDER == 2) {
            w[0] = s;
            w[1] = 3 * t - 2;
            w[2] = 3 * s - 2;
            w[3] = t;
        } else {
            w[0] = T(-1);
            w[1] = T(3);
            w[2] = T(-3);
            w[3] = T(1);
        }
    }

private:
    // At a distance u of at most 1.
    template <typename T>
    static WK_DEVICE T inner(T u) {
        return ((3 * u - 6) * u * u + 4) / 6;
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
