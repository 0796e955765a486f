// From what a kernel throws to what its entry point returns.
#ifndef WARPKIT_CPU_STATUS_H
#define WARPKIT_CPU_STATUS_H

#include "abi.h"
#include "memory.h"
#include "parallel.h"

namespace wk {

// What wk_out_of_memory_bytes says.
inline thread_local int64_t out_of_memory_bytes = 0;

// Runs body(interruption), the whole of a call, and returns its wk_status.
template <typename Body>
int32_t status_of(int32_t (*interrupted)(void), const Body &body) {
    try {
        body(Interruption(interrupted));
    } catch (const Interrupted &) {
        return WK_INTERRUPTED;
    } catch (const OutOfMemory &error) {
        out_of_memory_bytes = error.bytes;
        return WK_OUT_OF_MEMORY;
    } catch (const std::bad_alloc &) {
        out_of_memory_bytes = 0;
        return WK_OUT_OF_MEMORY;
    }
    return WK_OK;
}

}  // namespace wk

#endif
