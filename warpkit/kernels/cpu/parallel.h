// Threads that live for one call. There is no pool: nothing to break in a forked child, and nothing left
// running.
#ifndef WARPKIT_CPU_PARALLEL_H
#define WARPKIT_CPU_PARALLEL_H

#include <atomic>
#include <chrono>
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

// Thrown by parallel_for in the calling thread: the caller asked to stop, and part of the work is not done.
struct Interrupted {};

// What asks the caller, every 50 ms, whether a call shall stop. One object per call of a kernel.
class Interruption {
public:
    // `interrupted` returns 0 to go on; it may be null.
    explicit Interruption(int32_t (*interrupted)(void))
        : interrupted_(interrupted), due_(Clock::now() + PERIOD) {}

    // For the thread that called the kernel.
    bool requested() const {
        if (!interrupted_ || Clock::now() < due_) return false;
        const bool answer = interrupted_() != 0;
        due_ = Clock::now() + PERIOD;
        return answer;
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds PERIOD{50};
    int32_t (*interrupted_)(void);
    mutable Clock::time_point due_;
};

// Runs body(i) for i in [0, count). Pieces are handed out in any order to any thread, so each piece must
// write places that no other one touches: then results do not depend on the number of threads. Where the
// system refuses a thread, those that run do its work. A call is interrupted between pieces: a piece should
// take less than 50 ms.
template <typename Body>
void parallel_for(int64_t count, int64_t num_threads, const Interruption &interruption, const Body &body) {
    std::atomic<int64_t> next{0};
    bool interrupted = false;
    const auto help = [&] {
        const DefaultFloatingPoint environment;
        for (int64_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) body(i);
    };
    const int64_t extra = (num_threads < count ? num_threads : count) - 1;
    std::vector<std::thread> threads;
    threads.reserve(extra > 0 ? static_cast<size_t>(extra) : 0);
    for (int64_t i = 0; i < extra; ++i) {
        try {
            threads.emplace_back(help);
        } catch (const std::system_error &) {
            break;
        }
    }
    for (int64_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
        const DefaultFloatingPoint environment;
        body(i);
        interrupted = interruption.requested();
        if (interrupted) next.store(count);
    }
    for (std::thread &thread : threads) thread.join();
    if (interrupted) throw Interrupted();
}

// The same, without interruption.
template <typename Body>
void parallel_for(int64_t count, int64_t num_threads, const Body &body) {
    parallel_for(count, num_threads, Interruption(nullptr), body);
}

}  // namespace wk

#endif
