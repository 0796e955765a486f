// The normal equations of Gauss-Newton's method: with the residual r = warp(image) - fixed, its derivative J by a
// transform's parameters, and weights w of points, the sums J^T W J, J^T W r and r^T W r of each item, in one pass.
//
// Values and slopes are pull's; outer_products.h tells how they are summed up. Fixed images that are compared with the
// same item share them, and J^T W J.
#include "outer_products.h"
#include "run.h"
#include "values.h"

namespace wk {
namespace {

// S is the type that pixels are stored in, T that of the arithmetic.
template <typename S, typename T, typename Index>
struct ProductsWork : Workspace<T, Index> {
    Values<S> values;
    alignas(64) T value[TILE];
    alignas(64) T slope[MAX_NDIM][TILE];
    alignas(64) PointArray number;  // fixed pixels, residuals, weights
    Products products;
};

// ---- reading -----------------------------------------------------------------------------------------------

template <typename N>
void read_numbers_of(const Problem &problem, const Tile &tile, const void *numbers, int64 start, double *to) {
    const N *from = static_cast<const N *>(numbers) + start;
    for_rows(tile, [&](int r, auto width) {
        const N *WK_RESTRICT row = from + problem.point(tile, r);
        double *WK_RESTRICT out = to + r * width;
        for (int c = 0; c < width; ++c) out[c] = static_cast<double>(to_arithmetic(row[c]));
    });
}

// A tile of points out of an array of any dtype; its item and channel begin at `start`.
void read_numbers(const Problem &problem, const Tile &tile, int32_t dtype, const void *numbers, int64 start,
                  double *to) {
    switch (dtype) {
    case WK_FLOAT32: return read_numbers_of<float>(problem, tile, numbers, start, to);
    case WK_FLOAT64: return read_numbers_of<double>(problem, tile, numbers, start, to);
    case WK_FLOAT16: return read_numbers_of<Half>(problem, tile, numbers, start, to);
    case WK_UINT8: return read_numbers_of<uint8>(problem, tile, numbers, start, to);
    case WK_UINT16: return read_numbers_of<uint16>(problem, tile, numbers, start, to);
    case WK_INT16: return read_numbers_of<int16>(problem, tile, numbers, start, to);
    }
}

// ---- a tile's points ---------------------------------------------------------------------------------------

template <typename S, typename T, typename Index>
void find_values_and_slopes(const Problem &problem, int64 item, int64 channel, ProductsWork<S, T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const S fill = Pixel<S>::of(static_cast<T>(a.fill_value));
    load_values(static_cast<const S *>(a.image) + problem.plane_start(item, channel), work.taps, fill, work.values);
    weigh_values(work.taps, 0, work.values, work.value);
    for (int d = 0; d < a.ndim; ++d) weigh_values(work.taps, 1 + d, work.values, work.slope[d]);
}

// Adds a channel of a residual: values less the pixels in work.number. Where all taps are outside, values and slopes are zero.
template <typename S, typename T, typename Index>
void add_residual(int ndim, int count, double *WK_RESTRICT square, PointArray *all_mixed,
                  ProductsWork<S, T, Index> &work) {
    double *WK_RESTRICT residual = work.number;
    for (int p = 0; p < count; ++p) {
        residual[p] = (work.taps.exterior ? 0.0 : static_cast<double>(work.value[p])) - residual[p];
        square[p] += residual[p] * residual[p];
    }
    for (int j = 0; j < ndim && !work.taps.exterior; ++j) {
        const T *WK_RESTRICT slope = work.slope[j];
        double *WK_RESTRICT mixed = all_mixed[j];
        for (int p = 0; p < count; ++p) mixed[p] += static_cast<double>(slope[p]) * residual[p];  // vectorised
    }
}

// Adds a channel of what all residuals share.
template <typename S, typename T, typename Index>
void add_slopes(int ndim, int count, ProductsWork<S, T, Index> &work) {
    Products &products = work.products;
    for (int j = 0; j < ndim; ++j) {
        const T *WK_RESTRICT slope = work.slope[j];
        for (int i = 0; i <= j; ++i) {
            const T *WK_RESTRICT other = work.slope[i];
            double *WK_RESTRICT pair = products.pair[pair_of(i, j)];
            for (int p = 0; p < count; ++p) pair[p] += static_cast<double>(other[p]) * static_cast<double>(slope[p]);
        }
    }
}

// Of a point without weight nothing counts, not even a NaN.
template <typename S, typename T, typename Index>
void weigh_products(const wk_least_squares &arguments, const Problem &problem, int64 item, const Tile &tile,
                    const Layout &layout, ProductsWork<S, T, Index> &work) {
    if (!arguments.weights) return;
    const int64 start = arguments.weights_n == 1 ? 0 : item * problem.points;
    read_numbers(problem, tile, arguments.weights_dtype, arguments.weights, start, work.number);
    const double *WK_RESTRICT weight = work.number;
    const int count = tile.count();
    work.products.for_each(layout.slopes, layout.residuals, [&](double *WK_RESTRICT product) {
        for (int p = 0; p < count; ++p) product[p] = weight[p] == 0.0 ? 0.0 : weight[p] * product[p];
    });
}

// Values, slopes and their products at a tile's points.
template <typename S, typename T, typename Index>
void find_products(const wk_least_squares &arguments, const Problem &problem, int64 item, const Tile &tile,
                   const Next &next, ProductsWork<S, T, Index> &work) {
    const wk_sampling &a = problem.arguments;
    const Layout layout(arguments);
    const int count = tile.count();
    find_tile_taps(problem, item, tile, {true, true, a.fill_value != 0, true}, work);
    const int padded = (count + LANES - 1) / LANES * LANES;
    work.products.for_each(layout.slopes, layout.residuals, [&](double *product) {
        for (int p = 0; p < padded; ++p) product[p] = 0.0;
    });
    for (int64 c = 0; c < a.channels; ++c) {
        if (!work.taps.exterior) {
            prefetch_next(problem, static_cast<const S *>(a.image), item, c, tile, next, work.taps);
            find_values_and_slopes(problem, item, c, work);
            add_slopes(a.ndim, count, work);
        }
        for (int r = 0; r < layout.residuals; ++r) {
            const int64 start = problem.value_start(arguments.fixed_n == 1 ? 0 : item + r, c);
            read_numbers(problem, tile, arguments.fixed_dtype, arguments.fixed, start, work.number);
            Products &products = work.products;
            add_residual(a.ndim, count, products.square[r], products.mixed + r * layout.slopes, work);
        }
    }
    if (a.source == WK_PROJECTIVE && !work.taps.exterior) {
        divide_products(a, work.coordinates, layout.residuals, count, work.products);
    }
    weigh_products(arguments, problem, item, tile, layout, work);
}

// ---- pieces ------------------------------------------------------------------------------------------------

// How many pieces of an item are summed up at the same time, each to sums of its own: so many that the sums take 16 MB,
// or of 8. It depends on nothing but sizes, and neither does the order of additions.
int64 places_of(const Problem &problem, const Layout &layout) {
    constexpr int64 ROOM = int64{1} << 21, LEAST = 8;
    const int64 most = ROOM / layout.size() > LEAST ? ROOM / layout.size() : LEAST;
    return problem.pieces < most ? problem.pieces : most;
}

double nanoseconds_of(const Problem &problem, const Layout &layout) {
    const double products = static_cast<double>(pairs_of(layout.slopes) * pairs_of(layout.features));
    return (nanoseconds_per_point(problem, 0.7) + 0.1 * products) * problem.batch * problem.points;
}

// Adds the pieces [first, first + width) of each item, each to its place among `places` sums.
template <typename Work>
void add_pieces(const wk_least_squares &arguments, const Problem &problem, int64 first, int64 width, int64 places,
                const Interruption &interruption, double *sums) {
    const Layout layout(arguments);
    const int64 threads =
        worthwhile_threads(problem.arguments.num_threads, nanoseconds_of(problem, layout));
    parallel_for(problem.batch * width, threads, interruption, [&](int64 number) {
        const int64 item = number / width, place = number % width;
        double *to = sums + (item * places + place) * layout.size();
        const int64 size = features_of(problem.arguments) * TILE;
        const bool spline = problem.arguments.source == WK_TPS;
        const Memory<double> features = allocate<double>(size), functions = allocate<double>(spline ? size : 0);
        for (int64 i = 0; i < size; ++i) features[i] = 0.0;
        Work &work = workspace<Work>();
        set_up(problem, work.taps);
        problem.for_tiles(first + place, [&](int64, const Tile &tile, const Next &next) {
            find_products(arguments, problem, item, tile, next, work);
            if (work.taps.exterior) {
                for (int r = 0; r < layout.residuals; ++r) {
                    to[layout.of_square(r)] += sum_of(work.products.square[r], tile.count());
                }
                return;
            }
            find_features(problem, tile, work.coordinates, features.get());
            const int count = tile.count(), padded = (count + LANES - 1) / LANES * LANES;
            const double *rows = features.get();
            if (spline) rows = find_functions(arguments, rows, padded, functions.get());
            add_products(layout, work.products, rows, padded, to);
        });
    });
}

template <typename S, typename T>
void normal_equations_as(const wk_least_squares &arguments, const Problem &problem,
                         const Interruption &interruption) {
    const Layout layout(arguments);
    const int64 places = places_of(problem, layout), size = layout.size();
    const Memory<double> sums = allocate<double>(problem.batch * places * size);
    for (int64 i = 0; i < problem.batch * places * size; ++i) sums[i] = 0.0;
    const auto run_with = [&](auto index) {
        using Work = ProductsWork<S, T, decltype(index)>;
        for (int64 first = 0; first < problem.pieces; first += places) {
            const int64 rest = problem.pieces - first, width = rest < places ? rest : places;
            add_pieces<Work>(arguments, problem, first, width, places, interruption, sums.get());
        }
    };
    if (problem.wide_index) run_with(int64{});
    else run_with(int32{});
    double *out = static_cast<double *>(problem.arguments.out);
    for (int64 i = 0; i < problem.batch * size; ++i) out[i] = 0.0;
    for (int64 item = 0; item < problem.batch; ++item) {
        for (int64 place = 0; place < places; ++place) {
            const double *from = sums.get() + (item * places + place) * size;
            for (int64 i = 0; i < size; ++i) out[item * size + i] += from[i];
        }
    }
}

void normal_equations(const wk_least_squares &arguments, const Problem &problem,
                      const Interruption &interruption) {
    switch (problem.arguments.image_dtype) {
    case WK_FLOAT32: return normal_equations_as<float, float>(arguments, problem, interruption);
    case WK_FLOAT64: return normal_equations_as<double, double>(arguments, problem, interruption);
    case WK_FLOAT16: return normal_equations_as<Half, float>(arguments, problem, interruption);
    case WK_UINT8: return normal_equations_as<uint8, float>(arguments, problem, interruption);
    case WK_UINT16: return normal_equations_as<uint16, float>(arguments, problem, interruption);
    case WK_INT16: return normal_equations_as<int16, float>(arguments, problem, interruption);
    }
}

bool is_dtype(int32_t code) { return code >= 0 && code <= WK_INT16; }

}  // namespace
}  // namespace wk

int32_t wk_normal_equations(const wk_least_squares *arguments, wk_interrupted interrupted) {
    const wk_sampling &sampling = arguments->sampling;
    const bool transform = sampling.source != WK_GRID_FLOAT32 && sampling.source != WK_GRID_FLOAT64;
    const bool complete = sampling.source != WK_TPS || arguments->functions;
    const int64_t residuals = arguments->residuals;
    const bool counted = residuals == 1 || (residuals > 1 && residuals <= WK_MAX_RESIDUALS && sampling.image_n == 1 &&
                                            sampling.source_n == 1 && arguments->fixed_n == residuals);
    if (!transform || !complete || !counted || !wk::is_dtype(arguments->fixed_dtype) || !wk::is_dtype(arguments->weights_dtype)) {
        return WK_UNSUPPORTED;
    }
    return wk::run(&sampling, interrupted, [&](const wk::Problem &problem, const wk::Interruption &interruption) {
        wk::normal_equations(*arguments, problem, interruption);
    });
}
