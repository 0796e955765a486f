// A small copy of the part of an image that a tile's points add to.
//
// Points of a tile add to places near each other, but in as many rows of the image. Adding there directly makes the
// processor wait, as it takes places a multiple of 4096 bytes apart for the same, and one cache set holds few rows
// of an image of such a width. The patch is added to the image once, row by row.
//
// The patch may reach beyond the image: what lies there is left out when it is added. So a tile at the edge of an
// image surrounded by zeros is like any other.
#ifndef WARPKIT_CPU_PATCH_H
#define WARPKIT_CPU_PATCH_H

#include "cells.h"
#include "lanes.h"

namespace wk {

// ALONG taps of a point along x are added to a cell of their own, with one instruction, and come together when the
// patch is added to the image: pixel x of a row is the sum over i of element i of cell x - i.
template <typename T>
class Patch {
public:
    Patch() { memset(sum_, 0, sizeof(sum_)); }

    // Finds the part of the image that a tile adds to; false if the patch is too small for it.
    bool fit(int ndim, int along, const AxisCells<T> *cells) {
        for (int d = 0; d < ndim; ++d) set_axis(d, cells[d].low, int64{cells[d].high} - cells[d].low + along);
        for (int d = ndim; d < MAX_NDIM; ++d) set_axis(d, 0, 1);
        return lay_out(along);
    }

    // The same for the whole image and as much around it as cells may be.
    void fit_image(const wk_sampling &a, int along) {
        for (int d = 0; d < a.ndim; ++d) set_axis(d, -along, a.size[d] + 2 * along);
        for (int d = a.ndim; d < MAX_NDIM; ++d) set_axis(d, 0, 1);
        lay_out(along);
    }
    static bool holds_image(const wk_sampling &a, int along) {
        double elements = along;
        for (int d = 0; d < a.ndim; ++d) elements *= static_cast<double>(a.size[d] + 2 * along + 1);
        return elements <= CAPACITY - MARGIN;
    }

    // Where the first cell of each point is in the patch.
    WK_OUTLINED void find_bases(int ndim, int count, const AxisCells<T> *cells, int32 *base) const {
        find_places_from(ndim, cells, count, origin_, stride_, base);
    }

    // Adds the products of the taps (0, y, z), (1, y, z), ... of each point: [p * ALONG + tap].
    template <int ALONG>
    void add(const int32 *base, int y, int z, const T *product, int count) {
        add_products<ALONG>(base, product, count, sum_ + MARGIN + y * stride_[1] + z * stride_[2]);
    }

    // Adds the patch to the places [low, high) of a channel, as far as these are in memory, and clears it.
    template <int ALONG>
    WK_OUTLINED void flush(const Problem &problem, int64 low, int64 high, T *plane) {
        for_rows_in_memory(problem, low, high, [&](T *cells, int64 row, int64 begin, int64 end) {
            if (begin >= end) return;
            add_row<ALONG>(cells + (begin - (origin_[0] - problem.arguments.block_origin[0])) * ALONG, end - begin,
                           plane + row + begin);
        });
        memset(sum_ + MARGIN, 0, stride_[2] * size_[2] * sizeof(T));
    }

    // Asks for the places that it will be added to.
    void prefetch(const Problem &problem, int64 low, int64 high, const T *plane) {
        constexpr int64 LINE = 64 / sizeof(T);
        for_rows_in_memory(problem, low, high, [&](T *, int64 row, int64 begin, int64 end) {
            const void *last = plane + row + end - 1;
            if (begin >= end) return;
            for (int64 x = begin; x < end; x += LINE) {
                const void *place = plane + row + x;
                WK_PREFETCH(place);
            }
            WK_PREFETCH(last);
        });
    }

private:
    static constexpr int64 CAPACITY = 8192, MARGIN = 64;  // elements; before the first cell, there are some of zeros

    void set_axis(int d, int64 origin, int64 size) {
        origin_[d] = origin;
        size_[d] = size;
    }
    bool lay_out(int along) {
        stride_[0] = along;
        if (size_[0] > CAPACITY) return false;
        stride_[1] = along * (size_[0] | 1);  // odd: rows fall into different cache sets
        for (int d = 1; d < MAX_NDIM; ++d) {
            if (size_[d] * stride_[d] > CAPACITY - MARGIN) return false;
            if (d + 1 < MAX_NDIM) stride_[d + 1] = size_[d] * stride_[d];
        }
        return true;
    }

    // Calls body(cells, row, begin, end) for the rows of the patch that are in memory: their first cell, where the
    // image's row begins, and the pixels [begin, end) of it.
    template <typename Body>
    void for_rows_in_memory(const Problem &problem, int64 low, int64 high, const Body &body) {
        const wk_sampling &a = problem.arguments;
        const auto stride = [&](int d) { return d < a.ndim ? problem.axes[d].stride : 0; };
        const auto first = [&](int d) { return d < a.ndim ? origin_[d] - a.block_origin[d] : 0; };
        const auto in_memory = [&](int d, int64 i) { return d >= a.ndim || (i >= 0 && i < a.block_size[d]); };
        const int64 left = first(0), right = left + size_[0];
        const int64 leftmost = left > 0 ? left : 0, rightmost = right < a.block_size[0] ? right : a.block_size[0];
        for (int64 z = 0; z < size_[2]; ++z) {
            for (int64 y = 0; y < size_[1]; ++y) {
                if (!in_memory(1, first(1) + y) || !in_memory(2, first(2) + z)) continue;
                const int64 row = (first(1) + y) * stride(1) + (first(2) + z) * stride(2);
                const int64 begin = row + leftmost > low ? leftmost : low - row;
                const int64 end = row + rightmost < high ? rightmost : high - row;
                body(sum_ + MARGIN + y * stride_[1] + z * stride_[2], row, begin, end);
            }
        }
    }

    template <int ALONG, int I = 0>
    static WK_DEVICE T cell_sum(const T *cells, int64 x) {
        if constexpr (I + 1 == ALONG) return cells[(x - I) * ALONG + I];
        else return cells[(x - I) * ALONG + I] + cell_sum<ALONG, I + 1>(cells, x);
    }
    template <int ALONG>
    WK_OUTLINED static void add_row(const T *WK_RESTRICT cells, int64 count, T *WK_RESTRICT to) {
        for (int64 x = 0; x < count; ++x) to[x] += cell_sum<ALONG>(cells, x);  // vectorised
    }

    template <int ALONG>
    static WK_DEVICE void add_cell(const T *from, T *to) {
        if constexpr (ALONG == 3) {
            for (int i = 0; i < ALONG; ++i) to[i] += from[i];
        } else {
            Lanes<T, ALONG> sum, product;
            load_lanes(to, sum);
            load_lanes(from, product);
            sum += product;
            store_lanes(sum, to);
        }
    }

    // Every fourth point: neighbours may add to the same place, and each would wait for the one before.
    template <int ALONG>
    WK_OUTLINED static void add_products(const int32 *WK_RESTRICT base, const T *WK_RESTRICT product, int count,
                                         T *WK_RESTRICT to) {
        constexpr int APART = 4;
        for (int first = 0; first < APART; ++first) {
            for (int p = first; p < count; p += APART) {
                add_cell<ALONG>(product + p * ALONG, to + base[p]);
            }
        }
    }

    alignas(64) T sum_[CAPACITY];
    int64 origin_[MAX_NDIM], size_[MAX_NDIM], stride_[MAX_NDIM];
};

}  // namespace wk

#endif
