// Pull: out[n, c, p] = sum over taps k of w_k(p) * image[n, c, place_k(p)].
#include "run.h"
#include "values.h"

namespace wk {
namespace {

// S is the type that pixels are stored in, T that of the arithmetic, O that of the output.
template <typename S, typename T, typename O, typename Index>
struct PullWork {
    bool streamed;  // the output is written past the caches
    Workspace<T, Index> tile;
    Values<S> values;
    alignas(64) T result[TILE];
    alignas(64) O out[TILE];
};

constexpr int GROUP = 16;       // tiles
constexpr int64 AHEAD = 2;  // steps of a tile in a channel; one takes about as long as memory

// Some tiles of a piece, with their taps. One channel after the other is read for all of them: the caches
// then see the pixels of an image in their order, whereas channels of one tile lie far apart.
template <typename T, typename Index>
struct TileGroup {
    Memory<Workspace<T, Index>> many;
    Workspace<T, Index> *work;
    Tile tiles[GROUP];
    int count, most;

    TileGroup(const Problem &problem, Workspace<T, Index> &alone) : work(&alone), count(0), most(1) {
        if (problem.arguments.channels > 1) {
            most = GROUP;
            many = allocate<Workspace<T, Index>>(most);
            work = many.get();
        }
        for (int i = 0; i < most; ++i) set_up(problem, work[i].taps);
    }
};

template <typename S, typename T, typename O, typename Index>
void pull_channel(const Problem &problem, int64 item, int64 channel, const Tile &tile, double factor,
                  const Taps<T, Index> &taps, PullWork<S, T, O, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    O *to = static_cast<O *>(a.out) + problem.value_start(item, channel);
    if (taps.exterior) {  // as around an image that is made smaller
        for (int p = 0; p < count; ++p) work.out[p] = Pixel<O>::of(T(0));
        return write_tile(problem, tile, work.out, to);
    }
    const S fill = Pixel<S>::of(static_cast<T>(a.fill_value));
    const T scale = static_cast<T>(factor);
    const S *plane = static_cast<const S *>(a.image) + problem.plane_start(item, channel);
    if constexpr (std::is_same_v<T, O>) {
        const bool linear = taps.along == 2 && taps.interior && !taps.vanishes[0] && factor == 1.0;
        const bool streamed = work.streamed;
        if (linear && taps.product == 4) return pull_linear<4>(problem, tile, plane, taps, work.values, streamed, to);
        if (linear && taps.product == 8) return pull_linear<8>(problem, tile, plane, taps, work.values, streamed, to);
    }
    load_values(plane, taps, fill, work.values);
    weigh_values(taps, 0, work.values, work.result);
    for (int p = 0; p < count && factor != 1.0; ++p) work.result[p] *= scale;
    if constexpr (std::is_same_v<T, O>) {
        write_tile(problem, tile, work.result, to);
    } else {
        for (int p = 0; p < count; ++p) work.out[p] = Pixel<O>::of(work.result[p]);  // vectorised
        write_tile(problem, tile, work.out, to);
    }
}

// Asks for the memory [from, to).
template <typename S>
void prefetch_all(const S *from, const S *to) {
    constexpr uintptr_t LINE = 64;
    const uintptr_t end = reinterpret_cast<uintptr_t>(to);
    for (uintptr_t at = reinterpret_cast<uintptr_t>(from); at < end; at += LINE) {
        WK_PREFETCH(reinterpret_cast<const void *>(at));
    }
}

// Asks for what the loop in pull_group comes to after tile i of channel c: pixels to read, and memory to write. Beyond the
// group, `next` is where the next tile is, and its pixels can only be guessed.
template <typename S, typename O, typename T, typename Index>
void prefetch_after(const Problem &problem, int64 item, const TileGroup<T, Index> &group, int64 c, int i,
                    const Next &next, bool streamed) {
    if (!problem.prefetches) return;
    const wk_sampling &a = problem.arguments;
    const S *image = static_cast<const S *>(a.image);
    const int64 end = a.channels * group.count, step = c * group.count + i;
    const bool last = step + 1 == end;
    const int64 then = last ? i : step + AHEAD;
    if (then >= end) return;
    const int64 channel = then / group.count;
    const int ahead = static_cast<int>(then % group.count);
    const Tile &tile = group.tiles[ahead];
    const Taps<T, Index> &taps = group.work[ahead].taps;
    const int64 shift = last ? next.right * problem.tile_width + next.down * problem.tile_height * problem.row : 0;
    constexpr int64 SMALL = 1 << 14;  // bytes: all tiles together read most of such a channel
    if (problem.plane * static_cast<int64>(sizeof(S)) <= SMALL) {
        const S *plane = image + problem.plane_start(item, c + 1 < a.channels ? c + 1 : c);
        prefetch_all(plane + i * problem.plane / group.count, plane + (i + 1) * problem.plane / group.count);
    } else if (taps.interior) {
        prefetch_pixels(image + problem.plane_start(item, channel), taps, last ? shift_of_next(taps, tile, next) : 0);
    }
    if (streamed) return;
    const O *to = static_cast<const O *>(a.out) + problem.value_start(item, channel) + problem.point(tile, 0) + shift;
    for (int r = 0; r < tile.height; ++r, to += problem.row) {
        WK_PREFETCH_TO_WRITE(static_cast<const void *>(to));
        WK_PREFETCH_TO_WRITE(static_cast<const void *>(to + tile.width - 1));
    }
}

template <typename S, typename T, typename O, typename Index>
void pull_group(const Problem &problem, int64 item, const Next &next, double factor,
                const TileGroup<T, Index> &group, PullWork<S, T, O, Index> &work) {
    for (int64 c = 0; c < problem.arguments.channels; ++c) {
        for (int i = 0; i < group.count; ++i) {
            prefetch_after<S, O>(problem, item, group, c, i, next, work.streamed);
            pull_channel(problem, item, c, group.tiles[i], factor, group.work[i].taps, work);
        }
    }
}

template <typename S, typename T, typename O, typename Index>
void pull_piece(const Problem &problem, int64 item, int64 piece, Wanted wanted, double factor) {
    auto &work = workspace<PullWork<S, T, O, Index>>();
    TileGroup<T, Index> group(problem, work.tile);
    const Stream stream{streams<O>(problem)};
    work.streamed = stream.used;
    problem.for_tiles(piece, [&](int64, const Tile &tile, const Next &next) {
        prefetch_grid(problem, item, tile, next);
        find_tile_taps(problem, item, tile, wanted, group.work[group.count]);
        group.tiles[group.count++] = tile;
        if (group.count < group.most && !next.ends_piece) return;
        pull_group(problem, item, next, factor, group, work);
        group.count = 0;
    });
}

template <typename S, typename T, typename O>
void pull_as(const Problem &problem, const Interruption &interruption) {
    const double factor = derivative_factor(problem.arguments);
    const double nanoseconds = nanoseconds_per_point(problem, 0.2) * problem.batch * problem.points;
    const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
    const S fill = Pixel<S>::of(static_cast<T>(problem.arguments.fill_value));
    const T outside = to_arithmetic(fill);
    const bool outside_is_nothing = outside == 0 && 1 / outside > 0;  // +0: so is then the sum
    const Wanted wanted = {true, false, !outside_is_nothing, true};
    parallel_for(problem.batch * problem.pieces, threads, interruption, [&](int64 number) {
        const int64 item = number / problem.pieces, piece = number % problem.pieces;
        if (problem.wide_index) pull_piece<S, T, O, int64>(problem, item, piece, wanted, factor);
        else pull_piece<S, T, O, int32>(problem, item, piece, wanted, factor);
    });
}

// Derivatives of integer images are not rounded.
template <typename S>
void pull_integers(const Problem &problem, const Interruption &interruption) {
    const int32_t *order = problem.arguments.derivative;
    if (order[0] + order[1] + order[2] > 0) pull_as<S, float, float>(problem, interruption);
    else pull_as<S, float, S>(problem, interruption);
}

void pull_tiles(const Problem &problem, const Interruption &interruption) {
    switch (problem.arguments.image_dtype) {
    case WK_FLOAT32: return pull_as<float, float, float>(problem, interruption);
    case WK_FLOAT64: return pull_as<double, double, double>(problem, interruption);
    case WK_FLOAT16: return pull_as<Half, float, Half>(problem, interruption);
    case WK_UINT8: return pull_integers<uint8>(problem, interruption);
    case WK_UINT16: return pull_integers<uint16>(problem, interruption);
    case WK_INT16: return pull_integers<int16>(problem, interruption);
    }
}

void pull(const Problem &problem, const Interruption &interruption) {
    if (follows_rows(problem)) pull_tiles(Problem(problem.arguments, WIDE_TILE_WIDTH), interruption);
    else pull_tiles(problem, interruption);
}

}  // namespace
}  // namespace wk

int32_t wk_pull(const wk_sampling *arguments, wk_interrupted interrupted) {
    return wk::run(arguments, interrupted, wk::pull);
}
