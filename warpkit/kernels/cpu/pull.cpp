// Pull: out[n, c, p] = sum over taps k of w_k(p) * image[n, c, place_k(p)].
#include "run.h"
#include "values.h"

namespace wk {
namespace {

// S is the type that pixels are stored in, T that of the arithmetic, O that of the output.
template <typename S, typename T, typename O, typename Index>
struct PullWork : Workspace<T, Index> {
    Values<S> values;
    alignas(64) T result[TILE];
    alignas(64) O out[TILE];
};

template <typename S, typename T, typename O, typename Index>
void pull_tile(const Problem &problem, int64 item, const Tile &tile, const Next &next, double factor,
               PullWork<S, T, O, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    const S fill = Pixel<S>::of(static_cast<T>(a.fill_value));
    const T scale = static_cast<T>(factor), outside = to_arithmetic(fill);
    const bool outside_is_nothing = outside == 0 && 1 / outside > 0;  // +0: so is then the sum
    find_tile_taps(problem, item, tile, {true, false, !outside_is_nothing, true}, work);
    for (int64 c = 0; c < a.channels; ++c) {
        if (work.taps.exterior) {  // as around an image that is made smaller
            for (int p = 0; p < count; ++p) work.out[p] = Pixel<O>::of(T(0));
        } else {
            prefetch_next(problem, static_cast<const S *>(a.image), item, c, tile, next, work.taps);
            load_values(static_cast<const S *>(a.image) + problem.plane_start(item, c), work.taps, fill,
                        work.values);
            weigh_values(work.taps, 0, work.values, work.result);
            for (int p = 0; p < count && factor != 1.0; ++p) work.result[p] *= scale;
            if constexpr (std::is_same_v<T, O>) {
                write_tile(problem, tile, work.result, static_cast<O *>(a.out) + problem.value_start(item, c));
                continue;
            }
            for (int p = 0; p < count; ++p) work.out[p] = Pixel<O>::of(work.result[p]);
        }
        write_tile(problem, tile, work.out, static_cast<O *>(a.out) + problem.value_start(item, c));
    }
}

template <typename S, typename T, typename O>
void pull_as(const Problem &problem, const Interruption &interruption) {
    const double factor = derivative_factor(problem.arguments);
    const double nanoseconds = nanoseconds_per_point(problem, 0.2) * problem.batch * problem.points;
    const auto run_with = [&](auto index) {
        using Work = PullWork<S, T, O, decltype(index)>;
        const auto body = [&](int64 item, int64, const Tile &tile, const Next &next, Work &work) {
            pull_tile(problem, item, tile, next, factor, work);
        };
        parallel_for_tiles<Work>(problem, problem.batch, nanoseconds, interruption, body);
    };
    if (problem.wide_index) run_with(int64{});
    else run_with(int32{});
}

// Derivatives of integer images are not rounded.
template <typename S>
void pull_integers(const Problem &problem, const Interruption &interruption) {
    const int32_t *order = problem.arguments.derivative;
    if (order[0] + order[1] + order[2] > 0) pull_as<S, float, float>(problem, interruption);
    else pull_as<S, float, S>(problem, interruption);
}

void pull(const Problem &problem, const Interruption &interruption) {
    switch (problem.arguments.image_dtype) {
    case WK_FLOAT32: return pull_as<float, float, float>(problem, interruption);
    case WK_FLOAT64: return pull_as<double, double, double>(problem, interruption);
    case WK_FLOAT16: return pull_as<Half, float, Half>(problem, interruption);
    case WK_UINT8: return pull_integers<uint8>(problem, interruption);
    case WK_UINT16: return pull_integers<uint16>(problem, interruption);
    case WK_INT16: return pull_integers<int16>(problem, interruption);
    }
}

}  // namespace
}  // namespace wk

int32_t wk_pull(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::pull);
}
