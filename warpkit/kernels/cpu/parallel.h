// Threads that live for one call. There is no pool: nothing to break in a forked child, and nothing left
// running.
#ifndef WARPKIT_CPU_PARALLEL_H
#define WARPKIT_CPU_PARALLEL_H

#include <atomic>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

#include "fp_environment.h"

namespace wk {

// Starting two threads takes about 50 us; one is worth it for this much work (in nanoseconds, roughly).
constexpr double WORTH_A_THREAD = 100e3;

inline int64_t worthwhile_threads(int64_t num_threads, double nanoseconds) {
    const double worth = nanoseconds / WORTH_A_THREAD;
    const int64_t limit = worth > 1e6 ? 1000000 : static_cast<int64_t>(worth);
    return limit < 1 ? 1 : (num_threads < limit ? num_threads : limit);
}

// Runs body(i) for i in [0, count). Pieces are handed out in any order to any thread, so each piece must
// write places that no other one touches: then results do not depend on the number of threads. Where the
// system refuses a thread, those that run do its work.
template <typename Body>
void parallel_for(int64_t count, int64_t num_threads, const Body &body) {
    std::atomic<int64_t> next{0};
    const auto work = [&] {
        const DefaultFloatingPoint environment;
        for (int64_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) body(i);
    };
    const int64_t extra = (num_threads < count ? num_threads : count) - 1;
    std::vector<std::thread> threads;
    threads.reserve(extra > 0 ? static_cast<size_t>(extra) : 0);
    for (int64_t i = 0; i < extra; ++i) {
        try {
            threads.emplace_back(work);
        } catch (const std::system_error &) {
            break;
        }
    }
    work();
    for (std::thread &thread : threads) thread.join();
}

}  // namespace wk

#endif
