// Work in pieces, on the calling thread and on a pool of threads that wait for it (parallel.cpp).
#ifndef WARPKIT_CPU_PARALLEL_H
#define WARPKIT_CPU_PARALLEL_H

#include <chrono>
#include <cstdint>

namespace wk {

// A thread that was asleep takes part after some 25 us, and costs the caller up to 7 us. One is worth it for
// this much work (in nanoseconds, roughly): two of them for twice as much.
constexpr double WORTH_A_THREAD = 30e3;

inline int64_t worthwhile_threads(int64_t num_threads, double nanoseconds) {
    const double worth = nanoseconds / WORTH_A_THREAD;
    const int64_t limit = worth > 1e6 ? 1000000 : static_cast<int64_t>(worth);
    return limit < 1 ? 1 : (num_threads < limit ? num_threads : limit);
}

// Thrown by parallel_for: the caller asked to stop, and part of the work is not done.
struct Interrupted {};

// Asks the caller, every 50 ms, whether a call shall stop. One object per call of a kernel.
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

// Work in pieces, whatever it is: `run(body, i)` does piece i of [0, count).
struct Pieces {
    void (*run)(const void *body, int64_t piece);
    const void *body;
    int64_t count;
};

void run_pieces(const Pieces &pieces, int64_t num_threads, const Interruption &interruption);

// Runs body(i) for i in [0, count). Pieces are handed out in any order to any thread, so each piece must
// write places that no other one touches: then results do not depend on the number of threads, nor on how
// many of the pool are free.
//
// What a body throws reaches the caller, after all threads have left; so does Interrupted. Either leaves
// pieces undone. The caller is asked between pieces: a piece should take well under 50 ms.
template <typename Body>
void parallel_for(int64_t count, int64_t num_threads, const Interruption &interruption, const Body &body) {
    const auto run = [](const void *body, int64_t piece) { (*static_cast<const Body *>(body))(piece); };
    run_pieces({run, &body, count}, num_threads, interruption);
}

}  // namespace wk

#endif
