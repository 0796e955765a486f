// The floating-point environment results depend on, set for the time of a kernel.
//
// Another library may have switched denormals off on this thread, or left another rounding mode behind; the
// same input would then no longer give the same bits.
#ifndef WARPKIT_CPU_FP_ENVIRONMENT_H
#define WARPKIT_CPU_FP_ENVIRONMENT_H

#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace wk {

class DefaultFloatingPoint {
public:
#if defined(__x86_64__) || defined(_M_X64)
    // 0x1f80: denormals on, rounding to nearest, no traps.
    DefaultFloatingPoint() : saved_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~DefaultFloatingPoint() { _mm_setcsr(saved_); }
#elif defined(__aarch64__) && defined(__GNUC__)
    DefaultFloatingPoint() {
        __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
        __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
    }
    ~DefaultFloatingPoint() { __asm__ volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
    DefaultFloatingPoint() = default;
#endif
    DefaultFloatingPoint(const DefaultFloatingPoint &) = delete;
    DefaultFloatingPoint &operator=(const DefaultFloatingPoint &) = delete;

private:
#if defined(__x86_64__) || defined(_M_X64)
    unsigned saved_;
#elif defined(__aarch64__) && defined(__GNUC__)
    uint64_t saved_;
#endif
};

}  // namespace wk

#endif
