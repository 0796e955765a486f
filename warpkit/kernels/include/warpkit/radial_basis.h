// The radial basis functions of thin-plate splines, as functions of the squared distance q.
#ifndef WARPKIT_RADIAL_BASIS_H
#define WARPKIT_RADIAL_BASIS_H

#include "warpkit/platform.h"

namespace wk {

// Natural logarithm of a positive normal number, to about one unit in the last place. libm's would give other
// bits on other machines.
//
// x = 2^e * m with m in [sqrt(1/2), sqrt(2)), and log(m) = 2 artanh(f) = 2 (f + f^3/3 + f^5/5 + ...) with
// f = (m - 1) / (m + 1), |f| < 0.1716: eleven terms leave out less than 2^-58 of the sum.
WK_DEVICE double log_of(double x) {
    constexpr int64 SQRT_HALF = 0x3fe6a09e667f3bcdLL, FRACTION_BITS = 52, FRACTION = (int64{1} << 52) - 1;
    const int64 shifted = bits_of_double(x) - SQRT_HALF;
    const int64 exponent = shifted >> FRACTION_BITS;
    const double m = double_of_bits((shifted & FRACTION) + SQRT_HALF);
    // The exponent as a float64, without an instruction that AVX2 lacks: as the last bits of 2^52 + 2^51.
    constexpr double BIAS = 6755399441055744.0;
    const double e = double_of_bits(exponent + bits_of_double(BIAS)) - BIAS;
    const double f = (m - 1.0) / (m + 1.0), g = f * f;
    double sum = 1.0 / 21.0;
    sum = sum * g + 1.0 / 19.0;
    sum = sum * g + 1.0 / 17.0;
    sum = sum * g + 1.0 / 15.0;
    sum = sum * g + 1.0 / 13.0;
    sum = sum * g + 1.0 / 11.0;
    sum = sum * g + 1.0 / 9.0;
    sum = sum * g + 1.0 / 7.0;
    sum = sum * g + 1.0 / 5.0;
    sum = sum * g + 1.0 / 3.0;
    constexpr double LOG_2_HIGH = 0.693147180369123816490, LOG_2_LOW = 1.90821492927058770002e-10;
    return e * LOG_2_HIGH + (2.0 * f + (2.0 * f * (g * sum) + e * LOG_2_LOW));
}

// r^2 log r in 2D, -r in 3D; 0 at the centre.
template <int NDIM>
WK_DEVICE double radial_basis(double q) {
    constexpr double SMALLEST_NORMAL = 2.2250738585072014e-308;  // below it the value rounds to nothing
    const double safe = q > SMALLEST_NORMAL ? q : 1.0;
    const double value = NDIM == 2 ? 0.5 * safe * log_of(safe) : -square_root(safe);
    return q > SMALLEST_NORMAL ? value : 0.0;
}

}  // namespace wk

#endif
