// Keeps signals away from the threads of the library: they belong to those of the program, which may have
// made arrangements for them (Python's main thread waits for Ctrl-C).
#ifndef WARPKIT_CPU_SIGNALS_H
#define WARPKIT_CPU_SIGNALS_H

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif

namespace wk {

// While it lives, threads that the current thread starts are born with signals blocked; and they stay so.
class SignalsBlocked {
public:
#if defined(_WIN32)
    SignalsBlocked() = default;
#else
    SignalsBlocked() {
        sigset_t blocked;
        sigfillset(&blocked);
        // What a thread's own instruction raises: a program that reports crashes wants to see it.
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&blocked, own);
        pthread_sigmask(SIG_BLOCK, &blocked, &saved_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
#endif
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;

#if !defined(_WIN32)
private:
    sigset_t saved_;
#endif
};

}  // namespace wk

#endif
