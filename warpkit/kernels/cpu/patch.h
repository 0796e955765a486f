// A small copy of the part of an image that a tile's points add to.
//
// Points of a tile add to places near each other, but in as many rows of the image. Adding there directly makes the
// processor wait, as it takes places a multiple of 4096 bytes apart for the same, and one cache set holds few rows
// of an image of such a width. The patch is added to the image once, row by row.
#ifndef WARPKIT_CPU_PATCH_H
#define WARPKIT_CPU_PATCH_H

#include "taps.h"

namespace wk {

template <typename T, typename Index>
class Patch {
public:
    Patch() { memset(sum_, 0, sizeof(sum_)); }

    // Finds the part of the image; false if the patch is too small for it.
    WK_OUTLINED bool fit(const Problem &problem, const Taps<T, Index> &taps) {
        const int ndim = problem.arguments.ndim;
        if (ndim == 1) return false;
        find_positions(problem, taps);
        int64 elements = 1;
        for (int d = 0; d < MAX_NDIM; ++d) {
            const Range range = d < ndim ? range_of(position_[d], taps.count) : Range{0.0, 0.0};
            origin_[d] = static_cast<int64>(range.low);
            size_[d] = d < ndim ? static_cast<int64>(range.high - range.low) + taps.along : 1;
            stride_[d] = elements;
            elements *= d == 0 ? size_[d] + 1 - size_[d] % 2 : size_[d];  // odd: rows fall into different cache sets
            if (elements > CAPACITY) return false;
        }
        const double y = static_cast<double>(stride_[1]), z = ndim == 3 ? static_cast<double>(stride_[2]) : 0.0;
        const double start = origin_[0] + origin_[1] * y + origin_[2] * z;
        const double *WK_RESTRICT px = position_[0], *WK_RESTRICT py = position_[1];
        const double *WK_RESTRICT pz = position_[ndim == 3 ? 2 : 1];
        for (int p = 0; p < taps.count; ++p) {
            base_[p] = static_cast<int32>(px[p] + py[p] * y + pz[p] * z - start);
        }
        return true;
    }

    // Adds the products of tap number k.
    void add(int ndim, int k, const Taps<T, Index> &taps, const T *product) {
        int64 offset = 0;
        for (int d = 0; d < ndim; ++d) offset += tap_of(taps.along, k, d) * stride_[d];
        add_products(base_, product, taps.count, sum_ + offset);
    }

    // Adds the patch to the places [low, high) of a channel, and clears it.
    WK_OUTLINED void flush(const Problem &problem, int64 low, int64 high, T *plane) {
        const int64 stride_y = problem.axes[1].stride, stride_z = problem.arguments.ndim == 3 ? problem.axes[2].stride : 0;
        for (int64 z = 0; z < size_[2]; ++z) {
            for (int64 y = 0; y < size_[1]; ++y) {
                const int64 start = origin_[0] + (origin_[1] + y) * stride_y + (origin_[2] + z) * stride_z;
                const int64 first = low > start ? low - start : 0;
                const int64 last = high - start < size_[0] ? high - start : size_[0];
                T *WK_RESTRICT from = sum_ + y * stride_[1] + z * stride_[2];
                T *WK_RESTRICT to = plane + start;
                for (int64 x = first; x < last; ++x) to[x] += from[x];
                for (int64 x = 0; x < size_[0]; ++x) from[x] = 0;
            }
        }
    }

private:
    static constexpr int CAPACITY = 4096;
    struct Range {
        double low, high;
    };

    // Every fourth point: neighbours may add to the same place, and each would wait for the one before.
    WK_OUTLINED static void add_products(const int32 *WK_RESTRICT base, const T *WK_RESTRICT product, int count,
                                         T *WK_RESTRICT to) {
        constexpr int APART = 4;
        for (int first = 0; first < APART; ++first) {
            for (int p = first; p < count; p += APART) to[base[p]] += product[p];
        }
    }

    // The pixel of each point's first tap along each axis. The half keeps a quotient that is an integer on the
    // right side of it.
    WK_OUTLINED void find_positions(const Problem &problem, const Taps<T, Index> &taps) {
        const bool is_3d = problem.arguments.ndim == 3;
        const double stride_y = static_cast<double>(problem.axes[1].stride);
        const double stride_z = is_3d ? static_cast<double>(problem.axes[2].stride) : 1.0;
        const double per_y = 1.0 / stride_y, per_z = is_3d ? 1.0 / stride_z : 0.0;
        const double offset = static_cast<double>(taps.offset[0]);
        double *WK_RESTRICT x = position_[0], *WK_RESTRICT y = position_[1], *WK_RESTRICT z = position_[2];
        for (int p = 0; p < taps.count; ++p) {
            const double place = static_cast<double>(taps.base[p]) + offset;
            z[p] = floor_of((place + 0.5) * per_z);
            const double rest = place - z[p] * stride_z;
            y[p] = floor_of((rest + 0.5) * per_y);
            x[p] = rest - y[p] * stride_y;
        }
    }

    static Range range_of(const double *WK_RESTRICT value, int count) {
        constexpr int LANES = 16;
        double low[LANES], high[LANES];
        for (int i = 0; i < LANES; ++i) low[i] = high[i] = value[0];
        int p = 0;
        for (; p + LANES <= count; p += LANES) {
            for (int i = 0; i < LANES; ++i) {
                low[i] = value[p + i] < low[i] ? value[p + i] : low[i];
                high[i] = value[p + i] > high[i] ? value[p + i] : high[i];
            }
        }
        for (; p < count; ++p) {
            low[0] = value[p] < low[0] ? value[p] : low[0];
            high[0] = value[p] > high[0] ? value[p] : high[0];
        }
        for (int i = 1; i < LANES; ++i) {
            low[0] = low[i] < low[0] ? low[i] : low[0];
            high[0] = high[i] > high[0] ? high[i] : high[0];
        }
        return {low[0], high[0]};
    }

    alignas(64) double position_[MAX_NDIM][TILE];
    alignas(64) int32 base_[TILE];
    alignas(64) T sum_[CAPACITY];
    int64 origin_[MAX_NDIM], size_[MAX_NDIM], stride_[MAX_NDIM];
};

}  // namespace wk

#endif
