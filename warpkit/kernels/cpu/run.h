// What all entry points share: the choice of types, the tiles handed to threads, and errors made codes.
#ifndef WARPKIT_CPU_RUN_H
#define WARPKIT_CPU_RUN_H

#include "find_tile.h"
#include "status.h"

namespace wk {

// Calls body(T{}, Index{}) with the type of the image's arithmetic and that of places.
template <typename Body>
void with_types(const Problem &problem, const Body &body) {
    if (problem.arguments.image_dtype == WK_FLOAT64) {
        if (problem.wide_index) body(double{}, int64{});
        else body(double{}, int32{});
    } else {
        if (problem.wide_index) body(float{}, int64{});
        else body(float{}, int32{});
    }
}

// About how long a point takes, for the choice of the number of threads.
inline double nanoseconds_per_point(const Problem &problem, double per_tap) {
    const wk_sampling &a = problem.arguments;
    double taps = 1.0;
    for (int d = 0; d < a.ndim; ++d) taps *= taps_of(a.kernel);
    const double spline = a.source == WK_TPS ? 5.0 * static_cast<double>(a.spline.controls) : 0.0;
    return a.ndim + spline + per_tap * taps * static_cast<double>(a.channels);
}

// Runs body(item, piece, tile, next, work) for all tiles of `items` batch items, on as many threads as the work is
// worth. The tiles of a piece come in order, on one thread; pieces are numbered through all items.
template <typename Work, typename Body>
void parallel_for_tiles(const Problem &problem, int64 items, double nanoseconds,
                        const Interruption &interruption, const Body &body) {
    const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
    parallel_for(items * problem.pieces, threads, interruption, [&](int64 number) {
        Work &work = workspace<Work>();
        set_up(problem, work.taps);
        const int64 item = number / problem.pieces;
        problem.for_tiles(number % problem.pieces, [&](int64, const Tile &tile, const Next &next) {
            prefetch_grid(problem, item, tile, next);
            body(item, number, tile, next, work);
        });
    });
}

// Runs an entry point's body; what it throws becomes a status.
template <typename Body>
int32_t run(const wk_sampling *arguments, wk_interrupted interrupted, const Body &body) {
    if (!is_supported(*arguments)) return WK_UNSUPPORTED;
    try {
        return status_of(interrupted, [&](const Interruption &interruption) {
            body(Problem(*arguments), interruption);
        });
    } catch (const OutsideBlock &) {
        return WK_OUTSIDE_BLOCK;
    }
}

}  // namespace wk

#endif
