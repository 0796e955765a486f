// Stores past the caches, for results that are too large for them: memory need not be read before it is overwritten, and
// what the caches hold stays there.
#ifndef WARPKIT_CPU_STREAM_H
#define WARPKIT_CPU_STREAM_H

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "problem.h"

namespace wk {

constexpr int CACHE_LINE_SIZE = 64;

#if defined(__SSE2__)
constexpr bool CAN_STREAM = true;

// Both addresses begin cache lines.
inline void stream_line(void *to, const void *from) {
#if defined(__AVX512F__)
    _mm512_stream_si512(static_cast<__m512i *>(to), _mm512_load_si512(from));
#elif defined(__AVX__)
    for (int i = 0; i < 2; ++i) {
        _mm256_stream_si256(static_cast<__m256i *>(to) + i, _mm256_load_si256(static_cast<const __m256i *>(from) + i));
    }
#else
    for (int i = 0; i < 4; ++i) {
        _mm_stream_si128(static_cast<__m128i *>(to) + i, _mm_load_si128(static_cast<const __m128i *>(from) + i));
    }
#endif
}
inline void finish_stream() { _mm_sfence(); }
#else
constexpr bool CAN_STREAM = false;
inline void stream_line(void *, const void *) {}
inline void finish_stream() {}
#endif

// Whether the rows of tiles of an output of elements O consist of whole cache lines, and the caches have no use for it.
template <typename O>
bool streams(const Problem &problem) {
    constexpr int64 LARGE = int64{1} << 25;  // bytes; memory of this size begins at a cache line, see _large_arrays.py
    const int64 size = problem.batch * problem.arguments.channels * problem.points * static_cast<int64>(sizeof(O));
    const uintptr_t start = reinterpret_cast<uintptr_t>(problem.arguments.out);
    const bool whole_lines = start % CACHE_LINE_SIZE == 0 && problem.tile_width % TILE_WIDTH == 0 &&
                             problem.row % TILE_WIDTH == 0 && TILE_WIDTH * sizeof(O) % CACHE_LINE_SIZE == 0;
    return CAN_STREAM && size >= LARGE && whole_lines;
}

// Such stores are not in order with others: this ends before another thread learns that they are done.
struct Stream {
    const bool used;
    ~Stream() {
        if (used) finish_stream();
    }
};

// Writes as much as a narrow tile's row.
template <typename O>
void stream_row(O *to, const O *from) {
    constexpr int LINE = CACHE_LINE_SIZE / sizeof(O);
    for (int i = 0; i < TILE_WIDTH; i += LINE) stream_line(to + i, from + i);
}

}  // namespace wk

#endif
