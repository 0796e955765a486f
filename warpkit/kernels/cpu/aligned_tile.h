// A tile in the interior under an affine map that keeps the directions of the axes: resizing, cropping, shifting. What lies
// along x is the same in all rows, and what lies along y in all columns.
#ifndef WARPKIT_CPU_ALIGNED_TILE_H
#define WARPKIT_CPU_ALIGNED_TILE_H

#include "affine_tile.h"
#include "short_way.h"

namespace wk {

// The first tap and the weights of a point along one axis.
template <typename Kernel, typename T>
WK_DEVICE double find_axis(double at, T (&weight)[Kernel::TAPS]) {
    const double floor = floor_of(at);
    const Cell cell = {floor, at - floor};  // what cell_of says of a coordinate in the image
    Kernel::template weights<0>(static_cast<T>(Kernel::local(cell.fraction)), weight);
    return Kernel::first_tap(cell);
}

template <typename Kernel, typename T, typename Index>
void find_aligned_row(const Index *WK_RESTRICT place_x, const T (*WK_RESTRICT weight_x)[TILE], Index place_y,
                      const T (&weight_y)[Kernel::TAPS], int width, Index *WK_RESTRICT base, T *WK_RESTRICT weight) {
    for (int c = 0; c < width; ++c) {  // vectorised
        PointWeights<Kernel::TAPS, 2, T> w;
        for (int k = 0; k < Kernel::TAPS; ++k) {
            w.value[0][k] = weight_x[k][c];
            w.value[1][k] = weight_y[k];
        }
        base[c] = place_x[c] + place_y;
        store_products<Kernel, 2, 0>(w, weight + c);
    }
}

template <typename Kernel, typename T, typename Index>
void find_aligned(const Problem &problem, const AffineTile &affine, const Tile &tile, Taps<T, Index> &taps) {
    alignas(64) T weight_x[Kernel::TAPS][TILE];
    alignas(64) Index place_x[TILE];
    const AffineRow first = affine.row(0);
    for (int c = 0; c < tile.width; ++c) {
        T weight[Kernel::TAPS];
        place_x[c] = static_cast<Index>(find_axis<Kernel>(first(0, c), weight));
        for (int k = 0; k < Kernel::TAPS; ++k) weight_x[k][c] = weight[k];
    }
    const double stride = static_cast<double>(problem.axes[1].stride);
    for_rows(tile, [&](int r, auto width) {
        T weight_y[Kernel::TAPS];
        const Index place_y = static_cast<Index>(find_axis<Kernel>(affine.row(r)(1, 0), weight_y) * stride);
        find_aligned_row<Kernel>(place_x, weight_x, place_y, weight_y, width, taps.base + r * width,
                                 taps.weight[0] + r * width);
    });
}

}  // namespace wk

#endif
