// The vjp of grid_sample: the cotangents of its image and of its grid.
//
//   ct_image[n, c, place_k(p)] += w_k(p) * ct_out[n, c, p]          (push: the adjoint of the gather)
//   ct_grid[n, p, d] = scale_d * sum over c of ct_out[n, c, p] * slope_d[n, c, p],
//     slope_d[n, c, p] = sum over taps k of (d w_k / d x_d)(p) * image[n, c, place_k(p)]
#include <new>

#include "problem.h"
#include "product.h"

namespace wk {
namespace {

// ---- the grid's cotangent: each point on its own, so any thread may take any tile ---------------

template <typename T, typename Index>
struct GridWork {
    Cells cells;
    Taps<T, Index> taps;
    Values<T> values;
    alignas(64) T ct[TILE];
    alignas(64) double sum[MAX_NDIM][TILE];  // over channels (and over images that share the grid)
};

// Adds ct * d value / d x_d of one channel. Nearest: every derivative weight is 0, nothing to add.
template <int NDIM, int AXIS, typename T, typename Index>
void add_derivative(const Taps<T, Index> &taps, const Values<T> &values, int count, const T *WK_RESTRICT ct,
                    double *WK_RESTRICT sum) {
    for (int p = 0; p < count; ++p) {
        const T slope = weighted_sum<Linear, NDIM, AXIS>(taps, values, p);
        sum[p] += static_cast<double>(ct[p]) * static_cast<double>(slope);
    }
}

template <int NDIM, typename T, typename Index>
void add_derivatives(const T *plane, int count, T fill, GridWork<T, Index> &work) {
    load_values<Linear, NDIM>(plane, work.taps, count, fill, work.values);
    add_derivative<NDIM, 0>(work.taps, work.values, count, work.ct, work.sum[0]);
    add_derivative<NDIM, 1>(work.taps, work.values, count, work.ct, work.sum[1]);
    if (NDIM == 3) add_derivative<NDIM, NDIM - 1>(work.taps, work.values, count, work.ct, work.sum[NDIM - 1]);
}

// A point has no answer (NaN coordinate) where the weight of any axis is NaN; then all of its cotangent is
// NaN.
template <typename G, typename T, typename Index>
void write_ct_grid(const Problem &problem, int64 grid_item, const Tile &tile, const GridWork<T, Index> &work,
                   G *ct_grid) {
    const int ndim = problem.arguments.ndim;
    alignas(64) T probe[TILE] = {};
    for (int d = 0; d < ndim; ++d) {
        for (int p = 0; p < tile.count(); ++p) probe[p] += work.taps.weight[d][0][p];
    }
    for (int r = 0; r < tile.height; ++r) {
        G *to = ct_grid + (grid_item * problem.arguments.points + problem.point(tile, r)) * ndim;
        for (int d = 0; d < ndim; ++d) {
            const double scale = problem.axes[d].scale;
            const double *sum = work.sum[d] + r * tile.width;
            const T *valid = probe + r * tile.width;
            for (int p = 0; p < tile.width; ++p) {
                const double result = valid[p] == valid[p] ? scale * sum[p] : NOT_A_NUMBER;
                to[p * ndim + d] = static_cast<G>(result);
            }
        }
    }
}

template <typename T, typename Index>
void grid_tile(const Problem &problem, int64 grid_item, const Tile &tile, GridWork<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = tile.count();
    const T fill = static_cast<T>(a.fill_value);
    locate(problem, grid_item, tile, work.cells);
    find_taps(problem, work.cells, count, work.taps);
    memset(work.sum, 0, sizeof(work.sum));
    const int64 first = a.grid_n == 1 ? 0 : grid_item, last = a.grid_n == 1 ? problem.batch : grid_item + 1;
    for (int64 item = first; item < last && a.kernel == WK_LINEAR; ++item) {
        for (int64 c = 0; c < a.channels; ++c) {
            const T *plane = static_cast<const T *>(a.image) + problem.plane_start(item, c);
            const T *ct = static_cast<const T *>(a.values) + problem.value_start(item, c);
            read_tile(problem, tile, ct, work.ct);
            if (a.ndim == 2) add_derivatives<2>(plane, count, fill, work);
            else add_derivatives<3>(plane, count, fill, work);
        }
    }
    const auto write = [&](auto *ct_grid) { write_ct_grid(problem, grid_item, tile, work, ct_grid); };
    if (a.grid_dtype == WK_FLOAT32) write(static_cast<float *>(a.ct_grid));
    else write(static_cast<double *>(a.ct_grid));
}

void grid_cotangent(const Problem &problem) {
    const wk_grid_sample &a = problem.arguments;
    const double nanoseconds = 0.4 * problem.batch * a.points * (a.ndim + 2.0 * problem.taps() * a.channels);
    with_types(problem, [&](auto t, auto index) {
        using Work = GridWork<decltype(t), decltype(index)>;
        const auto body = [&](int64 item, const Tile &tile, Work &work) {
            grid_tile(problem, item, tile, work);
        };
        parallel_for_tiles<Work>(problem, a.grid_n, nanoseconds, body);
    });
}

// ---- the image's cotangent: points share destinations ----------------------------------------------
//
// Each destination adds up its contributions in row-major order of the points (and in batch order, where
// images share a cotangent), whoever does it: the image is cut into slabs, and the worker of a slab visits
// all points in that order and keeps the taps that land in its slab. Tiles that miss the slab are left after
// their coordinates are known.

template <typename T, typename Index>
struct ImageWork {
    Cells cells;
    Taps<T, Index> taps;
    alignas(64) Index place[power<MAX_TAPS, MAX_NDIM>()][TILE];  // negative: nothing to add there
    alignas(64) T weight[power<MAX_TAPS, MAX_NDIM>()][TILE];
};

// Combined places and weights of tap number K and those after it, for all channels; places outside [low,
// high) become negative. Returns whether any tap lands there.
template <typename Kernel, int NDIM, int K = 0, typename T, typename Index>
bool find_destinations(int count, Index low, Index high, ImageWork<T, Index> &work) {
    Index *WK_RESTRICT places = work.place[K];
    T *WK_RESTRICT weights = work.weight[K];
    Index found = 0;
    for (int p = 0; p < count; ++p) {
        const T weight = product_weight<Kernel, NDIM, NO_AXIS, K>(work.taps, p);
        const Index place = product_place<Kernel, NDIM, K>(work.taps, p);
        const bool keep = (weight != T(0)) & (weight == weight) & (place >= low) & (place < high);
        places[p] = keep ? place : Index(-1);
        weights[p] = weight;
        found |= keep ? Index(1) : Index(0);
    }
    if constexpr (K + 1 == power<Kernel::TAPS, NDIM>()) return found != 0;
    else return find_destinations<Kernel, NDIM, K + 1>(count, low, high, work) | (found != 0);
}

template <int TAPS, typename T, typename Index>
void scatter(const ImageWork<T, Index> &work, int count, const T *WK_RESTRICT ct, T *WK_RESTRICT plane) {
    for (int p = 0; p < count; ++p) {
        for (int k = 0; k < TAPS; ++k) {
            const Index place = work.place[k][p];
            if (place >= 0) plane[place] += work.weight[k][p] * ct[p];
        }
    }
}

template <typename Kernel, int NDIM, typename T, typename Index>
void push_tile(const Problem &problem, int64 item, const Tile &tile, Index low, Index high,
               ImageWork<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = tile.count();
    locate(problem, problem.grid_of(item), tile, work.cells);
    find_taps(problem, work.cells, count, work.taps);
    if (!find_destinations<Kernel, NDIM>(count, low, high, work)) return;
    for (int64 c = 0; c < a.channels; ++c) {
        const int64 start = problem.value_start(item, c) + problem.point(tile, 0);
        const T *ct = static_cast<const T *>(a.values) + start;
        T *plane = static_cast<T *>(a.ct_image) + problem.plane_start(item, c);
        scatter<power<Kernel::TAPS, NDIM>()>(work, count, ct, plane);
    }
}

// One slab of one image: all points of all batch items that share the image.
template <typename T, typename Index>
void push_slab(const Problem &problem, int64 image, Index low, Index high, ImageWork<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int64 first = a.image_n == 1 ? 0 : image, last = a.image_n == 1 ? problem.batch : image + 1;
    for (int64 item = first; item < last; ++item) {
        for (int64 number = 0; number < problem.tiles; ++number) {
            const Tile tile = problem.tile(number);
            if (a.kernel == WK_LINEAR) {
                if (a.ndim == 2) push_tile<Linear, 2>(problem, item, tile, low, high, work);
                else push_tile<Linear, 3>(problem, item, tile, low, high, work);
            } else {
                if (a.ndim == 2) push_tile<Nearest, 2>(problem, item, tile, low, high, work);
                else push_tile<Nearest, 3>(problem, item, tile, low, high, work);
            }
        }
    }
}

void image_cotangent(const Problem &problem) {
    const wk_grid_sample &a = problem.arguments;
    const double nanoseconds = 1.0 * problem.batch * a.points * (a.ndim + problem.taps() * a.channels);
    const int64 threads = worthwhile_threads(a.num_threads, nanoseconds);
    const int64 slabs = a.image_n >= 4 * threads ? 1 : threads;  // whole images where there are enough
    with_types(problem, [&](auto t, auto index) {
        parallel_for(a.image_n * slabs, threads, [&](int64 piece) {
            ImageWork<decltype(t), decltype(index)> work;
            const int64 slab = piece % slabs, quotient = problem.plane / slabs, rest = problem.plane % slabs;
            const int64 low = slab * quotient + (slab < rest ? slab : rest);
            const int64 high = low + quotient + (slab < rest ? 1 : 0);
            push_slab(problem, piece / slabs, static_cast<decltype(index)>(low),
                      static_cast<decltype(index)>(high), work);
        });
    });
}

}  // namespace
}  // namespace wk

int32_t wk_grid_sample_pull_vjp(const wk_grid_sample *arguments) {
    if (!wk::is_supported(*arguments)) return WK_UNSUPPORTED;
    try {
        if (arguments->ct_grid) wk::grid_cotangent(wk::Problem(*arguments, wk::Order::COMPACT));
        if (arguments->ct_image) wk::image_cotangent(wk::Problem(*arguments, wk::Order::ROW_MAJOR));
    } catch (const std::bad_alloc &) {
        return WK_OUT_OF_MEMORY;
    }
    return WK_OK;
}
