// What a library says about itself and about the machine.
#include "abi.h"
#include "status.h"

#ifndef WK_INSTRUCTION_SET
#define WK_INSTRUCTION_SET "baseline"
#endif

int32_t wk_abi_version(void) { return WK_ABI_VERSION; }

const char *wk_instruction_set(void) { return WK_INSTRUCTION_SET; }

int64_t wk_out_of_memory_bytes(void) { return wk::out_of_memory_bytes; }

// The levels of the x86-64 psABI. Feature by feature, because `__builtin_cpu_supports("x86-64-v3")` is newer
// than the compilers we build with. The compiler's runtime also checks that the operating system saves the
// wide registers.
const char *wk_best_instruction_set(void) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : "x86-64";
#elif defined(__x86_64__) || defined(_M_X64)
    return "x86-64";
#else
    return "baseline";
#endif
}
