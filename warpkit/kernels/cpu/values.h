// Step 4 of reading: the values of a tile's taps in one channel, loaded and then weighed.
//
// In two loops, because loads from places all over the image do not vectorise well: an AVX gather is slower
// than the single loads it stands for.
#ifndef WARPKIT_CPU_VALUES_H
#define WARPKIT_CPU_VALUES_H

#include <cstdint>

#include "stream.h"
#include "taps.h"
#include "warpkit/pixel_type.h"

namespace wk {

// Taps that are neighbours along x are neighbours here: in the interior of an image they come with one load.
template <typename S>
struct Values {
    alignas(64) S row[PRODUCT_SIZE];  // tap k of point p: [(k / along) * (count * along) + p * along + k % along]
};

// ROWS rows of taps at once: the rows of pixels that a point reads follow each other in the cache.
template <int ALONG, int ROWS, typename S, typename T, typename Index>
void load_rows(const S *WK_RESTRICT plane, const Taps<T, Index> &taps, const int64 *offset,
               S *WK_RESTRICT to) {
    const Index *WK_RESTRICT base = taps.base;
    const int64 row = taps.count * ALONG;
    const S *from[ROWS];
    for (int r = 0; r < ROWS; ++r) {
        from[r] = plane + offset[r * ALONG];
        WK_KEEP_APART(from[r]);
    }
    const auto load = [&](int p, uint64_t place) {  // no place is negative: without a sign, it needs no conversion
        for (int r = 0; r < ROWS; ++r) memcpy(to + r * row + p * ALONG, from[r] + place, ALONG * sizeof(S));
    };
    // Two places of 32 bits with one load, and two points' words with one store: of these, a cycle has room for few.
    constexpr int TOGETHER = sizeof(Index) == 4 ? 2 : 1;
    constexpr bool WORDS = ALONG * sizeof(S) == sizeof(uint64_t);
    int p = 0;
    for (; p + TOGETHER <= taps.count; p += TOGETHER) {
        uint64_t places;
        memcpy(&places, base + p, sizeof(places));
        WK_SINGLE_LOADS(places);
        if constexpr (TOGETHER == 1) {
            load(p, places);
        } else if constexpr (WORDS) {
            uint32_t both[2];
            memcpy(both, &places, sizeof(both));
            for (int r = 0; r < ROWS; ++r) {
                uint64_t words[2];
                memcpy(&words[0], from[r] + both[0], sizeof(words[0]));
                memcpy(&words[1], from[r] + both[1], sizeof(words[1]));
                memcpy(to + r * row + p * ALONG, words, sizeof(words));
            }
        } else {
            uint32_t both[2];
            memcpy(both, &places, sizeof(both));
            for (int i = 0; i < 2; ++i) load(p + i, both[i]);
        }
    }
    for (; p < taps.count; ++p) load(p, static_cast<uint64_t>(base[p]));
}

// Asks for the pixels that a tile at `shift` from this one will read, or nearly all: those of every third point, which
// makes a pattern of diagonals that misses few cache lines at any angle.
template <typename S, typename T, typename Index>
void prefetch_pixels(const S *plane, const Taps<T, Index> &taps, int64 shift) {
    // The last row: in 3D the nearer planes have been read for the slice before.
    const int64 row = taps.offset[taps.product - taps.product / taps.along];
    const uintptr_t start = reinterpret_cast<uintptr_t>(plane) + (row + shift) * sizeof(S);
    for (int p = 0; p < taps.count; p += 3) {
        WK_PREFETCH(reinterpret_cast<const void *>(start + taps.base[p] * sizeof(S)));
    }
}

// Asks for what is read next: this tile's pixels in the next channel, or the next tile's.
template <typename S, typename T, typename Index>
void prefetch_next(const Problem &problem, const S *image, int64 item, int64 channel, const Tile &tile,
                   const Next &next, const Taps<T, Index> &taps) {
    if (!problem.prefetches || !taps.interior) return;
    const bool last = channel + 1 == problem.arguments.channels;
    const S *plane = image + problem.plane_start(item, last ? 0 : channel + 1);
    prefetch_pixels(plane, taps, last ? shift_of_next(taps, tile, next) : 0);
}

template <int ALONG, typename S, typename T, typename Index>
void load_interior(const S *WK_RESTRICT plane, const Taps<T, Index> &taps, S *WK_RESTRICT to) {
    const int rows = taps.product / ALONG;
    if (rows == 1) return load_rows<ALONG, 1>(plane, taps, taps.offset, to);
    if (rows == 2) return load_rows<ALONG, 2>(plane, taps, taps.offset, to);
    if (rows == 3) return load_rows<ALONG, 3>(plane, taps, taps.offset, to);
    for (int k = 0; k < taps.product; k += ALONG * ALONG) {
        load_rows<ALONG, ALONG>(plane, taps, taps.offset + k, to + k * taps.count);
    }
}

// Where a linear kernel reaches beyond the image, whose border goes on there, both its taps along that axis are the
// border's pixel. Loaded were the two nearest to it inside: the one at the border is taken for the other, too. `moved` is
// of the pair whose values are first[i] and second[i].
template <int STEP, typename S, typename T>
void repeat_border(const T *WK_RESTRICT moved, int pairs, S *WK_RESTRICT first, S *WK_RESTRICT second) {
    WK_INDEPENDENT
    for (int i = 0; i < pairs; ++i) {
        const S one = first[STEP * i], other = second[STEP * i];
        first[STEP * i] = moved[i] > T(0) ? other : one;
        second[STEP * i] = moved[i] < T(0) ? one : other;
    }
}
template <typename S, typename T, typename Index>
void repeat_border(const Taps<T, Index> &taps, S *value) {
    const int count = taps.count, row = 2 * count, rows = taps.product / 2;
    const auto moves = [&](const T *WK_RESTRICT moved) {
        T any = 0;
        for (int p = 0; p < count; ++p) any = moved[p] != T(0) ? T(1) : any;
        return any != T(0);
    };
    const T *x = taps.axis[0].moved;
    for (int r = 0; r < rows && moves(x); ++r) repeat_border<2>(x, count, value + r * row, value + r * row + 1);
    for (int apart = 1, d = 1; apart < rows; apart *= 2, ++d) {  // rows of taps
        const T *WK_RESTRICT moved = taps.axis[d].moved;
        if (!moves(moved)) continue;
        alignas(64) T twice[2 * TILE];  // taps along x are neighbours
        for (int p = 0; p < count; ++p) twice[2 * p] = twice[2 * p + 1] = moved[p];
        for (int r = 0; r < rows; ++r) {
            if (!(r & apart)) repeat_border<1>(twice, row, value + r * row, value + (r + apart) * row);
        }
    }
}

template <int ALONG, typename S, typename T, typename Index>
void load_anywhere(const S *WK_RESTRICT plane, const Taps<T, Index> &taps, S fill, S *WK_RESTRICT to) {
    for (int k = 0; k < taps.product; k += ALONG) {
        for (int i = 0; i < ALONG; ++i) {
            const Index *WK_RESTRICT place = taps.place + (k + i) * taps.stride;
            for (int p = 0; p < taps.count; ++p) {
                Index at = place[p] >= 0 ? place[p] : 0;
                WK_SINGLE_LOADS(at);
                const S value = plane[at];
                to[p * ALONG + i] = place[p] >= 0 ? value : fill;
            }
        }
        to += taps.count * ALONG;
    }
}

template <typename S, typename T, typename Index>
void load_values(const S *plane, const Taps<T, Index> &taps, S fill, Values<S> &values) {
    const auto load = [&](auto along) {
        constexpr int ALONG = decltype(along)::value;
        if (taps.interior) load_interior<ALONG>(plane, taps, values.row);
        if (taps.repeats && ALONG == 2) repeat_border(taps, values.row);
        if (!taps.interior) load_anywhere<ALONG>(plane, taps, fill, values.row);
    };
    switch (taps.along) {
    case 1: return load(std::integral_constant<int, 1>{});
    case 2: return load(std::integral_constant<int, 2>{});
    case 3: return load(std::integral_constant<int, 3>{});
    default: return load(std::integral_constant<int, 4>{});
    }
}

// Adds weight * value of taps K to PRODUCT - 1 at one point. (A recursion: a loop here is not always unrolled,
// and then the loop over points does not vectorise.)
template <int ALONG, int PRODUCT, int K = 0, typename S, typename T>
WK_DEVICE T weighted_sum(const T *weight, int stride, const S *value, int count, int p, T sum) {
    if constexpr (K == PRODUCT) {
        return sum;
    } else {
        const S v = value[K / ALONG * (count * ALONG) + p * ALONG + K % ALONG];
        sum = accumulate(sum, weight[K * stride + p], to_arithmetic(v));
        return weighted_sum<ALONG, PRODUCT, K + 1>(weight, stride, value, count, p, sum);
    }
}

// One NaN for all: which operand's NaN a sum keeps is up to the compiler.
template <typename T>
WK_DEVICE T canonical(T value) {
    return value == value ? value : static_cast<T>(NOT_A_NUMBER);
}

// All taps at once, of some points of a tile that has `count`: for few taps.
template <int ALONG, int PRODUCT, typename S, typename T, typename Points>
void weigh_all(const T *WK_RESTRICT weight, const S *WK_RESTRICT value, int count, Points points, T *WK_RESTRICT out) {
    static_assert(PRODUCT * TILE <= PRODUCT_SIZE, "the tile's stride is TILE");
    for (int p = 0; p < points; ++p) {  // vectorised
        out[p] = canonical(weighted_sum<ALONG, PRODUCT>(weight, TILE, value, count, p, T(-0.0)));
    }
}

// Row by row of taps: for many.
template <int ALONG, typename S, typename T>
void weigh_rows(const T *WK_RESTRICT weight, int stride, const S *WK_RESTRICT value, int product, int count,
                T *WK_RESTRICT out) {
    for (int p = 0; p < count; ++p) out[p] = T(-0.0);
    for (int k = 0; k < product; k += ALONG) {
        const T *WK_RESTRICT row_weight = weight + k * stride;
        const S *WK_RESTRICT row_value = value + k * count;
        for (int p = 0; p < count; ++p) {  // vectorised
            out[p] = weighted_sum<ALONG, ALONG>(row_weight, stride, row_value, count, p, out[p]);
        }
    }
    for (int p = 0; p < count; ++p) out[p] = canonical(out[p]);
}

// The weighted sums over taps, in the taps' order: values for set 0, slopes along axis d for set 1 + d.
template <typename S, typename T, typename Index>
void weigh_values(const Taps<T, Index> &taps, int set, const Values<S> &values, T *out) {
    const T *weight = taps.weight[set];
    const int count = taps.count, product = taps.product;
    if (taps.vanishes[set]) {
        for (int p = 0; p < count; ++p) out[p] = 0;
    } else if (taps.along == 1) {
        weigh_all<1, 1>(weight, values.row, count, count, out);
    } else if (taps.along == 2) {
        if (product == 2) weigh_all<2, 2>(weight, values.row, count, count, out);
        else if (product == 4) weigh_all<2, 4>(weight, values.row, count, count, out);
        else weigh_all<2, 8>(weight, values.row, count, count, out);
    } else if (taps.along == 3) {
        weigh_rows<3>(weight, taps.stride, values.row, product, count, out);
    } else {
        weigh_rows<4>(weight, taps.stride, values.row, product, count, out);
    }
    for (int p = 0; p < count && taps.clipped; ++p) out[p] += taps.beyond[p];
    if (taps.interior) return;
    for (int p = 0; p < count; ++p) out[p] = taps.answer[p] == taps.answer[p] ? out[p] : taps.answer[p];
}

// Whether the points of each row read pixels that follow each other, as where an image is moved and not turned.
template <typename T, typename Index>
bool reads_runs(const Tile &tile, const Taps<T, Index> &taps) {
    if (tile.width % TILE_WIDTH != 0 || taps.clipped) return false;
    for (int p = 0; p < taps.count; p += tile.width) {
        const Index *WK_RESTRICT base = taps.base + p;
        Index difference = 0;
        for (int i = 0; i < tile.width; ++i) difference |= (base[i] - base[0]) ^ i;
        if (difference != 0) return false;
    }
    return true;
}

// Adds weight * value of taps K to PRODUCT - 1 at one point of such a row.
template <int PRODUCT, int K = 0, typename S, typename T>
WK_DEVICE T weighted_run(const T *weight, const S *const *row, int p, T sum) {
    if constexpr (K == PRODUCT) {
        return sum;
    } else {
        sum = accumulate(sum, weight[K * TILE + p], to_arithmetic(row[K / 2][p + K % 2]));
        return weighted_run<PRODUCT, K + 1>(weight, row, p, sum);
    }
}

// Values of a linear kernel, row by row to where they belong: weigh(first, points, out) finds some, of no more than one row
// unless they may be `together`.
template <typename T, typename Weigh>
void write_linear(const Problem &problem, const Tile &tile, bool streamed, bool together, T *channel, const Weigh &weigh) {
    if (streamed) {
        alignas(CACHE_LINE_SIZE) T row[TILE_WIDTH];
        for (int r = 0; r < tile.height; ++r) {
            for (int c = 0; c < tile.width; c += TILE_WIDTH) {
                weigh(r * tile.width + c, std::integral_constant<int, TILE_WIDTH>{}, row);
                stream_row(channel + problem.point(tile, r) + c, row);
            }
        }
    } else if (together && tile.width == problem.row) {
        weigh(0, tile.count(), channel + problem.point(tile, 0));
    } else {
        for_rows(tile, [&](int r, auto width) { weigh(r * width, width, channel + problem.point(tile, r)); });
    }
}

template <int PRODUCT, typename S, typename T, typename Index>
void pull_linear(const Problem &problem, const Tile &tile, const S *plane, const Taps<T, Index> &taps,
                 Values<S> &values, bool streamed, T *channel) {
    if (reads_runs(tile, taps)) {  // they are weighed where they are
        return write_linear(problem, tile, streamed, false, channel, [&](int first, auto points, T *WK_RESTRICT out) {
            const S *row[PRODUCT / 2];
            for (int r = 0; r < PRODUCT / 2; ++r) row[r] = plane + taps.base[first] + taps.offset[2 * r];
            const T *WK_RESTRICT weight = taps.weight[0] + first;
            for (int p = 0; p < points; ++p) {  // vectorised
                out[p] = canonical(weighted_run<PRODUCT>(weight, row, p, T(-0.0)));
            }
        });
    }
    load_interior<2>(plane, taps, values.row);
    if (taps.repeats) repeat_border(taps, values.row);
    write_linear(problem, tile, streamed, true, channel, [&](int first, auto points, T *WK_RESTRICT out) {
        const T *WK_RESTRICT weight = taps.weight[0] + first, *WK_RESTRICT beyond = taps.beyond + first;
        const S *WK_RESTRICT value = values.row + 2 * first;
        if (!taps.clipped) return weigh_all<2, PRODUCT>(weight, value, taps.count, points, out);
        for (int p = 0; p < points; ++p) {  // vectorised
            out[p] = canonical(weighted_sum<2, PRODUCT>(weight, TILE, value, taps.count, p, T(-0.0))) + beyond[p];
        }
    });
}

}  // namespace wk

#endif
