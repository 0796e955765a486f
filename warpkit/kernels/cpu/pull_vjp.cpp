// The cotangent of pull's coordinates, and of the parameters that they are computed from:
//
//   ct_x[n, p, d] = sum over c of ct_out[n, c, p] * slope_d[n, c, p],
//   slope_d[n, c, p] = sum over taps k of (d w_k / d x_d)(p) * image[n, c, place_k(p)],
//
// times the frame's scale for a grid; for a transform, ct_x goes on to its parameters inside the tile, and the
// tiles' contributions are added up in the order of the tiles.
#include "linear_slopes.h"
#include "run.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct VjpWork : LinearWork<T, Index> {
    alignas(64) T ct[TILE];
    alignas(64) T slope[TILE];
    alignas(64) PointArray sum[MAX_NDIM];  // over channels, and over images that share the coordinates
};

template <typename T, typename Index>
void read_cotangent(const Problem &problem, int64 item, int64 channel, const Tile &tile, const Next &next,
                    VjpWork<T, Index> &work) {
    const T *values = static_cast<const T *>(problem.arguments.point_values) + problem.point_value_start(item, channel);
    prefetch_next_values(problem, values, channel, tile, next);
    read_tile(problem, tile, values, work.ct);
}

template <typename T, typename Index>
void add_slopes(const Problem &problem, int64 item, const Tile &tile, const Next &next, VjpWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    const T fill = static_cast<T>(a.fill_value);
    for (int64 c = 0; c < a.channels; ++c) {
        read_cotangent(problem, item, c, tile, next, work);
        prefetch_next(problem, static_cast<const T *>(a.image), item, c, tile, next, work.taps);
        load_values(static_cast<const T *>(a.image) + problem.plane_start(item, c), work.taps, fill,
                    work.values);
        for (int d = 0; d < a.ndim; ++d) {
            if (work.taps.vanishes[1 + d]) continue;
            weigh_values(work.taps, 1 + d, work.values, work.slope);
            double *WK_RESTRICT sum = work.sum[d];
            for (int p = 0; p < count; ++p) {  // vectorised
                sum[p] += static_cast<double>(work.ct[p]) * static_cast<double>(work.slope[p]);
            }
        }
    }
}

// The same by way of cells, for linear interpolation itself.
template <int NDIM, typename T, typename Index>
void add_linear_slopes(const Problem &problem, int64 item, const Tile &tile, const Next &next, Reading reading,
                       VjpWork<T, Index> &work) {
    const T *image = static_cast<const T *>(problem.arguments.image);
    for (int64 c = 0; c < problem.arguments.channels; ++c) {
        read_cotangent(problem, item, c, tile, next, work);
        if (reading == Reading::IMAGE) prefetch_next(problem, image, item, c, tile, next, work.taps);
        if (reading == Reading::WINDOW && problem.prefetches && c + 1 < problem.arguments.channels) {
            work.window.prefetch(problem, image + problem.plane_start(item, c + 1));
        }
        read_pixels<NDIM>(problem, reading, image + problem.plane_start(item, c), work);
        add_slopes<NDIM>(work.cells, work.values.row, work.ct, tile.count(), work.sum);
    }
}

// Calls body(item) for the batch items whose coordinates are those of a source.
template <typename Body>
void for_items(const Problem &problem, int64 source, const Body &body) {
    const bool shared = problem.arguments.source_n == 1;
    for (int64 item = shared ? 0 : source; item < (shared ? problem.batch : source + 1); ++item) body(item);
}

template <typename T, typename Index>
void mark_unanswered(const Problem &problem, int count, const T *answer, VjpWork<T, Index> &work) {
    for (int d = 0; d < problem.arguments.ndim; ++d) {
        for (int p = 0; p < count; ++p) {
            const bool answered = answer[p] == answer[p];
            work.sum[d][p] = answered ? work.sum[d][p] : NOT_A_NUMBER;
        }
    }
}

// Returns false where the cotangent is zero.
template <typename T, typename Index>
bool find_linear_cotangent(const Problem &problem, int64 source, const Tile &tile, const Next &next,
                           VjpWork<T, Index> &work) {
    const int ndim = problem.arguments.ndim, count = tile.count();
    const Reading reading = find_linear_tile(problem, source, tile, work);
    if (reading == Reading::NOTHING && work.numbers) return false;
    for_items(problem, source, [&](int64 item) {
        if (reading == Reading::NOTHING) return;
        if (ndim == 1) add_linear_slopes<1>(problem, item, tile, next, reading, work);
        else if (ndim == 2) add_linear_slopes<2>(problem, item, tile, next, reading, work);
        else add_linear_slopes<3>(problem, item, tile, next, reading, work);
    });
    if (reading == Reading::TAPS && !work.taps.interior) mark_unanswered(problem, count, work.taps.answer, work);
    for (int d = 0; d < ndim && !work.numbers; ++d) mark_unanswered(problem, count, work.cells[d].local, work);
    for (int d = 0; d < ndim; ++d) {
        for (int p = 0; p < count; ++p) work.sum[d][p] = canonical(work.sum[d][p]);
    }
    return true;
}

// The cotangent of the coordinates of a tile of one source, in pixels: work.sum. A point without an answer (NaN
// coordinate) has NaN along every axis. Returns false where all are zero.
template <typename T, typename Index>
bool find_coordinate_cotangent(const Problem &problem, int64 source, const Tile &tile, const Next &next,
                               VjpWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    for (int d = 0; d < a.ndim; ++d) {
        for (int p = 0; p < count; ++p) work.sum[d][p] = 0.0;
    }
    if (a.kernel == WK_LINEAR && a.derivative[0] + a.derivative[1] + a.derivative[2] == 0) {
        return find_linear_cotangent(problem, source, tile, next, work);
    }
    find_tile_taps(problem, source, tile, {false, true, a.fill_value != 0, true}, work);
    if (work.taps.exterior) return false;  // equal taps all round: no slope
    for_items(problem, source, [&](int64 item) { add_slopes(problem, item, tile, next, work); });
    const T *answer = answers(work.taps);
    if (answer) mark_unanswered(problem, count, answer, work);
    return true;
}

// Asks for the memory of the next tile's grid cotangent.
template <typename G>
void prefetch_grid_cotangent(const Problem &problem, int64 source, const Tile &tile, const Next &next) {
    const wk_sampling &a = problem.arguments;
    if (tile.width == problem.row) return;  // one piece of memory: the processor foresees it
    constexpr uintptr_t LINE = 64;
    const int64 point = source * problem.points + problem.point(tile, 0) + next.right * problem.tile_width +
                        next.down * problem.tile_height * problem.row;
    uintptr_t row = reinterpret_cast<uintptr_t>(static_cast<G *>(a.out) + point * a.ndim);
    for (int r = 0; r < tile.height; ++r, row += problem.row * a.ndim * sizeof(G)) {
        for (uintptr_t at = row / LINE * LINE; at < row + tile.width * a.ndim * sizeof(G); at += LINE) {
            WK_PREFETCH_TO_WRITE(reinterpret_cast<const void *>(at));
        }
    }
}

template <typename G, typename T, typename Index>
void write_grid_cotangent(const Problem &problem, int64 source, const Tile &tile, double factor,
                          const VjpWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    G *out = static_cast<G *>(a.out) + source * problem.points * a.ndim;
    for (int r = 0; r < tile.height; ++r) {
        G *WK_RESTRICT to = out + problem.point(tile, r) * a.ndim;
        for (int d = 0; d < a.ndim; ++d) {
            const double scale = factor * problem.axes[d].scale;
            const double *WK_RESTRICT sum = work.sum[d] + r * tile.width;
            for (int p = 0; p < tile.width; ++p) to[p * a.ndim + d] = static_cast<G>(scale * sum[p]);  // vectorised
        }
    }
}

template <typename T, typename Index>
void grid_cotangent(const Problem &problem, double nanoseconds, const Interruption &interruption) {
    const wk_sampling &a = problem.arguments;
    const double factor = derivative_factor(a);
    using Work = VjpWork<T, Index>;
    const auto body = [&](int64 source, int64, const Tile &tile, const Next &next, Work &work) {
        if (a.source == WK_GRID_FLOAT32) prefetch_grid_cotangent<float>(problem, source, tile, next);
        else prefetch_grid_cotangent<double>(problem, source, tile, next);
        find_coordinate_cotangent(problem, source, tile, next, work);
        if (a.source == WK_GRID_FLOAT32) write_grid_cotangent<float>(problem, source, tile, factor, work);
        else write_grid_cotangent<double>(problem, source, tile, factor, work);
    };
    parallel_for_tiles<Work>(problem, a.source_n, nanoseconds, interruption, body);
}

template <typename T, typename Index>
void parameter_cotangent(const Problem &problem, double nanoseconds, const Interruption &interruption) {
    const wk_sampling &a = problem.arguments;
    const int64 parameters = parameters_of(a), pieces = problem.pieces;
    const Memory<double> parts = allocate<double>(a.source_n * pieces * parameters);  // sums of each piece
    for (int64 i = 0; i < a.source_n * pieces * parameters; ++i) parts[i] = 0.0;
    using Work = VjpWork<T, Index>;
    const auto body = [&](int64 source, int64 piece, const Tile &tile, const Next &next, Work &work) {
        if (!find_coordinate_cotangent(problem, source, tile, next, work)) return;
        add_parameter_cotangent(problem, tile, work.coordinates, work.sum,
                                parts.get() + piece * parameters);
    };
    parallel_for_tiles<Work>(problem, a.source_n, nanoseconds, interruption, body);
    double *out = static_cast<double *>(a.out);
    for (int64 source = 0; source < a.source_n; ++source) {
        for (int64 i = 0; i < parameters; ++i) out[source * parameters + i] = 0.0;
        for (int64 piece = 0; piece < pieces; ++piece) {
            const double *part = parts.get() + (source * pieces + piece) * parameters;
            for (int64 i = 0; i < parameters; ++i) out[source * parameters + i] += part[i];
        }
    }
}

void pull_vjp(const Problem &problem, const Interruption &interruption) {
    const double nanoseconds = nanoseconds_per_point(problem, 0.5) * problem.batch * problem.points;
    with_types(problem, [&](auto t, auto index) {
        using T = decltype(t);
        using Index = decltype(index);
        if (problem.is_grid()) grid_cotangent<T, Index>(problem, nanoseconds, interruption);
        else parameter_cotangent<T, Index>(problem, nanoseconds, interruption);
    });
}

}  // namespace
}  // namespace wk

int32_t wk_pull_vjp(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::pull_vjp);
}
