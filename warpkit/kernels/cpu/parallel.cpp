// The pool of threads. It grows to the largest number of threads that a call was allowed, and never shrinks.
//
// A call is a job that lies open: its own thread works at it, and each worker that is free takes a seat. A
// worker that wakes too late finds the job closed, and nobody has waited for it. Calls made at the same time
// share the workers; the worst that can happen to one is to have none of them.
//
// Each seat has a share of the pieces, next to each other, and helps with the other shares when its own is
// done. So two processors seldom touch the same memory, also from call to call: a line that another one wrote
// last may take longer to fetch than one that lies in main memory.
//
// Nothing is ever torn down. At exit the system ends the workers, wherever they are. A forked child has none
// of them, and locks that were held at the fork stay so: it leaves the old pool alone and makes its own.
#include "parallel.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "fp_environment.h"
#include "processors.h"
#include "signals.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace wk {
namespace {

// Tells the processor that this thread waits in a loop.
inline void pause() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
    __asm__ volatile("yield");
#endif
}

// Waits awake for a while, and lets other threads have the processor in it. Long enough for what a program
// does between two calls: a worker that sleeps there has to be woken by each call (50 us on a virtual machine),
// and Linux often wakes it on the caller's processor and leaves it there, while another one idles.
template <typename Condition>
void spin_until(const Condition &condition) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::microseconds LIMIT{500};
    constexpr int TRIES = 16;  // between two looks at the clock
    const Clock::time_point end = Clock::now() + LIMIT;
    do {
        for (int i = 0; i < TRIES; ++i) {
            if (condition()) return;
            pause();
        }
        std::this_thread::yield();
    } while (Clock::now() < end);
}

// Pieces next to each other.
struct alignas(64) Share {
    std::atomic<int64_t> next;  // the first that nobody has begun
    int64_t end;
};

// One call. It lies on the stack of the thread that made it, which has the last seat.
struct Job {
    const Pieces pieces;
    const int64_t threads;
    const int processor;  // the caller's
    const std::unique_ptr<Share[]> shares;
    int64_t seats;         // for how many more workers; under the pool's mutex, like what follows
    Job *later = nullptr;  // the open job after this one
    std::exception_ptr error{};
    alignas(64) std::atomic<int64_t> helpers{0};  // workers that sit here; read without the mutex too

    Job(const Pieces &pieces, int64_t threads)
        : pieces(pieces), threads(threads), processor(this_processor()), shares(new Share[threads]), seats(threads - 1) {
        const int64_t size = pieces.count / threads, larger = pieces.count % threads;
        for (int64_t i = 0, next = 0; i < threads; ++i) {
            shares[i].next = next;
            shares[i].end = next += size + (i < larger ? 1 : 0);
        }
    }

    // Calls go_on() after each piece and stops where it says no.
    template <typename GoOn>
    void work(int64_t seat, const GoOn &go_on) {
        for (int64_t i = 0; i < threads; ++i) {
            Share &share = shares[(seat + i) % threads];
            int64_t piece;
            while ((piece = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end) {
                run(piece);
                if (!go_on()) return;
            }
        }
    }

    void run(int64_t piece) const {
        const DefaultFloatingPoint environment;
        pieces.run(pieces.body, piece);
    }

    void give_out_no_more() {
        for (int64_t i = 0; i < threads; ++i) shares[i].next.store(shares[i].end, std::memory_order_relaxed);
    }
};

class Pool {
public:
    void run(Job &job, const Interruption &interruption);

private:
    void open(Job &job);
    void close(Job &job);
    void grow(int64_t workers);
    void work();
    Job &take_seat(int64_t &seat);

    std::mutex mutex_;
    std::condition_variable opened_, left_;
    Job *first_ = nullptr;           // the open job that has waited longest
    std::atomic<int64_t> seats_{0};  // of all open jobs; read without the mutex too
    int64_t workers_ = 0, spinning_ = 0, asleep_ = 0;
};

std::atomic<Pool *> current{nullptr};

#if !defined(_WIN32)
[[maybe_unused]] const int in_forked_children = pthread_atfork(nullptr, nullptr, [] { current = nullptr; });
#endif

Pool &pool() {
    Pool *found = current;
    if (found) return *found;
    Pool *made = new Pool;
    if (current.compare_exchange_strong(found, made)) return *made;
    delete made;  // another thread was faster
    return *found;
}

void Pool::run(Job &job, const Interruption &interruption) {
    open(job);
    bool interrupted = false;
    std::exception_ptr error;
    try {
        job.work(job.threads - 1, [&] { return !(interrupted = interruption.requested()); });
    } catch (...) {
        error = std::current_exception();
    }
    job.give_out_no_more();
    // What was asked whether to go on has forked: this is the child, and pieces in hand are lost.
    if (current != this) throw Interrupted();
    close(job);
    if (interrupted) throw Interrupted();
    if (error) std::rethrow_exception(error);
    if (job.error) std::rethrow_exception(job.error);
}

void Pool::open(Job &job) {
    int64_t wake;
    bool all;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        grow(job.seats);
        Job **last = &first_;
        while (*last) last = &(*last)->later;
        *last = &job;
        seats_ += job.seats;
        wake = seats_ - spinning_;
        all = wake >= asleep_;
        if (asleep_ == 0) return;
    }
    if (all) opened_.notify_all();
    else for (; wake > 0; --wake) opened_.notify_one();
}

void Pool::close(Job &job) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        Job **link = &first_;
        while (*link != &job) link = &(*link)->later;
        *link = job.later;
        seats_ -= job.seats;
    }
    const auto alone = [&] { return job.helpers == 0; };
    spin_until(alone);
    std::unique_lock<std::mutex> lock(mutex_);  // and so the last helper has let go of the job
    left_.wait(lock, alone);
}

// Where the system refuses a thread, those that run do the work.
void Pool::grow(int64_t workers) {
    if (workers_ >= workers) return;
    const SignalsBlocked blocked;
    try {
        for (; workers_ < workers; ++workers_) std::thread([this] { work(); }).detach();
    } catch (const std::exception &) {
    }
}

void Pool::work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        const auto any = [&] { return seats_ > 0; };
        ++spinning_;
        lock.unlock();
        spin_until(any);
        lock.lock();
        --spinning_;
        ++asleep_;
        opened_.wait(lock, any);
        --asleep_;
        int64_t seat;
        Job &job = take_seat(seat);
        lock.unlock();
        std::exception_ptr error;
        try {
            if (this_processor() == job.processor) leave_processor(job.processor, job.threads);
            job.work(seat, [] { return true; });
        } catch (...) {
            error = std::current_exception();
            job.give_out_no_more();
        }
        lock.lock();
        if (error) job.error = error;
        if (--job.helpers == 0) left_.notify_all();
    }
}

Job &Pool::take_seat(int64_t &seat) {
    Job *job = first_;
    while (job->seats == 0) job = job->later;
    seat = --job->seats;
    --seats_;
    ++job->helpers;
    return *job;
}

}  // namespace

void run_pieces(const Pieces &pieces, int64_t num_threads, const Interruption &interruption) {
    if (pieces.count <= 0) return;
    constexpr int64_t MOST = 1024;  // as many as a machine may have processors: an idle worker costs memory
    const int64_t allowed = num_threads < MOST ? num_threads : MOST;
    const int64_t threads = allowed < pieces.count ? allowed : pieces.count;
    Job job(pieces, threads < 1 ? 1 : threads);
    if (job.threads > 1) return pool().run(job, interruption);
    bool interrupted = false;
    job.work(0, [&] { return !(interrupted = interruption.requested()); });
    if (interrupted) throw Interrupted();
}

}  // namespace wk
