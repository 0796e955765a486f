// Steps 1 to 3 for a tile: where its points lie, and their taps, by the shortest way that leads there.
#ifndef WARPKIT_CPU_FIND_TILE_H
#define WARPKIT_CPU_FIND_TILE_H

#include "coordinates.h"
#include "taps.h"

namespace wk {

// Everything that a thread needs for a tile.
template <typename T, typename Index>
struct Workspace {
    Coordinates coordinates;
    Taps<T, Index> taps;
};

// Coordinates are left unset where only taps are of use. (Compiled once, in find_tile.cpp, for all entry points.)
template <typename T, typename Index>
void find_tile_taps(const Problem &problem, int64 item, const Tile &tile, Wanted wanted,
                    Workspace<T, Index> &work);

}  // namespace wk

#endif
