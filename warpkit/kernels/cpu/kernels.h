// From a kernel's code to its type.
#ifndef WARPKIT_CPU_KERNELS_H
#define WARPKIT_CPU_KERNELS_H

#include "abi.h"
#include "warpkit/tap_kernel.h"

namespace wk {

// Calls body(Kernel{}) with the kernel of that code.
template <typename Body>
auto with_kernel(int32_t code, const Body &body) {
    switch (code) {
    case WK_NEAREST: return body(Nearest{});
    case WK_CUBIC: return body(Cubic{});
    case WK_CUBIC_SHARP: return body(CubicSharp{});
    case WK_BSPLINE2: return body(BSpline2{});
    case WK_BSPLINE3: return body(BSpline3{});
    default: return body(Linear{});
    }
}

inline int taps_of(int32_t code) {
    return with_kernel(code, [](auto kernel) { return decltype(kernel)::TAPS; });
}

}  // namespace wk

#endif
