// A tile of points on its way from grid values to taps: the first two of the three short loops of every
// kernel.
//
// One loop that does everything at each point does not vectorise; three loops over small arrays that stay in
// the L1 cache do. (1) `locate`: coordinates, cells and fractions. (2) `find_taps`: places and weights, one
// axis at a time, so nothing there depends on the number of dimensions. (3) the gather or scatter of the
// kernel at hand.
#ifndef WARPKIT_CPU_TILE_H
#define WARPKIT_CPU_TILE_H

#include "abi.h"
#include "warpkit/boundary.h"
#include "warpkit/coordinate.h"
#include "warpkit/tap_kernel.h"

namespace wk {

constexpr int TILE = 256;    // points; the arrays below then fill about half of an L1 cache
constexpr int MAX_NDIM = 3;
constexpr int MAX_TAPS = 2;  // along one axis

// What `locate` finds.
struct Cells {
    alignas(64) double index[MAX_NDIM][TILE];
    alignas(64) double fraction[MAX_NDIM][TILE];
    bool interior;  // whether all taps of all points lie inside the image
    bool exterior;  // whether all taps of all points lie beyond one side of it, and no coordinate is NaN
};

// What `find_taps` finds. A place is an element offset within one channel, already multiplied by the axis'
// stride, or negative where the tap is outside. Index is 32-bit wherever a channel has fewer than 2^31
// elements: AVX then gathers twice as many values at once. A point without an answer (NaN coordinate) has NaN
// weights.
template <typename T, typename Index>
struct Taps {
    alignas(64) Index place[MAX_NDIM][MAX_TAPS][TILE];
    alignas(64) T weight[MAX_NDIM][MAX_TAPS][TILE];
    bool interior;
};

template <int NDIM, typename G>
void locate_points(const G *WK_RESTRICT grid, int first, int count, const Axis *axes,
                   double (*WK_RESTRICT index)[TILE], double (*WK_RESTRICT fraction)[TILE]) {
    const Axis axis_x = axes[0], axis_y = axes[1], axis_z = axes[2];
    for (int p = 0; p < count; ++p) {
        const Cell x = cell_of(pixel_coordinate(grid[p * NDIM], axis_x.scale, axis_x.offset));
        const Cell y = cell_of(pixel_coordinate(grid[p * NDIM + 1], axis_y.scale, axis_y.offset));
        index[0][first + p] = x.index;
        index[1][first + p] = y.index;
        fraction[0][first + p] = x.fraction;
        fraction[1][first + p] = y.fraction;
        if (NDIM == 3) {
            const Cell z = cell_of(pixel_coordinate(grid[p * NDIM + 2], axis_z.scale, axis_z.offset));
            index[2][first + p] = z.index;
            fraction[2][first + p] = z.fraction;
        }
    }
}

// Whether all taps of the tile lie inside the axis. A loop of its own, over float64 alone: compilers
// vectorise no reduction that mixes types (and for SSE2, none of comparisons of float64 into integers).
inline bool all_interior(const double *index, int count, double size) {
    double result = 1.0;
    for (int p = 0; p < count; ++p) result = is_interior(index[p], size) ? result : 0.0;
    return result != 0.0;
}

// Whether all taps of the tile lie before, or all beyond, the axis' pixels.
inline bool all_exterior(const double *index, int count, double size) {
    double before = 1.0, beyond = 1.0;
    for (int p = 0; p < count; ++p) {
        before = index[p] + (MAX_TAPS - 1) < 0.0 ? before : 0.0;
        beyond = index[p] >= size ? beyond : 0.0;
    }
    return before + beyond != 0.0;
}

inline bool any_nan(const double *index, int count) {
    double result = 0.0;
    for (int p = 0; p < count; ++p) result = index[p] == index[p] ? result : 1.0;
    return result != 0.0;
}

template <typename Kernel, typename Rule, typename T, typename Index>
void find_axis_taps(const double *WK_RESTRICT index, const double *WK_RESTRICT fraction, int count, Axis axis,
                    Index (*WK_RESTRICT place)[TILE], T (*WK_RESTRICT weight)[TILE]) {
    const double size = static_cast<double>(axis.size), stride = static_cast<double>(axis.stride);
    for (int p = 0; p < count; ++p) {
        const double first = Kernel::first_tap({index[p], fraction[p]});
        const bool answer = Rule::has_answer(first) & Rule::has_answer(first + (Kernel::TAPS - 1));
        const double known_fraction = answer ? fraction[p] : NOT_A_NUMBER;
        for (int tap = 0; tap < Kernel::TAPS; ++tap) {
            const double pixel = Rule::resolve(first + tap, size);
            place[tap][p] = static_cast<Index>(pixel < 0.0 ? OUTSIDE : pixel * stride);
            weight[tap][p] = Kernel::template weight<T>(known_fraction, tap);
        }
    }
}

template <typename Kernel, typename T, typename Index>
void find_axis_taps(wk_boundary boundary, bool interior, const double *index, const double *fraction,
                    int count, const Axis &axis, Index (*place)[TILE], T (*weight)[TILE]) {
    if (interior) return find_axis_taps<Kernel, Interior>(index, fraction, count, axis, place, weight);
    switch (boundary) {
    case WK_CONSTANT: return find_axis_taps<Kernel, Constant>(index, fraction, count, axis, place, weight);
    case WK_BORDER: return find_axis_taps<Kernel, Border>(index, fraction, count, axis, place, weight);
    case WK_REFLECT: return find_axis_taps<Kernel, Reflect>(index, fraction, count, axis, place, weight);
    case WK_MIRROR: return find_axis_taps<Kernel, Mirror>(index, fraction, count, axis, place, weight);
    case WK_WRAP: return find_axis_taps<Kernel, Wrap>(index, fraction, count, axis, place, weight);
    }
}

}  // namespace wk

#endif
