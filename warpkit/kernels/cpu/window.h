// A copy of the pixels that a tile at the edge of an image reads, and of what lies outside: in it, all its taps
// are.
#ifndef WARPKIT_CPU_WINDOW_H
#define WARPKIT_CPU_WINDOW_H

#include "cells.h"
#include "values.h"

namespace wk {

template <typename T>
class Window {
public:
    // Finds the part of the image; false if the window is too small for it.
    bool fit(int ndim, int along, const AxisCells<T> *cells) {
        int64 elements = 1;
        for (int d = 0; d < MAX_NDIM; ++d) {
            origin_[d] = d < ndim ? cells[d].low : 0;
            size_[d] = d < ndim ? int64{cells[d].high} - cells[d].low + along : 1;
            stride_[d] = elements;
            elements *= size_[d];
            if (elements > CAPACITY) return false;
        }
        return true;
    }

    // Copies it from one channel. Pixels that are not in memory count as outside: no point needs them.
    WK_OUTLINED void read(const Problem &problem, const T *plane, T outside) {
        const int64 left = origin_[0] - problem.arguments.block_origin[0];
        for_rows_of(problem, [&](int64 number, int64 row, int64 begin, int64 end) {
            T *to = pixel_ + number * size_[0];
            if (end - begin < size_[0]) fill(size_[0], outside, to);
            if (begin < end) copy(end - begin, plane + row + begin, to + begin - left);
        });
    }

    // Asks for what will be read.
    void prefetch(const Problem &problem, const T *plane) const {
        constexpr int64 LINE = 64 / sizeof(T);
        const uintptr_t start = reinterpret_cast<uintptr_t>(plane);
        for_rows_of(problem, [&](int64, int64 row, int64 begin, int64 end) {
            for (int64 x = begin; x < end + LINE - 1; x += LINE) {
                WK_PREFETCH(reinterpret_cast<const void *>(start + (row + (x < end ? x : end - 1)) * sizeof(T)));
            }
        });
    }

    // Where each point's first tap is in the window.
    template <typename Index>
    void find_bases(int ndim, const AxisCells<T> *cells, int count, Index *WK_RESTRICT base) const {
        find_places_from(ndim, cells, count, origin_, stride_, base);
    }
    // From a point's first tap to its tap number k.
    int64 offset(int ndim, int along, int k) const {
        int64 sum = 0;
        for (int d = 0; d < ndim; ++d) sum += tap_of(along, k, d) * stride_[d];
        return sum;
    }
    const T *pixels() const { return pixel_; }

private:
    static void fill(int64 count, T value, T *to) {
        for (int64 i = 0; i < count; ++i) to[i] = value;
    }
    static void copy(int64 count, const T *WK_RESTRICT from, T *WK_RESTRICT to) {
        for (int64 i = 0; i < count; ++i) to[i] = from[i];
    }

    // Calls body(number, row, begin, end) for the rows of the window: where the image's row begins, and which
    // pixels of it are in memory.
    template <typename Body>
    void for_rows_of(const Problem &problem, const Body &body) const {
        const wk_sampling &a = problem.arguments;
        const int ndim = a.ndim;
        const int64 left = origin_[0] - a.block_origin[0], right = left + size_[0];
        const int64 begin = left > 0 ? left : 0, end = right < a.block_size[0] ? right : a.block_size[0];
        for (int64 k = 0; k < size_[2]; ++k) {
            for (int64 j = 0; j < size_[1]; ++j) {
                const int64 y = ndim > 1 ? origin_[1] + j - a.block_origin[1] : 0;
                const int64 z = ndim > 2 ? origin_[2] + k - a.block_origin[2] : 0;
                const bool known =
                    (ndim < 2 || (y >= 0 && y < a.block_size[1])) && (ndim < 3 || (z >= 0 && z < a.block_size[2]));
                const int64 row_y = ndim > 1 ? y * problem.axes[1].stride : 0;
                const int64 row = row_y + (ndim > 2 ? z * problem.axes[2].stride : 0);
                body(k * size_[1] + j, known ? row : 0, known ? begin : 0, known ? end : 0);
            }
        }
    }

    static constexpr int64 CAPACITY = 4096;
    int64 origin_[MAX_NDIM], size_[MAX_NDIM], stride_[MAX_NDIM];
    alignas(64) T pixel_[CAPACITY];
};

}  // namespace wk

#endif
