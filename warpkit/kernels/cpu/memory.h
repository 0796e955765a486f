// Memory for the time of a call, and how much was wanted where it could not be had.
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

}  // namespace wk

#endif
