// grid_sample: values of an image at grid points, out[n, c, p] = sum over taps k of w_k(p) * image[n, c,
// place_k(p)].
#include <new>

#include "parallel.h"
#include "problem.h"
#include "product.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct Workspace {
    Cells cells;
    Taps<T, Index> taps;
    Values<T> values;
};

template <typename Kernel, int NDIM, typename T, typename Index>
void gather(const T *plane, const Taps<T, Index> &taps, int count, T fill, Values<T> &values,
            T *WK_RESTRICT out) {
    load_values<Kernel, NDIM>(plane, taps, count, fill, values);
    for (int p = 0; p < count; ++p) {
        const T sum = weighted_sum<Kernel, NDIM>(taps, values, p);
        // One NaN for all: which operand's NaN a sum keeps is up to the compiler.
        out[p] = sum == sum ? sum : static_cast<T>(NOT_A_NUMBER);
    }
}

template <typename T, typename Index>
void pull_tile(const Problem &problem, int64 item, int64 tile, Workspace<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = problem.count(tile);
    locate(problem, problem.grid_of(item), tile, work.cells);
    find_taps(problem, work.cells, count, work.taps);
    const T fill = static_cast<T>(a.fill_value);
    for (int64 c = 0; c < a.channels; ++c) {
        const T *plane = static_cast<const T *>(a.image) + problem.plane_start(item, c);
        T *out = static_cast<T *>(a.values) + problem.value_start(item, c, tile);
        if (a.kernel == WK_LINEAR) {
            if (a.ndim == 2) gather<Linear, 2>(plane, work.taps, count, fill, work.values, out);
            else gather<Linear, 3>(plane, work.taps, count, fill, work.values, out);
        } else {
            if (a.ndim == 2) gather<Nearest, 2>(plane, work.taps, count, fill, work.values, out);
            else gather<Nearest, 3>(plane, work.taps, count, fill, work.values, out);
        }
    }
}

void pull(const Problem &problem) {
    const wk_grid_sample &a = problem.arguments;
    constexpr int64 PIECE = 16;  // tiles handed to a thread at once
    const int64 pieces = (problem.tiles + PIECE - 1) / PIECE;
    const double nanoseconds = 0.4 * problem.batch * a.points * (a.ndim + problem.taps() * a.channels);
    const int64 threads = worthwhile_threads(a.num_threads, nanoseconds);
    with_types(problem, [&](auto t, auto index) {
        parallel_for(problem.batch * pieces, threads, [&](int64 piece) {
            Workspace<decltype(t), decltype(index)> work;
            const int64 item = piece / pieces, first = piece % pieces * PIECE;
            const int64 last = first + PIECE < problem.tiles ? first + PIECE : problem.tiles;
            for (int64 tile = first; tile < last; ++tile) pull_tile(problem, item, tile, work);
        });
    });
}

}  // namespace
}  // namespace wk

int32_t wk_grid_sample_pull(const wk_grid_sample *arguments) {
    if (!wk::is_supported(*arguments)) return WK_UNSUPPORTED;
    try {
        wk::pull(wk::Problem(*arguments));
    } catch (const std::bad_alloc &) {
        return WK_OUT_OF_MEMORY;
    }
    return WK_OK;
}
