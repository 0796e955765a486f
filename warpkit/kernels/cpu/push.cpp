// Push, the adjoint of pull: out[n, c, place_k(p)] += w_k(p) * point_values[n, c, p].
//
// Points share destinations. Each destination adds up its contributions in one fixed order (batch item, tile, and
// what order a tile has), whoever does it: see slabs.h.
#include "patch.h"
#include "slabs.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct PushWork : Workspace<T, Index> {
    alignas(64) T value[TILE];
    alignas(64) T product[TILE * MAX_TAPS];
    AxisCells<T> cells[MAX_NDIM];
    alignas(64) T weight[MAX_NDIM][MAX_TAPS][TILE];
    alignas(64) int32 base[TILE];
    Patch<T> patch;
    alignas(64) Index place[PRODUCT_SIZE];  // negative: nothing to add there
};

constexpr Wanted WANTED = {true, false, false, false};

// ---- by way of a patch -------------------------------------------------------------------------------------

enum class Way { PATCH, PLACES, NOTHING };

// Tiles near each other, and inside the image or where nothing lies outside, go by way of a patch. (Which ones do
// must not depend on the block in memory, because sums have another order then.) `fit` finds the patch for a tile,
// or says that there is none.
template <typename T, typename Index, typename Fit>
Way find_way(const Problem &problem, int64 item, const Tile &tile, PushWork<T, Index> &work, const Fit &fit) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count(), along = work.taps.along;
    with_kernel(a.kernel, [&](auto kernel) {
        find_cells<decltype(kernel)>(problem, item, tile, work.coordinates, work.cells);
    });
    const Whereabouts found = find_whereabouts(a, along, count, work.cells);
    const bool possible = has_short_axes(a) && (found.inside || a.boundary == WK_CONSTANT);
    if (possible && found.outside) return Way::NOTHING;
    const bool fits = possible && fit();
    if (fits && (found.in_memory || problem.whole)) return Way::PATCH;
    find_coordinates(problem, item, tile, work.coordinates);
    find_taps(problem, work.coordinates.x, count, WANTED, work.taps);  // throws if the block does not suffice
    if (fits) return Way::PATCH;
    return work.taps.exterior || work.taps.vanishes[0] ? Way::NOTHING : Way::PLACES;
}

// The weights of the points along each axis; false where all are zero.
template <typename T>
bool find_weights(const Problem &problem, int count, const T *const *local, T (*weight)[MAX_TAPS][TILE]) {
    const wk_sampling &a = problem.arguments;
    bool any = true;
    for (int d = 0; d < a.ndim; ++d) {
        with_kernel(a.kernel, [&](auto kernel) {
            using Kernel = decltype(kernel);
            any &= find_weights_of_order<Kernel>(a.derivative[d], local[d], count, weight[d]);
        });
    }
    return any;
}

// The products of the taps (0, y, z), (1, y, z), ...: [p * ALONG + tap]; +0, which changes no sum, for a tap of
// weight zero.
template <int NDIM, int ALONG, typename T>
WK_OUTLINED void find_products(const T (*WK_RESTRICT weights)[MAX_TAPS][TILE], int tap_y, int tap_z,
                               const T *WK_RESTRICT value, int count, T *WK_RESTRICT product) {
    const T *WK_RESTRICT y = weights[NDIM > 1 ? 1 : 0][tap_y], *WK_RESTRICT z = weights[NDIM > 2 ? 2 : 0][tap_z];
    for (int p = 0; p < count; ++p) {  // vectorised
        for (int i = 0; i < ALONG; ++i) {
            const T x = weights[0][i][p];
            const T weight = NDIM == 1 ? x : NDIM == 2 ? y[p] * x : (z[p] * y[p]) * x;
            const T all = weight * value[p];
            product[p * ALONG + i] = weight != 0 ? all : T(0);
        }
    }
}

template <int NDIM, int ALONG, typename T, typename Index>
void add_to_patch(int count, const int32 *base, PushWork<T, Index> &work) {
    for (int z = 0; z < (NDIM > 2 ? ALONG : 1); ++z) {
        for (int y = 0; y < (NDIM > 1 ? ALONG : 1); ++y) {
            find_products<NDIM, ALONG>(work.weight, y, z, work.value, count, work.product);
            work.patch.template add<ALONG>(base, y, z, work.product, count);
        }
    }
}

// Calls body(along) with the number of taps as a type.
template <typename Body>
void with_taps(int along, const Body &body) {
    switch (along) {
    case 1: return body(std::integral_constant<int, 1>{});
    case 2: return body(std::integral_constant<int, 2>{});
    case 3: return body(std::integral_constant<int, 3>{});
    default: return body(std::integral_constant<int, 4>{});
    }
}

// Adds the values of a tile's points in one channel to the patch.
template <typename T, typename Index>
void add_to_patch(const Problem &problem, int count, const int32 *base, PushWork<T, Index> &work) {
    with_taps(work.taps.along, [&](auto along) {
        constexpr int ALONG = decltype(along)::value;
        if (problem.arguments.ndim == 1) add_to_patch<1, ALONG>(count, base, work);
        else if (problem.arguments.ndim == 2) add_to_patch<2, ALONG>(count, base, work);
        else add_to_patch<3, ALONG>(count, base, work);
    });
}

template <typename T, typename Index>
void flush(const Problem &problem, Slab slab, T *plane, PushWork<T, Index> &work) {
    with_taps(work.taps.along, [&](auto along) {
        work.patch.template flush<decltype(along)::value>(problem, slab.low, slab.high, plane);
    });
}

// ---- straight to the places --------------------------------------------------------------------------------

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

template <typename T, typename Index>
void scatter(PushWork<T, Index> &work, T *WK_RESTRICT plane) {
    const Taps<T, Index> &taps = work.taps;
    T nowhere = 0;
    for (int k = 0; k < taps.product; ++k) {
        const Index *WK_RESTRICT place = work.place + k * taps.stride;
        const T *WK_RESTRICT weight = taps.weight[0] + k * taps.stride;
        for (int p = 0; p < taps.count; ++p) {
            T *to = place[p] >= 0 ? plane + place[p] : &nowhere;
            *to += weight[p] * work.value[p];
        }
    }
}

// ---- tiles -------------------------------------------------------------------------------------------------

template <typename T, typename Index>
void read_values(const Problem &problem, int64 item, int64 channel, const Tile &tile, PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const T factor = static_cast<T>(derivative_factor(a));
    const T *values = static_cast<const T *>(a.point_values) + problem.point_value_start(item, channel);
    read_tile(problem, tile, values, work.value);
    for (int p = 0; p < tile.count() && factor != T(1); ++p) work.value[p] *= factor;
}

template <typename T>
T *plane_of(const Problem &problem, int64 item, int64 channel) {
    return static_cast<T *>(problem.arguments.out) + problem.plane_start(item, channel);
}

template <typename T, typename Index>
void push_tile(const Problem &problem, int64 item, const Tile &tile, const Next &next, Slab slab,
               PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    prefetch_grid(problem, item, tile, next);
    const Way way = find_way(problem, item, tile, work, [&] {
        return work.patch.fit(a.ndim, work.taps.along, work.cells);
    });
    if (way == Way::NOTHING) return;
    if (way == Way::PATCH) {
        const T *local[MAX_NDIM] = {work.cells[0].local, work.cells[1].local, work.cells[2].local};
        if (!find_weights(problem, count, local, work.weight)) return;
        work.patch.find_bases(a.ndim, count, work.cells, work.base);
    } else {
        find_destinations(work.taps, static_cast<Index>(slab.low), static_cast<Index>(slab.high), work.place);
    }
    for (int64 c = 0; c < a.channels; ++c) {
        const T *values = static_cast<const T *>(a.point_values) + problem.point_value_start(item, c);
        prefetch_next_values(problem, values, c, tile, next);
        read_values(problem, item, c, tile, work);
        T *plane = plane_of<T>(problem, item, c);
        if (way == Way::PLACES) {
            scatter(work, plane);
            continue;
        }
        if (problem.prefetches) work.patch.prefetch(problem, slab.low, slab.high, plane);
        add_to_patch(problem, count, work.base, work);
        flush(problem, slab, plane, work);
    }
}

// ---- small images ------------------------------------------------------------------------------------------
//
// One patch holds the whole image, and all tiles of a channel are added to it before it is added to the image.

template <typename T>
struct TileCells {
    Tile tile;
    alignas(64) int32 base[TILE];
    alignas(64) T local[MAX_NDIM][TILE];
};

template <typename T>
bool is_small(const Problem &problem) {
    return problem.pieces == 1 && problem.batch == problem.arguments.image_n &&
           Patch<T>::holds_image(problem.arguments, taps_of(problem.arguments.kernel));
}

// Channels [first, last) of one image.
template <typename T, typename Index>
void push_image(const Problem &problem, int64 item, int64 first, int64 last, TileCells<T> *tiles,
                PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int along = work.taps.along;
    int known = 0;
    problem.for_tiles(0, [&](int64, const Tile &tile, const Next &) {
        const Way way = find_way(problem, item, tile, work, [] { return true; });
        if (way == Way::PLACES) {
            find_destinations(work.taps, Index(0), static_cast<Index>(problem.plane), work.place);
            for (int64 c = first; c < last; ++c) {
                read_values(problem, item, c, tile, work);
                scatter(work, plane_of<T>(problem, item, c));
            }
        }
        if (way != Way::PATCH) return;
        TileCells<T> &here = tiles[known++];
        here.tile = tile;
        for (int d = 0; d < a.ndim; ++d) {
            clamp_cells(along, a.size[d], tile.count(), work.cells[d]);
            memcpy(here.local[d], work.cells[d].local, tile.count() * sizeof(T));
        }
        work.patch.find_bases(a.ndim, tile.count(), work.cells, here.base);
    });
    for (int64 c = first; c < last && known > 0; ++c) {
        for (int i = 0; i < known; ++i) {
            const TileCells<T> &here = tiles[i];
            const T *local[MAX_NDIM] = {here.local[0], here.local[1], here.local[2]};
            if (!find_weights(problem, here.tile.count(), local, work.weight)) return;
            read_values(problem, item, c, here.tile, work);
            add_to_patch(problem, here.tile.count(), here.base, work);
        }
        flush(problem, Slab{0, problem.plane}, plane_of<T>(problem, item, c), work);
    }
}

template <typename T, typename Index>
void push_images(const Problem &problem, int64 threads, double nanoseconds, const Interruption &interruption) {
    constexpr double SHORTEST = 50e3;  // nanoseconds of a piece of work
    const wk_sampling &a = problem.arguments;
    const int64 wanted = (4 * threads + a.image_n - 1) / a.image_n, parts = wanted < a.channels ? wanted : a.channels;
    const int64 units = a.image_n * parts, most = 1 + units / (4 * threads);
    const double each = nanoseconds / static_cast<double>(units);
    const int64 enough = 1 + static_cast<int64>(SHORTEST / (each + 1.0)), group = enough < most ? enough : most;
    parallel_for((units + group - 1) / group, threads, interruption, [&](int64 number) {
        auto &work = workspace<PushWork<T, Index>>();
        set_up(problem, work.taps);
        work.patch.fit_image(a, work.taps.along);
        const Memory<TileCells<T>> tiles = allocate<TileCells<T>>(PIECE);
        for (int64 unit = number * group; unit < (number + 1) * group && unit < units; ++unit) {
            const int64 part = unit % parts;
            push_image(problem, unit / parts, part * a.channels / parts, (part + 1) * a.channels / parts, tiles.get(),
                       work);
        }
    });
}

void push(const Problem &problem, const Interruption &interruption) {
    const double nanoseconds = nanoseconds_per_point(problem, 0.8) * problem.batch * problem.points;
    with_types(problem, [&](auto t, auto index) {
        using T = decltype(t);
        using Index = decltype(index);
        if (is_small<T>(problem)) {
            const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
            return push_images<T, Index>(problem, threads, nanoseconds, interruption);
        }
        using Work = PushWork<T, Index>;
        const auto body = [&](int64 item, const Tile &tile, const Next &next, Slab slab, Work &work) {
            push_tile(problem, item, tile, next, slab, work);
        };
        parallel_for_slabs<Work>(problem, nanoseconds, interruption, body);
    });
}

}  // namespace
}  // namespace wk

int32_t wk_push(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::push);
}
