// A tile of output points on its way from coordinates to values.
//
// One loop that does everything at each point does not vectorise; short loops over small arrays that stay in
// the L1 cache do. Four steps, each of which knows nothing of the others' choices:
//   1. coordinates.h   where the points lie in the image: from a grid, or from a transform
//   2. axis_taps.h     places and weights of the taps along each axis: from the kernel and the boundary rule
//   3. taps.h          their tensor product: one list of places and weights per point
//   4. values.h, push.cpp   what is read or added there
#ifndef WARPKIT_CPU_TILE_H
#define WARPKIT_CPU_TILE_H

#include "abi.h"
#include "warpkit/platform.h"

#if defined(__GNUC__)
#define WK_PREFETCH(address) __builtin_prefetch(address)
#else
#define WK_PREFETCH(address) ((void)(address))
#endif

namespace wk {

constexpr int TILE = 256;  // points, at most
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

}  // namespace wk

#endif
