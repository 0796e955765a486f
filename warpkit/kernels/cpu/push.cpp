// Push, the adjoint of pull: out[n, c, place_k(p)] += w_k(p) * point_values[n, c, p].
//
// Points share destinations. Each destination adds up its contributions in one fixed order (batch item, tile, and what
// order a tile has), whoever does it: see slabs.h.
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
    Patch<T> patch;
    alignas(64) Index place[PRODUCT_SIZE];  // negative: nothing to add there
};

constexpr Wanted WANTED = {true, false, false, false};

// ---- by way of a patch -------------------------------------------------------------------------------------

enum class Way { PATCH, PLACES, NOTHING };

// Tiles near each other, and inside the image or where nothing lies outside, go by way of a patch. (Which ones do must not
// depend on the block in memory, because sums have another order then.)
template <typename T, typename Index>
Way find_way(const Problem &problem, int64 item, const Tile &tile, PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count(), along = work.taps.along;
    with_kernel(a.kernel, [&](auto kernel) {
        find_cells<decltype(kernel)>(problem, item, tile, work.coordinates, work.cells);
    });
    const Whereabouts found = find_whereabouts(a, along, count, work.cells);
    const bool possible = has_short_axes(a) && (found.inside || a.boundary == WK_CONSTANT);
    if (possible && found.outside) return Way::NOTHING;
    const bool fits = possible && work.patch.fit(a.ndim, along, count, work.cells);
    if (fits && (found.in_memory || problem.whole)) return Way::PATCH;
    find_coordinates(problem, item, tile, work.coordinates);
    find_taps(problem, work.coordinates.x, count, WANTED, work.taps);  // throws if the block does not suffice
    if (fits) return Way::PATCH;
    return work.taps.exterior || work.taps.vanishes[0] ? Way::NOTHING : Way::PLACES;
}

// The weights of the points along each axis; false where all are zero.
template <typename T, typename Index>
bool find_weights(const Problem &problem, int count, PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    bool any = true;
    for (int d = 0; d < a.ndim; ++d) {
        with_kernel(a.kernel, [&](auto kernel) {
            using Kernel = decltype(kernel);
            any &= find_weights_of_order<Kernel>(a.derivative[d], work.cells[d].local, count, work.weight[d]);
        });
    }
    return any;
}

// The products of the taps (0, y, z), (1, y, z), ...: [p * ALONG + tap]; +0, which changes no sum, for a tap of weight
// zero.
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
void add_to_patch(int count, PushWork<T, Index> &work) {
    for (int z = 0; z < (NDIM > 2 ? ALONG : 1); ++z) {
        for (int y = 0; y < (NDIM > 1 ? ALONG : 1); ++y) {
            find_products<NDIM, ALONG>(work.weight, y, z, work.value, count, work.product);
            work.patch.template add<ALONG>(y, z, work.product, count);
        }
    }
}

// Adds the values of the points in one channel.
template <int ALONG, typename T, typename Index>
void push_patch(const Problem &problem, int count, Slab slab, T *plane, PushWork<T, Index> &work) {
    const int ndim = problem.arguments.ndim;
    if (problem.prefetches) work.patch.prefetch(problem, slab.low, slab.high, plane);
    if (ndim == 1) add_to_patch<1, ALONG>(count, work);
    else if (ndim == 2) add_to_patch<2, ALONG>(count, work);
    else add_to_patch<3, ALONG>(count, work);
    work.patch.template flush<ALONG>(problem, slab.low, slab.high, plane);
}

template <typename T, typename Index>
void push_patch(const Problem &problem, int count, Slab slab, T *plane, PushWork<T, Index> &work) {
    switch (work.taps.along) {
    case 1: return push_patch<1>(problem, count, slab, plane, work);
    case 2: return push_patch<2>(problem, count, slab, plane, work);
    case 3: return push_patch<3>(problem, count, slab, plane, work);
    default: return push_patch<4>(problem, count, slab, plane, work);
    }
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
void push_tile(const Problem &problem, int64 item, const Tile &tile, const Next &next, Slab slab,
               PushWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    const T factor = static_cast<T>(derivative_factor(a));
    prefetch_grid(problem, item, tile, next);
    const Way way = find_way(problem, item, tile, work);
    if (way == Way::NOTHING || (way == Way::PATCH && !find_weights(problem, count, work))) return;
    if (way == Way::PLACES) {
        find_destinations(work.taps, static_cast<Index>(slab.low), static_cast<Index>(slab.high), work.place);
    }
    for (int64 c = 0; c < a.channels; ++c) {
        const T *values = static_cast<const T *>(a.point_values) + problem.point_value_start(item, c);
        prefetch_next_values(problem, values, c, tile, next);
        read_tile(problem, tile, values, work.value);
        for (int p = 0; p < count && factor != T(1); ++p) work.value[p] *= factor;
        T *plane = static_cast<T *>(a.out) + problem.plane_start(item, c);
        if (way == Way::PATCH) push_patch(problem, count, slab, plane, work);
        else scatter(work, plane);
    }
}

void push(const Problem &problem, const Interruption &interruption) {
    const double nanoseconds = nanoseconds_per_point(problem, 0.8) * problem.batch * problem.points;
    with_types(problem, [&](auto t, auto index) {
        using Work = PushWork<decltype(t), decltype(index)>;
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
