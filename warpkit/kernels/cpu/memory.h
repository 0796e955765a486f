// Memory for the time of a call or of a piece of work, and how much was wanted where it could not be had.
#ifndef WARPKIT_CPU_MEMORY_H
#define WARPKIT_CPU_MEMORY_H

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

namespace wk {

// Thrown by allocate. The entry point tells the caller: see status_of.
struct OutOfMemory : std::bad_alloc {
    explicit OutOfMemory(int64_t bytes) : bytes(bytes) {}
    int64_t bytes;
};

constexpr std::align_val_t CACHE_LINE{64};

struct Release {
    void operator()(void *memory) const { ::operator delete(memory, CACHE_LINE); }
};

template <typename T>
using Memory = std::unique_ptr<T[], Release>;

// Room for `count` elements, which are not initialised; it begins at a cache line. May be called by any
// thread of a call.
template <typename T>
Memory<T> allocate(int64_t count) {
    static_assert(std::is_trivially_default_constructible_v<T> && std::is_trivially_destructible_v<T>);
    constexpr int64_t SIZE = sizeof(T), LARGEST = std::numeric_limits<int64_t>::max();
    if (count > LARGEST / SIZE) throw OutOfMemory(LARGEST);
    void *memory = ::operator new(static_cast<size_t>(count * SIZE), CACHE_LINE, std::nothrow);
    if (!memory) throw OutOfMemory(count * SIZE);
    return Memory<T>(static_cast<T *>(memory));
}

// What a thread keeps from one piece of work to the next.
struct ThreadMemory {
    Memory<char> memory;
    int64_t size = 0;
};
inline thread_local ThreadMemory thread_memory;

// The thread's T, made anew, until it asks for another one. A stack may be too small for it: that of a thread has 128 KB
// where the C library is musl, and programs choose less than that.
template <typename T>
T &workspace() {
    static_assert(std::is_trivially_destructible_v<T>);
    // Not where a page begins, as large arrays do: processors take places a multiple of 4096 bytes apart for the same for a
    // while. push is up to a sixth slower with other distances.
    constexpr int64_t PAGE = 4096, DISTANCE = 768;
    ThreadMemory &here = thread_memory;
    if (here.size < static_cast<int64_t>(sizeof(T))) {
        here.size = 0;
        here.memory = allocate<char>(PAGE + DISTANCE + sizeof(T));
        here.size = sizeof(T);
    }
    const int64_t start = static_cast<int64_t>(reinterpret_cast<uintptr_t>(here.memory.get()) % PAGE);
    return *new (here.memory.get() + (PAGE - start) + DISTANCE) T;
}

}  // namespace wk

#endif
