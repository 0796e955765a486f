// A tile of output points on its way from coordinates to values.
//
// One loop that does everything at each point does not vectorise; short loops over small arrays that stay in
// the L1 cache do. Four steps, each of which knows nothing of the others' choices:
//   1. coordinates.h   where the points lie in the image: from a grid, or from a transform
//   2. axis_taps.h     places and weights of the taps along each axis: from the kernel and the boundary rule
//   3. taps.h          their tensor product: one list of places and weights per point
//   4. values.h, push.cpp   what is read or added there
//
// Loops marked `// vectorised` are held to it by tests/kernels/test_vectorised.py.
#ifndef WARPKIT_CPU_TILE_H
#define WARPKIT_CPU_TILE_H

#include <type_traits>

#include "abi.h"
#include "warpkit/platform.h"

// GCC takes a function that does nothing but __builtin_prefetch for one without effect, and removes its calls.
#if defined(__GNUC__) && defined(__x86_64__)
#define WK_PREFETCH(address) __asm__ volatile("prefetcht0 %0" : : "m"(*static_cast<const char *>(address)))
#define WK_PREFETCH_TO_WRITE(address) __asm__ volatile("prefetchw %0" : : "m"(*static_cast<const char *>(address)))
#elif defined(__GNUC__)
#define WK_PREFETCH(address) __builtin_prefetch(address)
#define WK_PREFETCH_TO_WRITE(address) __builtin_prefetch(address, 1)
#else
#define WK_PREFETCH(address) ((void)(address))
#define WK_PREFETCH_TO_WRITE(address) ((void)(address))
#endif

// Before a short loop in one that shall vectorise: left as a loop, which compilers may prefer, it would not.
#if defined(__GNUC__) && !defined(__clang__)
#define WK_UNROLLED _Pragma("GCC unroll 4")
#else
#define WK_UNROLLED
#endif

// A loop that does better with all registers to itself.
#if defined(__GNUC__)
#define WK_OUTLINED __attribute__((noinline))
#else
#define WK_OUTLINED
#endif

// Hides an integer's origin from the compiler, which would otherwise vectorise a loop of loads into gather
// instructions; those are slower than the single loads they stand for.
#if defined(__GNUC__)
#define WK_SINGLE_LOADS(index) __asm__("" : "+r"(index))
#else
#define WK_SINGLE_LOADS(index) ((void)(index))
#endif

// Before a loop whose steps neither read nor write what another writes. Compilers cannot see that where coordinates come
// through a function object; they would check all addresses before each row of points, or give up.
#if defined(__GNUC__) && !defined(__clang__)
#define WK_INDEPENDENT _Pragma("GCC ivdep")
#elif defined(__clang__)
#define WK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define WK_INDEPENDENT
#endif

// Hides that pointers are related; else compilers compute what they share at each step of a loop, which costs more than
// an address with two registers.
#if defined(__GNUC__)
#define WK_KEEP_APART(pointer) __asm__("" : "+r"(pointer))
#else
#define WK_KEEP_APART(pointer) ((void)(pointer))
#endif

namespace wk {

constexpr int TILE = 256;       // points, at most
// Of a tile that is not as wide as the output: whole cache lines of it, and twice as many where that suits the map.
constexpr int TILE_WIDTH = 16, WIDE_TILE_WIDTH = 2 * TILE_WIDTH;
constexpr int MAX_NDIM = 3;
constexpr int MAX_TAPS = 4;         // along one axis
constexpr int PRODUCT_SIZE = 2048;  // taps of all points of a tile, at most

// `height` pieces of `width` points from successive rows. Points are near each other, and so are their
// pixels, whichever way the image is turned: the pixels that a tile reads stay in the cache.
struct Tile {
    int64 row, column;
    int width, height;
    int count() const { return width * height; }
};

// Calls body(r, width) for the rows of a tile; the usual widths are known to the compiler then, which matters for
// loops this short.
template <typename Body>
void for_rows(const Tile &tile, const Body &body) {
    if (tile.width == TILE_WIDTH) {
        for (int r = 0; r < tile.height; ++r) body(r, std::integral_constant<int, TILE_WIDTH>{});
    } else if (tile.width == WIDE_TILE_WIDTH) {
        for (int r = 0; r < tile.height; ++r) body(r, std::integral_constant<int, WIDE_TILE_WIDTH>{});
    } else {
        for (int r = 0; r < tile.height; ++r) body(r, tile.width);
    }
}

}  // namespace wk

#endif
