// parallel_for and allocate, to be called by test_parallel.py with ctypes.
#include <atomic>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "memory.h"
#include "parallel.h"

namespace {

using wk::Interruption;
using wk::parallel_for;

constexpr std::chrono::seconds LONGEST{60};  // then a test has failed

// Waits until `threads` bodies have come here. Tells whether they have.
class Meeting {
public:
    explicit Meeting(int64_t threads) : missing_(threads) {}
    bool come() {
        --missing_;
        const auto end = std::chrono::steady_clock::now() + LONGEST;
        while (missing_ > 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        return missing_ <= 0;
    }

private:
    std::atomic<int64_t> missing_;
};

void sleep_ms(int64_t milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

extern "C" {

// times[i] becomes how often piece i was run.
void count_runs(int64_t count, int64_t num_threads, int32_t *times) {
    parallel_for(count, num_threads, Interruption(nullptr), [&](int64_t i) { ++times[i]; });
}

// Whether so many threads work at one call.
int32_t takes_part(int64_t num_threads) {
    Meeting meeting(num_threads);
    std::atomic<bool> met{true};
    parallel_for(num_threads, num_threads, Interruption(nullptr), [&](int64_t) {
        if (!meeting.come()) met = false;
    });
    return met;
}

// How many different threads ran the pieces of a call that lasts some milliseconds.
int32_t threads_of_a_call(int64_t count, int64_t num_threads) {
    std::vector<std::thread::id> by(static_cast<size_t>(count));
    parallel_for(count, num_threads, Interruption(nullptr), [&](int64_t i) {
        sleep_ms(1);
        by[static_cast<size_t>(i)] = std::this_thread::get_id();
    });
    int32_t different = 0;
    for (size_t i = 0; i < by.size(); ++i) {
        bool first = true;
        for (size_t j = 0; j < i; ++j) first &= by[i] != by[j];
        different += first;
    }
    return different;
}

// A parallel_for in each piece of another; the sum of i * j over both.
int64_t nested(int64_t count, int64_t num_threads) {
    std::atomic<int64_t> sum{0};
    const Interruption never(nullptr);
    parallel_for(count, num_threads, never, [&](int64_t i) {
        parallel_for(count, num_threads, never, [&](int64_t j) { sum += i * j; });
    });
    return sum;
}

// 1 if what a piece throws arrives, with what it holds. `by_worker`: a thread of the pool throws it.
int32_t what_a_body_throws_arrives(int64_t count, int64_t num_threads, int32_t by_worker) {
    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<bool> thrown{false};
    try {
        parallel_for(count, num_threads, Interruption(nullptr), [&](int64_t) {
            const bool is_worker = std::this_thread::get_id() != caller;
            const bool mine = is_worker == (by_worker != 0);
            if (mine && !thrown.exchange(true)) throw std::runtime_error("of a piece");
            sleep_ms(1);
        });
    } catch (const std::runtime_error &error) {
        return error.what() == std::string("of a piece");
    }
    return 0;
}

// Pieces of 1 ms. How many were begun when the caller had stopped it; -1 if it was not stopped.
int64_t pieces_until_interrupted(int64_t count, int64_t num_threads, int32_t (*interrupted)(void)) {
    std::atomic<int64_t> begun{0}, ended{0};
    try {
        parallel_for(count, num_threads, Interruption(interrupted), [&](int64_t) {
            ++begun;
            sleep_ms(1);
            ++ended;
        });
    } catch (const wk::Interrupted &) {
        return begun == ended ? begun.load() : -2;
    }
    return -1;
}

// The answer of `interrupted` while a signal waits to be handled.
int32_t answer_to_signal(int32_t signal, int32_t (*interrupted)(void)) {
    std::raise(signal);
    return interrupted();
}

// The bytes that could not be had; 0 if they could.
int64_t out_of_memory(int64_t doubles, int64_t num_threads) {
    try {
        parallel_for(4, num_threads, Interruption(nullptr), [&](int64_t) { wk::allocate<double>(doubles); });
    } catch (const wk::OutOfMemory &error) {
        return error.bytes;
    }
    return 0;
}

}  // extern "C"
