// Types an image may be stored in, to and from the type of its arithmetic.
#ifndef WARPKIT_PIXEL_TYPE_H
#define WARPKIT_PIXEL_TYPE_H

#include "warpkit/platform.h"

namespace wk {

// IEEE 754 binary16, as bits: not every compiler has a type for it.
struct Half {
    uint16 bits;
};

// Exact. A half of exponent e and fraction f is (1 + f/2^10) * 2^(e - 15); shifted into place in a float it is
// that times 2^(15 - 127), so one product sets the exponent right, for subnormal halves too. What then
// is 2^16 or more was infinite or NaN.
WK_DEVICE float to_arithmetic(Half value) {
    const uint32 magnitude = (value.bits & 0x7fffu) << 13, sign = (value.bits & 0x8000u) << 16;
    const float scaled = float_of_bits(magnitude) * 5.192296858534828e33f;  // 2^112
    const uint32 bits = scaled >= 65536.0f ? magnitude | 0x7f800000u : bits_of_float(scaled);
    return float_of_bits(bits | sign);
}
WK_DEVICE float to_arithmetic(float value) { return value; }
WK_DEVICE double to_arithmetic(double value) { return value; }
WK_DEVICE float to_arithmetic(uint8 value) { return static_cast<float>(value); }
WK_DEVICE float to_arithmetic(uint16 value) { return static_cast<float>(value); }
WK_DEVICE float to_arithmetic(int16 value) { return static_cast<float>(value); }

// Rounded to nearest, ties to even. Adding a power of two whose last place is that of the result lets the
// addition round: 2^13 times the result's power of two for normal halves, 2^-1 (whose last place is 2^-24) for
// subnormal ones. (The half is put together in the upper bits: in the lower ones, GCC would mix 16 and 32 bits in one select,
// and not vectorise it.)
WK_DEVICE Half half_of(float value) {
    const uint32 bits = bits_of_float(value), magnitude = bits & 0x7fffffffu, sign = bits & 0x80000000u;
    const uint32 rounded = magnitude + 0x0fffu + ((magnitude >> 13) & 1u);
    const uint32 normal = (rounded - (112u << 23)) << 3;
    const uint32 subnormal = (bits_of_float(float_of_bits(magnitude) + 0.5f) - bits_of_float(0.5f)) << 16;
    const uint32 infinite = magnitude > 0x7f800000u ? 0x7e000000u : 0x7c000000u;
    const uint32 finite = magnitude < (113u << 23) ? subnormal : normal;
    return {static_cast<uint16>(((magnitude >= 0x477ff000u ? infinite : finite) | sign) >> 16)};
}

// Rounded half to even and saturated; NaN is 0. (2^23 + 2^22 leaves no room for a fraction.)
WK_DEVICE float saturated(float value, float low, float high) {
    constexpr float NO_FRACTION = 12582912.0f;
    const float number = value == value ? value : 0.0f;
    const float above = number > low ? number : low;
    const float inside = above < high ? above : high;
    return (inside + NO_FRACTION) - NO_FRACTION;
}

// to_pixel<S>(v): the value as a pixel of type S.
template <typename S>
struct Pixel;
template <>
struct Pixel<float> {
    static WK_DEVICE float of(float value) { return value; }
};
template <>
struct Pixel<double> {
    static WK_DEVICE double of(double value) { return value; }
};
template <>
struct Pixel<Half> {
    static WK_DEVICE Half of(float value) { return half_of(value); }
};
template <>
struct Pixel<uint8> {
    static WK_DEVICE uint8 of(float value) {
        return static_cast<uint8>(static_cast<int32>(saturated(value, 0.0f, 255.0f)));
    }
};
template <>
struct Pixel<uint16> {
    static WK_DEVICE uint16 of(float value) {
        return static_cast<uint16>(static_cast<int32>(saturated(value, 0.0f, 65535.0f)));
    }
};
template <>
struct Pixel<int16> {
    static WK_DEVICE int16 of(float value) {
        return static_cast<int16>(static_cast<int32>(saturated(value, -32768.0f, 32767.0f)));
    }
};

}  // namespace wk

#endif
