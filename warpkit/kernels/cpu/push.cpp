// Push, the adjoint of pull: out[n, c, place_k(p)] += w_k(p) * point_values[n, c, p].
//
// Points share destinations. Each destination adds up its contributions in one fixed order (batch item, tile,
// tap, point), whoever does it: the image is cut into slabs, and the worker of a slab visits in that order all
// tiles that reach it. Which ones do is found first, tile by tile.
#include "affine_tile.h"
#include "patch.h"
#include "run.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct PushWork : Workspace<T, Index> {
    alignas(64) T value[TILE];
    alignas(64) T product[TILE];
    Patch<T, Index> patch;
    alignas(64) Index place[PRODUCT_SIZE];  // negative: nothing to add there
};

// The places of a tile's taps, from the lowest to the highest.
struct Reach {
    int64 low, high;
};

constexpr Wanted WANTED = {true, false, false, false};

template <typename T, typename Index>
Reach reach_of(const Taps<T, Index> &taps) {
    if (taps.exterior || taps.vanishes[0]) return {0, -1};
    Index low = taps.interior ? taps.base[0] : Index(0), high = low;
    if (!taps.interior) {
        for (int k = 0; k < taps.product; ++k) {
            const Index *place = taps.place + k * taps.stride;
            for (int p = 0; p < taps.count; ++p) high = place[p] > high ? place[p] : high;
        }
        low = high;
        for (int k = 0; k < taps.product; ++k) {
            const Index *place = taps.place + k * taps.stride;
            for (int p = 0; p < taps.count; ++p) low = (place[p] >= 0) & (place[p] < low) ? place[p] : low;
        }
        return {low, high};
    }
    for (int p = 0; p < taps.count; ++p) low = taps.base[p] < low ? taps.base[p] : low;
    for (int p = 0; p < taps.count; ++p) high = taps.base[p] > high ? taps.base[p] : high;
    return {low + taps.offset[0], high + taps.offset[taps.product - 1]};
}

// Where each tap of each point is, for all channels: negative where nothing is added, because the weight is
// zero, the point has no answer, or the place is beyond the slab [low, high).
template <typename T, typename Index>
void find_destinations(const Taps<T, Index> &taps, Index low, Index high, Index *WK_RESTRICT place) {
    for (int k = 0; k < taps.product; ++k) {
        const T *WK_RESTRICT weight = taps.weight[0] + k * taps.stride;
        const Index *WK_RESTRICT from = taps.interior ? taps.base : taps.place + k * taps.stride;
        const Index offset = taps.interior ? static_cast<Index>(taps.offset[k]) : Index(0);
        Index *WK_RESTRICT to = place + k * taps.stride;
        for (int p = 0; p < taps.count; ++p) {
            const Index at = from[p] + offset;
            to[p] = (weight[p] != T(0)) & (at >= low) & (at < high) ? at : Index(-1);
        }
        for (int p = 0; p < taps.count && !taps.interior; ++p) {
            to[p] = taps.answer[p] == taps.answer[p] ? to[p] : Index(-1);
        }
    }
}

// The products of one tap; +0, which changes no sum, for a tap of weight zero.
template <typename T, typename Index>
WK_OUTLINED void find_products(const Taps<T, Index> &taps, int k, const T *WK_RESTRICT value, T *WK_RESTRICT product) {
    const T *WK_RESTRICT weight = taps.weight[0] + k * taps.stride;
    for (int p = 0; p < taps.count; ++p) {
        const T all = weight[p] * value[p];
        product[p] = weight[p] != 0 ? all : T(0);
    }
}

template <typename T, typename Index>
void scatter(PushWork<T, Index> &work, T *WK_RESTRICT plane) {
    const Taps<T, Index> &taps = work.taps;
    T nowhere = 0;
    for (int k = 0; k < taps.product; ++k) {
        find_products(taps, k, work.value, work.product);
        const Index *WK_RESTRICT place = work.place + k * taps.stride;
        for (int p = 0; p < taps.count; ++p) {
            T *to = place[p] >= 0 ? plane + place[p] : &nowhere;
            *to += work.product[p];
        }
    }
}

template <typename T, typename Index>
void push_tile(const Problem &problem, int64 item, const Tile &tile, T factor, Index low, Index high,
               PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    find_tile_taps(problem, item, tile, WANTED, work);
    if (work.taps.exterior || work.taps.vanishes[0]) return;
    const bool fits = work.taps.interior && work.patch.fit(problem, work.taps);
    if (!fits) find_destinations(work.taps, low, high, work.place);
    for (int64 c = 0; c < a.channels; ++c) {
        read_tile(problem, tile, static_cast<const T *>(a.point_values) + problem.point_value_start(item, c),
                  work.value);
        for (int p = 0; p < tile.count() && factor != T(1); ++p) work.value[p] *= factor;
        T *plane = static_cast<T *>(a.out) + problem.plane_start(item, c);
        if (!fits) {
            scatter(work, plane);
            continue;
        }
        for (int k = 0; k < work.taps.product; ++k) {
            find_products(work.taps, k, work.value, work.product);
            work.patch.add(a.ndim, k, work.taps, work.product);
        }
        work.patch.flush(problem, low, high, plane);
    }
}

// A tile of an affine map in 2D: from its corners, a little too much. Under the rules that fold an index back, a
// tile may reach any place.
inline Reach affine_reach(const Problem &problem, int64 item, const Tile &tile) {
    const wk_sampling &a = problem.arguments;
    const Reach anywhere = {0, problem.plane - 1};
    if (a.boundary != WK_CONSTANT && a.boundary != WK_BORDER) return anywhere;
    double low, high;
    AffineTile(problem, item, tile).range(1, &low, &high);
    const double last = static_cast<double>(a.block_size[1] - 1), margin = MAX_TAPS;
    const double origin = static_cast<double>(a.block_origin[1]) + margin;
    const auto row = [&](double y) { return static_cast<int64>(y > 0.0 ? (y < last ? y : last) : 0.0); };
    const int64 stride = problem.axes[1].stride;
    return {row(low - origin) * stride, row(high - origin + 2.0 * margin) * stride + stride - 1};
}

template <typename T, typename Index>
Memory<Reach> find_reaches(const Problem &problem, int64 threads, const Interruption &interruption) {
    const int64 pieces = problem.pieces;
    Memory<Reach> reaches = allocate<Reach>(problem.arguments.source_n * pieces * PIECE);
    parallel_for(problem.arguments.source_n * pieces, threads, interruption, [&](int64 number) {
        PushWork<T, Index> work;
        set_up(problem, work.taps);
        const int64 item = number / pieces;
        problem.for_tiles(number % pieces, [&](int64 i, const Tile &tile, const Next &) {
            Reach &reach = reaches[item * pieces * PIECE + i];
            if (is_affine_plane(problem.arguments)) {
                reach = affine_reach(problem, item, tile);
            } else {
                find_tile_taps(problem, item, tile, WANTED, work);
                reach = reach_of(work.taps);
            }
        });
    });
    return reaches;
}

// One slab of one image: all tiles of all batch items that share the image.
template <typename T, typename Index>
void push_slab(const Problem &problem, int64 image, const Reach *reaches, int64 low, int64 high,
               PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const T factor = static_cast<T>(derivative_factor(a));
    const int64 first = a.image_n == 1 ? 0 : image, last = a.image_n == 1 ? problem.batch : image + 1;
    for (int64 item = first; item < last; ++item) {
        const int64 start = problem.source_of(item) * problem.pieces * PIECE;
        for (int64 piece = 0; piece < problem.pieces; ++piece) {
            problem.for_tiles(piece, [&](int64 i, const Tile &tile, const Next &) {
                if (reaches && (reaches[start + i].high < low || reaches[start + i].low >= high)) return;
                push_tile(problem, item, tile, factor, static_cast<Index>(low), static_cast<Index>(high), work);
            });
        }
    }
}

void push(const Problem &problem, const Interruption &interruption) {
    const wk_sampling &a = problem.arguments;
    const double nanoseconds = nanoseconds_per_point(problem, 0.8) * problem.batch * problem.points;
    const int64 threads = worthwhile_threads(a.num_threads, nanoseconds);
    constexpr double LONGEST = 40e6;  // nanoseconds of a piece: a call is interrupted between pieces
    const int64 most = 1 + static_cast<int64_t>(nanoseconds / LONGEST / static_cast<double>(a.image_n));
    const int64 enough = a.image_n >= 4 * threads ? 1 : threads;  // whole images where there are enough
    const int64 slabs = most > enough ? most : enough;
    with_types(problem, [&](auto t, auto index) {
        using T = decltype(t);
        using Index = decltype(index);
        Memory<Reach> reaches;
        if (slabs > 1) reaches = find_reaches<T, Index>(problem, threads, interruption);
        parallel_for(a.image_n * slabs, threads, interruption, [&](int64 piece) {
            PushWork<T, Index> work;
            set_up(problem, work.taps);
            const int64 slab = piece % slabs, quotient = problem.plane / slabs, rest = problem.plane % slabs;
            const int64 low = slab * quotient + (slab < rest ? slab : rest);
            const int64 high = low + quotient + (slab < rest ? 1 : 0);
            push_slab(problem, piece / slabs, reaches.get(), low, high, work);
        });
    });
}

}  // namespace
}  // namespace wk

int32_t wk_push(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::push);
}
