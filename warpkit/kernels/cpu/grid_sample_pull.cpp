// grid_sample: values of an image at grid points, out[n, c, p] = sum over taps k of w_k(p) * image[n, c,
// place_k(p)].
#include <new>

#include "problem.h"
#include "product.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct Workspace {
    Cells cells;
    Taps<T, Index> taps;
    Values<T> values;
    alignas(64) T out[TILE];
};

template <typename Kernel, int NDIM, typename T, typename Index>
void gather(const T *plane, int count, T fill, Workspace<T, Index> &work) {
    load_values<Kernel, NDIM>(plane, work.taps, count, fill, work.values);
    for (int p = 0; p < count; ++p) {
        const T sum = weighted_sum<Kernel, NDIM, NO_AXIS>(work.taps, work.values, p);
        // One NaN for all: which operand's NaN a sum keeps is up to the compiler.
        work.out[p] = sum == sum ? sum : static_cast<T>(NOT_A_NUMBER);
    }
}

template <typename T, typename Index>
void pull_tile(const Problem &problem, int64 item, const Tile &tile, Workspace<T, Index> &work) {
    const wk_grid_sample &a = problem.arguments;
    const int count = tile.count();
    const T fill = static_cast<T>(a.fill_value);
    locate(problem, problem.grid_of(item), tile, work.cells);
    // Nothing but taps outside that read +0, as around an image that is made smaller: the sum is +0.
    if (work.cells.exterior && a.boundary == WK_CONSTANT && fill == 0 && 1 / fill > 0) {
        for (int p = 0; p < count; ++p) work.out[p] = 0;
        for (int64 c = 0; c < a.channels; ++c) {
            write_tile(problem, tile, work.out, static_cast<T *>(a.values) + problem.value_start(item, c));
        }
        return;
    }
    find_taps(problem, work.cells, count, work.taps);
    for (int64 c = 0; c < a.channels; ++c) {
        const T *plane = static_cast<const T *>(a.image) + problem.plane_start(item, c);
        if (a.kernel == WK_LINEAR) {
            if (a.ndim == 2) gather<Linear, 2>(plane, count, fill, work);
            else gather<Linear, 3>(plane, count, fill, work);
        } else {
            if (a.ndim == 2) gather<Nearest, 2>(plane, count, fill, work);
            else gather<Nearest, 3>(plane, count, fill, work);
        }
        write_tile(problem, tile, work.out, static_cast<T *>(a.values) + problem.value_start(item, c));
    }
}

void pull(const Problem &problem) {
    const wk_grid_sample &a = problem.arguments;
    const double nanoseconds = 0.4 * problem.batch * a.points * (a.ndim + problem.taps() * a.channels);
    with_types(problem, [&](auto t, auto index) {
        using Work = Workspace<decltype(t), decltype(index)>;
        const auto body = [&](int64 item, const Tile &tile, Work &work) {
            pull_tile(problem, item, tile, work);
        };
        parallel_for_tiles<Work>(problem, problem.batch, nanoseconds, body);
    });
}

}  // namespace
}  // namespace wk

int32_t wk_grid_sample_pull(const wk_grid_sample *arguments) {
    if (!wk::is_supported(*arguments)) return WK_UNSUPPORTED;
    try {
        wk::pull(wk::Problem(*arguments, wk::Order::COMPACT));
    } catch (const std::bad_alloc &) {
        return WK_OUT_OF_MEMORY;
    }
    return WK_OK;
}
