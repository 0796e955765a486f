// What differs between a C++ compiler and NVRTC: nothing else in these headers does.
//
// The headers in this folder hold what happens at one sampling point. They include no standard header, so
// that NVRTC (which has none) compiles the same text for the GPU that a C++17 compiler builds for the CPU.
#ifndef WARPKIT_PLATFORM_H
#define WARPKIT_PLATFORM_H

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define WK_DEVICE __host__ __device__ __forceinline__
#define WK_RESTRICT __restrict__
#define WK_COPY_BYTES memcpy
#elif defined(_MSC_VER)
#define WK_DEVICE __forceinline
#define WK_RESTRICT __restrict
#define WK_COPY_BYTES __builtin_memcpy
#else
#define WK_DEVICE inline __attribute__((always_inline))
#define WK_RESTRICT __restrict__
#define WK_COPY_BYTES __builtin_memcpy
#endif

namespace wk {

using uint8 = unsigned char;
using int16 = short;
using uint16 = unsigned short;
using int32 = int;
using uint32 = unsigned int;
using int64 = long long;
static_assert(sizeof(int16) == 2 && sizeof(int32) == 4 && sizeof(int64) == 8,
              "warpkit needs a 16-bit short, a 32-bit int and a 64-bit long long");

// 2^53: from here on a float64 has no fraction, and neighbouring integers are no longer told apart.
constexpr double EXACT_INTEGER_LIMIT = 9007199254740992.0;

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)  // NVRTC knows neither of the builtins below
constexpr double NOT_A_NUMBER = __builtin_bit_cast(double, 0x7ff8000000000000LL);
constexpr double INFINITELY_FAR = __builtin_bit_cast(double, 0x7ff0000000000000LL);
#else
constexpr double NOT_A_NUMBER = __builtin_nan(""), INFINITELY_FAR = __builtin_inf();
#endif

// The bits of a number, and the number of such bits.
WK_DEVICE uint32 bits_of_float(float value) {
    uint32 bits;
    WK_COPY_BYTES(&bits, &value, sizeof(bits));
    return bits;
}
WK_DEVICE float float_of_bits(uint32 bits) {
    float value;
    WK_COPY_BYTES(&value, &bits, sizeof(value));
    return value;
}
WK_DEVICE int64 bits_of_double(double value) {
    int64 bits;
    WK_COPY_BYTES(&bits, &value, sizeof(bits));
    return bits;
}
WK_DEVICE double double_of_bits(int64 bits) {
    double value;
    WK_COPY_BYTES(&value, &bits, sizeof(value));
    return value;
}

// floor without libm (whose bits and speed differ between machines). Where the instruction set can round, one
// instruction; elsewhere by adding 2^52, which leaves no room for a fraction and so rounds to the nearest
// integer. The sign of a zero result may differ between the two; no result of warpkit depends on it.
WK_DEVICE double floor_of(double x) {
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
    return floor(x);
#elif defined(__SSE4_1__) || defined(__aarch64__)
    return __builtin_floor(x);
#else
    constexpr double NO_FRACTION = 4503599627370496.0;  // 2^52
    const double magic = x < 0 ? -NO_FRACTION : NO_FRACTION;
    const double nearest = (x + magic) - magic;
    const double below = nearest > x ? nearest - 1.0 : nearest;
    return (x > -NO_FRACTION) & (x < NO_FRACTION) ? below : x;  // already an integer, infinite or NaN
#endif
}

// Correctly rounded everywhere.
WK_DEVICE double square_root(double x) {
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
    return sqrt(x);
#else
    return __builtin_sqrt(x);
#endif
}

}  // namespace wk

#endif
