// The tangent of pull: tan_out[n, c, p] = sum over axes of slope_d[n, c, p] * tan_x[n, p, d], plus the pull of
// the image's tangent.
#include "run.h"
#include "values.h"

namespace wk {
namespace {

template <typename T, typename Index>
struct JvpWork : Workspace<T, Index> {
    Values<T> values;
    alignas(64) T slope[TILE];
    alignas(64) T out[TILE];
};

template <typename T, typename Index>
void add_slopes(const Problem &problem, int64 item, int64 channel, int count, T factor,
                JvpWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    load_values(static_cast<const T *>(a.image) + problem.plane_start(item, channel), work.taps,
                static_cast<T>(a.fill_value), work.values);
    for (int d = 0; d < a.ndim; ++d) {
        weigh_values(work.taps, 1 + d, work.values, work.slope);
        const double *WK_RESTRICT tangent = work.coordinates.tangent[d];
        T *WK_RESTRICT out = work.out;
        for (int p = 0; p < count; ++p) out[p] += factor * work.slope[p] * static_cast<T>(tangent[p]);  // vectorised
    }
}

template <typename T, typename Index>
void jvp_tile(const Problem &problem, int64 item, const Tile &tile, JvpWork<T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    const T factor = static_cast<T>(derivative_factor(a));
    const Wanted wanted = {a.image_tangents != nullptr, a.coordinate_tangents != nullptr, a.fill_value != 0, true};
    find_tile_taps(problem, item, tile, wanted, work);
    if (wanted.slopes) find_coordinate_tangents(problem, item, tile, work.coordinates);
    for (int64 c = 0; c < a.channels; ++c) {
        for (int p = 0; p < count; ++p) work.out[p] = 0;
        if (wanted.values && !work.taps.exterior) {
            load_values(static_cast<const T *>(a.image_tangents) + problem.plane_start(item, c), work.taps,
                        T(0), work.values);
            weigh_values(work.taps, 0, work.values, work.out);
            for (int p = 0; p < count && factor != T(1); ++p) work.out[p] *= factor;
        }
        if (wanted.slopes && !work.taps.exterior) add_slopes(problem, item, c, count, factor, work);
        write_tile(problem, tile, work.out, static_cast<T *>(a.out) + problem.value_start(item, c));
    }
}

void pull_jvp(const Problem &problem, const Interruption &interruption) {
    const double nanoseconds = nanoseconds_per_point(problem, 0.7) * problem.batch * problem.points;
    with_types(problem, [&](auto t, auto index) {
        using Work = JvpWork<decltype(t), decltype(index)>;
        const auto body = [&](int64 item, int64, const Tile &tile, const Next &, Work &work) {
            jvp_tile(problem, item, tile, work);
        };
        parallel_for_tiles<Work>(problem, problem.batch, nanoseconds, interruption, body);
    });
}

}  // namespace
}  // namespace wk

int32_t wk_pull_jvp(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::pull_jvp);
}
