// Which processor a thread runs on.
#ifndef WARPKIT_CPU_PROCESSORS_H
#define WARPKIT_CPU_PROCESSORS_H

#include <cstdint>

#if defined(__linux__)
#include <sched.h>
#endif

namespace wk {

#if defined(__linux__)
inline int this_processor() { return sched_getcpu(); }

// Moves this thread to another processor, if it may run on `threads` of them.
//
// Linux often wakes a worker on the caller's processor (where those that share a cache were busy lately, it does not look
// for an idle one), and can leave both there for a tenth of a second while another processor idles.
inline void leave_processor(int processor, int64_t threads) {
    cpu_set_t allowed, others;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < threads) return;
    others = allowed;
    CPU_CLR(processor, &others);
    if (sched_setaffinity(0, sizeof(others), &others) == 0) sched_setaffinity(0, sizeof(allowed), &allowed);
}
#else
inline int this_processor() { return -1; }
inline void leave_processor(int, int64_t) {}
#endif

}  // namespace wk

#endif
