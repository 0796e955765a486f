// The vjp of grid_sample: the cotangents of its image and of its grid.
//
//   ct_image[n, c, place_k(p)] += w_k(p) * ct_out[n, c, p]          (push: the adjoint of the gather)
//   ct_grid[n, p, d] = scale_d * sum over c of ct_out[n, c, p] * slope_d[n, c, p],
//     slope_d[n, c, p] = sum over taps k of (d w_k / d x_d)(p) * image[n, c, place_k(p)]
#include <new>

#include "parallel.h"
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
    alignas(64) double sum[MAX_NDIM][TILE];  // over channels (and over images that share the grid)
};

// Adds ct * d value / d x_d of one channel. Nearest: every derivative weight is 0, nothing to add.
template <int NDIM, typename T, typename Index>
void add_derivatives(const T *plane, int count, T fill, const T *WK_RESTRICT ct, GridWork<T, Index> &work) {
    load_values<Linear, NDIM>(plane, work.taps, count, fill, work.values);
    for (int d = 0; d < NDIM; ++d) {
        double *WK_RESTRICT sum = work.sum[d];
        for (int p = 0; p < count; ++p) {
            const T slope = weighted_sum<Linear, NDIM>(work.taps, work.values, p, d);
            sum[p] += static_cast<double>(ct[p]) * static_cast<double>(slope);
        }
    }
}

// A point has no answer (NaN coordinate) where the weight of any axis is NaN; all its coordinates' cotangents
// are NaN.
template <typename G, typename T, typename Index>
void write_ct_grid(const Problem &problem, int count, const GridWork<T, Index> &work,
                   G *WK_RESTRICT ct_grid) {
    const int ndim = problem.arguments.ndim;
    for (int d = 0; d < ndim; ++d) {
        const double scale = problem.axes[d].scale;
        for (int p = 0; p < count; ++p) {
            T probe = T(0);
            for (int e = 0; e < ndim; ++e) probe += work.taps.weight[e][0][p];
            const double result = probe == probe ? scale * work.sum[d][p] : NOT_A_NUMBER;
            ct_grid[p * ndim + d] = static_cast<G>(result);
        }
    }
}

template <typename T, typename Index>
void grid_tile(const Problem &problem, int64 grid_item, int64 tile, GridWork<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = problem.count(tile);
    const T fill = static_cast<T>(a.fill_value);
    locate(problem, grid_item, tile, work.cells);
    find_taps(problem, work.cells, count, work.taps);
    memset(work.sum, 0, sizeof(work.sum));
    const int64 first = a.grid_n == 1 ? 0 : grid_item, last = a.grid_n == 1 ? problem.batch : grid_item + 1;
    for (int64 item = first; item < last && a.kernel == WK_LINEAR; ++item) {
        for (int64 c = 0; c < a.channels; ++c) {
            const T *plane = static_cast<const T *>(a.image) + problem.plane_start(item, c);
            const T *ct = static_cast<const T *>(a.values) + problem.value_start(item, c, tile);
            if (a.ndim == 2) add_derivatives<2>(plane, count, fill, ct, work);
            else add_derivatives<3>(plane, count, fill, ct, work);
        }
    }
    const auto write = [&](auto *ct_grid) {
        write_ct_grid(problem, count, work, ct_grid + problem.grid_start(grid_item, tile));
    };
    if (a.grid_dtype == WK_FLOAT32) write(static_cast<float *>(a.ct_grid));
    else write(static_cast<double *>(a.ct_grid));
}

void grid_cotangent(const Problem &problem) {
    const wk_grid_sample &a = problem.arguments;
    constexpr int64 PIECE = 16;  // tiles handed to a thread at once
    const int64 pieces = (problem.tiles + PIECE - 1) / PIECE;
    const double nanoseconds = 0.4 * problem.batch * a.points * (a.ndim + 2.0 * problem.taps() * a.channels);
    with_types(problem, [&](auto t, auto index) {
        parallel_for(a.grid_n * pieces, worthwhile_threads(a.num_threads, nanoseconds), [&](int64 piece) {
            GridWork<decltype(t), decltype(index)> work;
            const int64 item = piece / pieces, first = piece % pieces * PIECE;
            const int64 last = first + PIECE < problem.tiles ? first + PIECE : problem.tiles;
            for (int64 tile = first; tile < last; ++tile) grid_tile(problem, item, tile, work);
        });
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

// Combined places and weights of a tile, for all channels. Returns whether any tap lands in [low, high).
template <typename Kernel, int NDIM, typename T, typename Index>
bool find_destinations(int count, Index low, Index high, ImageWork<T, Index> &work) {
    Index found = 0;
    for (int k = 0; k < power<Kernel::TAPS, NDIM>(); ++k) {
        Index *WK_RESTRICT places = work.place[k];
        T *WK_RESTRICT weights = work.weight[k];
        for (int p = 0; p < count; ++p) {
            const T weight = product_weight<Kernel, NDIM>(work.taps, p, k);
            const Index place = product_place<Kernel, NDIM>(work.taps, p, k);
            const bool keep = (weight != T(0)) & (weight == weight) & (place >= low) & (place < high);
            places[p] = keep ? place : Index(-1);
            weights[p] = weight;
            found |= keep ? Index(1) : Index(0);
        }
    }
    return found != 0;
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
void push_tile(const Problem &problem, int64 item, int64 tile, Index low, Index high,
               ImageWork<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = problem.count(tile);
    locate(problem, problem.grid_of(item), tile, work.cells);
    find_taps(problem, work.cells, count, work.taps);
    if (!find_destinations<Kernel, NDIM>(count, low, high, work)) return;
    for (int64 c = 0; c < a.channels; ++c) {
        const T *ct = static_cast<const T *>(a.values) + problem.value_start(item, c, tile);
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
        for (int64 tile = 0; tile < problem.tiles; ++tile) {
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
        const wk::Problem problem(*arguments);
        if (arguments->ct_grid) wk::grid_cotangent(problem);
        if (arguments->ct_image) wk::image_cotangent(problem);
    } catch (const std::bad_alloc &) {
        return WK_OUT_OF_MEMORY;
    }
    return WK_OK;
}
