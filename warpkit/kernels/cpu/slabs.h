// How threads share a push, in which points share destinations.
//
// Where there are many small images, each is one thread's. Else tiles come in chunks, and for each the image is cut
// into slabs across its slowest axis, one per thread: it visits in their order all tiles of the chunk that reach
// its slab. So each destination adds up what it gets in one order, however the image is cut; and it is cut so that
// each slab has about as many points. Which rows of the image a tile reaches is found first.
#ifndef WARPKIT_CPU_SLABS_H
#define WARPKIT_CPU_SLABS_H

#include "patch.h"
#include "run.h"

namespace wk {

// Places [low, high) of a channel.
struct Slab {
    int64 low, high;
};

// Rows along the slowest axis of the part of an image in memory, from `low` to `high`.
struct Reach {
    int64 low, high;
};

// All rows that a tile's taps may be in; some beyond the image, perhaps.
struct ReachFinder {
    Coordinates coordinates;
    AxisCells<float> cells;

    Reach operator()(const Problem &problem, int64 item, const Tile &tile) {
        const wk_sampling &a = problem.arguments;
        const int d = a.ndim - 1;
        const Reach anywhere = {0, a.block_size[d] - 1};
        if (!has_short_axes(a)) return anywhere;
        int count = tile.count();
        if (a.source == WK_AFFINE) {
            count = find_ends(problem, item, tile, coordinates.x[d]);
        } else {
            find_coordinates(problem, item, tile, coordinates);
        }
        with_kernel(a.kernel, [&](auto kernel) {
            find_stored_cells<decltype(kernel)>(coordinates.x, d, a.size[d], count, cells);
        });
        const int64 low = cells.low, high = cells.high + taps_of(a.kernel) - 1;
        const bool inside = low >= 0 && high < a.size[d];  // other rules than Constant may fold what is outside
        if (!inside && a.boundary != WK_CONSTANT) return anywhere;
        return {low - a.block_origin[d], high - a.block_origin[d]};
    }

private:
    // An affine map's coordinates along the slowest axis, at both ends of each row, or at its one point: they grow or
    // fall steadily in between, and rounding keeps that. Returns their number.
    static int find_ends(const Problem &problem, int64 item, const Tile &tile, double *x) {
        const wk_sampling &a = problem.arguments;
        const double *theta = static_cast<const double *>(a.coordinates) + problem.source_of(item) * parameters_of(a);
        const double *row = theta + (a.ndim - 1) * (a.ndim + 1);
        const int ends = tile.width > 1 ? 2 : 1;  // no more than there are points
        const double start = first_column(a, tile);
        const double left = row[0] * start, right = row[0] * (start + (tile.width - 1));
        for (int r = 0; r < tile.height; ++r) {  // what map_pixels_affinely says, term by term
            const double y = a.ndim > 1 ? row[1] * row_y(a, tile.row + r) : 0.0;
            const double z = a.ndim > 2 ? row[2] * row_z(a, tile.row + r) : 0.0;
            const auto add = [&](double along) {
                const double in_plane = a.ndim > 1 ? along + y : along;
                return (a.ndim > 2 ? in_plane + z : in_plane) + row[a.ndim];
            };
            x[ends * r] = add(left);
            x[ends * r + ends - 1] = add(right);
        }
        return ends * tile.height;
    }
};

// One image's tiles: all pieces of all batch items that share it.
struct Sequence {
    const Problem &problem;
    int64 first_item, pieces;
    Sequence(const Problem &problem, int64 image)
        : problem(problem), first_item(image),
          pieces((problem.arguments.image_n == 1 ? problem.batch : 1) * problem.pieces) {}
    // Calls body(item, i, tile, next) for the tiles of a piece in turn.
    template <typename Body>
    void for_tiles(int64 piece, const Body &body) const {
        const int64 item = first_item + piece / problem.pieces;
        problem.for_tiles(piece % problem.pieces, [&](int64 i, const Tile &tile, const Next &next) {
            body(item, i % PIECE, tile, next);
        });
    }
};

// Where to cut `rows` rows into slabs of about as many tiles: the first row of each, and the end.
inline void cut_rows(const Reach *reaches, int64 tiles, int64 rows, int64 slabs, int64 *cuts) {
    constexpr int64 BINS = 1024;
    const int64 bins = rows < BINS ? rows : BINS;
    int64 in_bin[BINS] = {}, total = 0, before = 0, slab = 1;
    for (int64 i = 0; i < tiles; ++i) {
        const int64 middle = (reaches[i].low + reaches[i].high) / 2;
        if (reaches[i].high < 0 || reaches[i].low >= rows) continue;
        ++in_bin[(middle < 0 ? 0 : middle < rows ? middle : rows - 1) * bins / rows];
        ++total;
    }
    cuts[0] = 0;
    for (int64 bin = 0; bin < bins; ++bin) {
        for (; slab < slabs && before * slabs >= slab * total; ++slab) cuts[slab] = bin * rows / bins;
        before += in_bin[bin];
    }
    for (; slab <= slabs; ++slab) cuts[slab] = rows;
}

// Pieces [first, last) of an image's tiles.
template <typename Work, typename Body>
void run_chunk(const Sequence &tiles, int64 first, int64 last, int64 threads, const Interruption &interruption,
               Reach *reaches, int64 *cuts, const Body &body) {
    const Problem &problem = tiles.problem;
    const int d = problem.arguments.ndim - 1;
    const int64 rows = problem.arguments.block_size[d], stride = problem.axes[d].stride;
    const int64 count = (last - first) * PIECE;
    for (int64 i = 0; i < count; ++i) reaches[i] = {0, -1};  // the last piece may have fewer tiles
    parallel_for(last - first, threads, interruption, [&](int64 piece) {
        ReachFinder find;
        tiles.for_tiles(first + piece, [&](int64 item, int64 i, const Tile &tile, const Next &next) {
            prefetch_grid(problem, item, tile, next);
            reaches[piece * PIECE + i] = find(problem, item, tile);
        });
    });
    cut_rows(reaches, count, rows, threads, cuts);
    parallel_for(threads, threads, interruption, [&](int64 slab) {
        Work &work = workspace<Work>();
        set_up(problem, work.taps);
        const int64 low = cuts[slab], high = cuts[slab + 1];
        for (int64 piece = first; piece < last && low < high; ++piece) {
            tiles.for_tiles(piece, [&](int64 item, int64 i, const Tile &tile, const Next &next) {
                const Reach &reach = reaches[(piece - first) * PIECE + i];
                if (reach.high < low || reach.low >= high) return;
                body(item, tile, next, Slab{low * stride, high * stride}, work);
            });
        }
    });
}

// Runs body(item, tile, next, slab, work) for all tiles of all batch items that reach each slab of their image.
template <typename Work, typename Body>
void parallel_for_slabs(const Problem &problem, double nanoseconds, const Interruption &interruption,
                        const Body &body) {
    constexpr double LONGEST = 20e6, SHORTEST = 50e3;  // nanoseconds of a piece of work
    const int64 images = problem.arguments.image_n, pieces = Sequence(problem, 0).pieces;
    const int64 threads = worthwhile_threads(problem.arguments.num_threads, nanoseconds);
    const double each = nanoseconds / static_cast<double>(images);
    const auto run_pieces = [&](const Sequence &tiles, int64 first, int64 last, Work &work) {
        for (int64 piece = first; piece < last; ++piece) {
            tiles.for_tiles(piece, [&](int64 item, int64, const Tile &tile, const Next &next) {
                body(item, tile, next, Slab{0, problem.plane}, work);
            });
        }
    };
    if (each < LONGEST && images >= 4 * threads) {
        const int64 most = images / (4 * threads), enough = 1 + static_cast<int64>(SHORTEST / (each + 1.0));
        const int64 group = enough < most ? enough : most;
        parallel_for((images + group - 1) / group, threads, interruption, [&](int64 number) {
            Work &work = workspace<Work>();
            set_up(problem, work.taps);
            const int64 last = (number + 1) * group < images ? (number + 1) * group : images;
            for (int64 image = number * group; image < last; ++image) {
                run_pieces(Sequence(problem, image), 0, pieces, work);
            }
        });
        return;
    }
    const double chunks = each / LONGEST;
    const int64 most = 1 + static_cast<int64>(static_cast<double>(pieces) / (chunks > 1.0 ? chunks : 1.0));
    const int64 chunk = most < pieces ? most : pieces;
    const Memory<Reach> reaches = allocate<Reach>(threads > 1 ? chunk * PIECE : 0);
    const Memory<int64> cuts = allocate<int64>(threads + 1);
    for (int64 image = 0; image < images; ++image) {
        const Sequence tiles(problem, image);
        for (int64 first = 0; first < pieces; first += chunk) {
            const int64 last = first + chunk < pieces ? first + chunk : pieces;
            if (threads > 1) {
                run_chunk<Work>(tiles, first, last, threads, interruption, reaches.get(), cuts.get(), body);
            } else {
                parallel_for(1, 1, interruption, [&](int64) {
                    Work &work = workspace<Work>();
                    set_up(problem, work.taps);
                    run_pieces(tiles, first, last, work);
                });
            }
        }
    }
}

}  // namespace wk

#endif
