// A few numbers that are computed with at once. GCC does not see by itself that it could keep them in a register.
#ifndef WARPKIT_CPU_LANES_H
#define WARPKIT_CPU_LANES_H

#include <string.h>

#include "warpkit/platform.h"

namespace wk {

#if defined(__GNUC__)
template <typename T, int N>
struct LanesOf {
    static_assert((N & (N - 1)) == 0, "a vector has 2, 4, 8, ... elements");
    typedef T type __attribute__((vector_size(N * sizeof(T))));
};
#else
template <typename T, int N>
struct LanesOf {
    struct type {
        T lane[N];
        T operator[](int i) const { return lane[i]; }
        type &operator+=(const type &other) {
            for (int i = 0; i < N; ++i) lane[i] += other.lane[i];
            return *this;
        }
        friend type operator*(type one, T other) {
            for (int i = 0; i < N; ++i) one.lane[i] *= other;
            return one;
        }
    };
};
#endif
template <typename T, int N>
using Lanes = typename LanesOf<T, N>::type;

// (By reference: vectors that registers are too narrow for are not to be returned.)
template <typename Vector, typename T>
WK_DEVICE void load_lanes(const T *from, Vector &lanes) {
    memcpy(&lanes, from, sizeof(lanes));
}
template <typename Vector, typename T>
WK_DEVICE void store_lanes(const Vector &lanes, T *to) {
    memcpy(to, &lanes, sizeof(lanes));
}

}  // namespace wk

#endif
