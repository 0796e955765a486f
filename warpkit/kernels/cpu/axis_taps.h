// Step 2: from pixel coordinates to the taps along each axis.
#ifndef WARPKIT_CPU_AXIS_TAPS_H
#define WARPKIT_CPU_AXIS_TAPS_H

#include "problem.h"
#include "warpkit/boundary.h"

namespace wk {

constexpr int MAX_ORDERS = 2;  // of derivative: the one asked for, and the next for slopes

// A place is an element offset within one channel, already multiplied by the axis' stride; MISSING where the
// pixel is not in memory, OUTSIDE_PLACE where it is outside the image.
constexpr int OUTSIDE_PLACE = -1, MISSING = -2;

template <typename T, typename Index>
struct AxisTaps {
    alignas(64) double first[TILE];  // index of the first tap
    alignas(64) T local[TILE];
    alignas(64) T moved[TILE];  // of clipped taps: see clip_weights
    alignas(64) T weight[MAX_ORDERS][MAX_TAPS][TILE];
    alignas(64) Index place[MAX_TAPS][TILE];  // not set in an interior tile
    bool vanishes[MAX_ORDERS];                // all weights are zero: a derivative of too high an order
};

// A loop of its own, over float64 alone: compilers vectorise no reduction that mixes types (and for SSE2,
// none of comparisons of float64 into integers). False for NaN.
inline bool all_within(const double *value, int count, double low, double high) {
    double result = 1.0;
    for (int p = 0; p < count; ++p) result = (value[p] >= low) & (value[p] <= high) ? result : 0.0;
    return result != 0.0;
}
// The same without the end of the range.
inline bool all_from_to(const double *value, int count, double low, double end) {
    double result = 1.0;
    for (int p = 0; p < count; ++p) result = (value[p] >= low) & (value[p] < end) ? result : 0.0;  // vectorised
    return result != 0.0;
}
// Whether all values are below `low`, or all above `high`. False for NaN.
inline bool all_beyond(const double *value, int count, double low, double high) {
    double below = 1.0, above = 1.0;
    for (int p = 0; p < count; ++p) {
        below = value[p] < low ? below : 0.0;
        above = value[p] > high ? above : 0.0;
    }
    return below + above != 0.0;
}

template <typename Kernel, typename T, typename Index>
void find_cells(const double *WK_RESTRICT x, int count, AxisTaps<T, Index> &taps) {
    double *WK_RESTRICT first = taps.first;
    T *WK_RESTRICT local = taps.local;
    for (int p = 0; p < count; ++p) {  // vectorised
        const Cell cell = cell_of(x[p]);
        first[p] = Kernel::first_tap(cell);
        local[p] = static_cast<T>(Kernel::local(cell.fraction));
    }
}

template <typename Kernel, int ORDER, typename T>
void find_weights(const T *WK_RESTRICT local, int count, T (*WK_RESTRICT weight)[TILE]) {
    for (int p = 0; p < count; ++p) {  // vectorised
        T w[Kernel::TAPS];
        Kernel::template weights<ORDER>(local[p], w);
        for (int tap = 0; tap < Kernel::TAPS; ++tap) weight[tap][p] = w[tap];
    }
}

// Returns false where all weights are zero.
template <typename Kernel, int ORDER = 0, typename T>
bool find_weights_of_order(int order, const T *local, int count, T (*weight)[TILE]) {
    if (order == ORDER) {
        find_weights<Kernel, ORDER>(local, count, weight);
        return true;
    }
    if constexpr (ORDER < Kernel::MAX_ORDER) {
        return find_weights_of_order<Kernel, ORDER + 1>(order, local, count, weight);
    }
    memset(weight, 0, Kernel::TAPS * sizeof(weight[0]));
    return false;
}

// Places of the taps where some may be outside. `answer` becomes NaN where the rule has none.
template <typename Rule, typename T, typename Index>
void find_places(int taps, const double *WK_RESTRICT first, int count, const Axis &axis, int64 block_origin,
                 int64 block_size, Index (*WK_RESTRICT place)[TILE], T *WK_RESTRICT answer) {
    const double size = static_cast<double>(axis.size), stride = static_cast<double>(axis.stride);
    const double origin = static_cast<double>(block_origin), in_memory = static_cast<double>(block_size);
    for (int tap = 0; tap < taps; ++tap) {
        Index *WK_RESTRICT to = place[tap];
        for (int p = 0; p < count; ++p) {  // vectorised
            const double pixel = Rule::resolve(first[p] + tap, size);
            const double local = pixel - origin;
            const double known = (local >= 0.0) & (local < in_memory) ? local * stride : double(MISSING);
            to[p] = static_cast<Index>(pixel < 0.0 ? double(OUTSIDE_PLACE) : known);
        }
    }
    const T nan = static_cast<T>(NOT_A_NUMBER);
    for (int p = 0; p < count; ++p) {
        const bool number = first[p] == first[p];
        const bool has_answer = Rule::has_answer(first[p]) & Rule::has_answer(first[p] + (taps - 1));
        answer[p] = number & has_answer ? answer[p] : nan;
    }
}

template <typename T, typename Index>
void find_places(wk_boundary boundary, int taps, const double *first, int count, const Axis &axis,
                 int64 origin, int64 in_memory, Index (*place)[TILE], T *answer) {
    switch (boundary) {
    case WK_CONSTANT: return find_places<Constant>(taps, first, count, axis, origin, in_memory, place, answer);
    case WK_BORDER: return find_places<Border>(taps, first, count, axis, origin, in_memory, place, answer);
    case WK_REFLECT: return find_places<Reflect>(taps, first, count, axis, origin, in_memory, place, answer);
    case WK_MIRROR: return find_places<Mirror>(taps, first, count, axis, origin, in_memory, place, answer);
    case WK_WRAP: return find_places<Wrap>(taps, first, count, axis, origin, in_memory, place, answer);
    }
}

}  // namespace wk

#endif
