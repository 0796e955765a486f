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
    default: return body(Linear{});
    }
}

inline int taps_of(int32_t code) {
    return with_kernel(code, [](auto kernel) { return decltype(kernel)::TAPS; });
}

}  // namespace wk

#endif
