// The sums behind normal equations, of a tile: outer products of the rows of the Jacobian matrix J, without J.
//
// The residual's derivative by parameter (i, a) of a transform is slope_i * feature_a at every point. So
//
//   J^T W J at (i, a), (j, b) = sum over points of (sum over channels of w slope_i slope_j) feature_a feature_b,
//   J^T W r at (i, a) = sum over points of (sum over channels of w slope_i r) feature_a:
//
// channels are summed first, and the features are those of every channel. Several fixed images make as many residuals r,
// whose J is the same.
#ifndef WARPKIT_CPU_OUTER_PRODUCTS_H
#define WARPKIT_CPU_OUTER_PRODUCTS_H

#include <utility>

#include "coordinates.h"

namespace wk {

constexpr int MAX_SLOPES = MAX_NDIM + 1;
constexpr int MAX_PAIRS = MAX_SLOPES * (MAX_SLOPES + 1) / 2;
constexpr int MAX_RESIDUALS = WK_MAX_RESIDUALS;

// The number of a pair i <= j: (0, 0), (0, 1), (1, 1), (0, 2), ...
constexpr int64 pair_of(int64 i, int64 j) { return j * (j + 1) / 2 + i; }
constexpr int64 pairs_of(int64 count) { return count * (count + 1) / 2; }

// A homography has a slope by its denominator, too.
inline int slopes_of(const wk_sampling &a) { return a.ndim + (a.source == WK_PROJECTIVE ? 1 : 0); }
inline int64 features_of(const wk_sampling &a) {
    return a.ndim + 1 + (a.source == WK_TPS ? a.spline.controls : 0);
}

// Of each point, summed over channels.
struct Products {
    alignas(64) PointArray pair[MAX_PAIRS];                    // slope_i * slope_j
    alignas(64) PointArray mixed[MAX_RESIDUALS * MAX_SLOPES];  // slope_i * residual, in the order of Layout
    alignas(64) PointArray square[MAX_RESIDUALS];              // residual^2

    // Calls body(array) for the arrays of so many slopes and residuals.
    template <typename Body>
    void for_each(int slopes, int residuals, const Body &body) {
        for (int64 i = 0; i < pairs_of(slopes); ++i) body(pair[i]);
        for (int i = 0; i < residuals * slopes; ++i) body(mixed[i]);
        for (int r = 0; r < residuals; ++r) body(square[r]);
    }
};

// What the sums of one item are in `out`, one after the other; see abi.h.
struct Layout {
    int slopes, residuals;
    int64 features;
    explicit Layout(const wk_least_squares &l)
        : slopes(slopes_of(l.sampling)), residuals(static_cast<int>(l.residuals)),
          features(l.sampling.source == WK_TPS ? l.sampling.spline.controls : features_of(l.sampling)) {}
    int64 of_pair(int64 pair) const { return pair * pairs_of(features); }
    // Of row r * slopes + i, for residual r and slope i.
    int64 of_mixed(int row) const { return of_pair(pairs_of(slopes)) + row * features; }
    int64 of_square(int r) const { return of_mixed(residuals * slopes) + r; }
    int64 size() const { return of_square(residuals); }
};

// ---- the features ------------------------------------------------------------------------------------------

// The rows of a tile's features, TILE apart, in the frame of the parameters: x, y[, z] and 1; for a spline its basis
// functions, 1, and x, y[, z]. After find_coordinates, but for an affine map.
inline void find_features(const Problem &problem, const Tile &tile, Coordinates &c, double *rows) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    if (a.source == WK_AFFINE) find_output_pixels(problem, tile, c.output);
    alignas(64) PointArray point[MAX_NDIM];
    find_frame_points(a, c.output, count, point);
    if (a.source == WK_TPS) {
        for_spline_features(a, point, count, [&](int64 i, const double *feature) {
            memcpy(rows + i * TILE, feature, count * sizeof(double));
        });
        return;
    }
    for (int d = 0; d < a.ndim; ++d) memcpy(rows + d * TILE, point[d], count * sizeof(double));
    for (int p = 0; p < count; ++p) rows[a.ndim * TILE + p] = 1.0;
}

// From a spline's features to its functions of the values at the control points. (To multiply sums of the features' products
// instead would leave few of their digits where control points are close together.) Returns the rows of those.
inline const double *find_functions(const wk_least_squares &l, const double *features, int count, double *rows) {
    const int64 controls = l.sampling.spline.controls;
    for (int64 k = 0; k < controls; ++k) {
        double *WK_RESTRICT row = rows + k * TILE;
        for (int p = 0; p < count; ++p) row[p] = 0.0;
        for (int64 i = 0; i < features_of(l.sampling); ++i) {
            const double factor = l.functions[i * controls + k];
            const double *WK_RESTRICT feature = features + i * TILE;
            for (int p = 0; p < count; ++p) row[p] += factor * feature[p];  // vectorised
        }
    }
    return rows;
}

// From slopes by coordinates to slopes by the numerators and the denominator of a homography,
//
//   x = s h / w + o:   slope_h = slope_x / w (times s, which the caller multiplies by),
//                      slope_w = -(sum over axes of slope_x (x - o)) / w,
//
// in the products, which are bilinear in slopes. Those with the denominator's are zero before. Zero at points that are
// infinitely far.
inline void divide_products(const wk_sampling &a, const Coordinates &c, int residuals, int count,
                            Products &products) {
    const int ndim = a.ndim;
    const double *WK_RESTRICT denominator = c.denominator;
    alignas(64) PointArray inverse, square, place[MAX_NDIM];
    for (int p = 0; p < count; ++p) {
        inverse[p] = 1.0 / denominator[p];
        square[p] = inverse[p] * inverse[p];
    }
    for (int d = 0; d < ndim; ++d) {
        for (int p = 0; p < count; ++p) place[d][p] = c.x[d][p] - a.offset[d];  // vectorised
    }
    const auto subtract = [&](const double *WK_RESTRICT product, int d, double *WK_RESTRICT from) {
        for (int p = 0; p < count; ++p) from[p] -= product[p] * place[d][p];  // vectorised
    };
    const auto multiply = [&](const double *WK_RESTRICT factor, double *WK_RESTRICT product) {
        for (int p = 0; p < count; ++p) {  // vectorised
            product[p] = denominator[p] <= 0.0 ? 0.0 : product[p] * factor[p];
        }
    };
    double *last = products.pair[pair_of(ndim, ndim)];
    for (int i = 0; i < ndim; ++i) {
        double *of_axis = products.pair[pair_of(i, ndim)];
        for (int j = 0; j < ndim; ++j) {
            subtract(products.pair[i <= j ? pair_of(i, j) : pair_of(j, i)], j, of_axis);
        }
        subtract(of_axis, i, last);
    }
    for (int64 i = 0; i < pairs_of(ndim + 1); ++i) multiply(square, products.pair[i]);
    for (int r = 0; r < residuals; ++r) {
        PointArray *mixed = products.mixed + r * (ndim + 1);
        for (int i = 0; i < ndim; ++i) subtract(mixed[i], i, mixed[ndim]);
        for (int i = 0; i <= ndim; ++i) multiply(inverse, mixed[i]);
    }
}

// ---- sums of products --------------------------------------------------------------------------------------

constexpr int LANES = 8;

// Numbers in a register, and rows whose products are summed up together: as many sums as there are registers. Loops over
// arrays of sums would keep these in memory. No bit depends on either number.
#if defined(__AVX512F__)
constexpr int WIDTH = 8, BLOCK = 4;
#elif defined(__AVX__)
constexpr int WIDTH = 4, BLOCK = 3;
#elif defined(__GNUC__)
constexpr int WIDTH = 2, BLOCK = 3;
#else
constexpr int WIDTH = 1, BLOCK = 3;
#endif
#if defined(__GNUC__)
typedef double Register __attribute__((vector_size(WIDTH * sizeof(double))));
#else
using Register = double;
static_assert(WIDTH == 1, "vectors are GCC's");
#endif

inline Register load(const double *from) {
    Register out;
    memcpy(&out, from, sizeof(out));
    return out;
}

// Calls store(i, j, sum of one_i * other_j) for ONES rows and OTHERS rows, TILE apart; for a triangle only where j <= i.
// In eight lanes, always the same ones, so that the order of additions never depends on the instruction set. `count` is
// a multiple of LANES.
template <int ONES, int OTHERS, bool TRIANGLE, typename Store, int... K>
void sum_block(const double *one, const double *other, int count, const Store &store,
               std::integer_sequence<int, K...>) {
    alignas(64) double lane[ONES * OTHERS][LANES];
    for (int first = 0; first < LANES; first += WIDTH) {
        Register sum[ONES * OTHERS] = {};
        for (int p = first; p < count; p += LANES) {
            const auto add = [&](auto k) {
                constexpr int I = decltype(k)::value / OTHERS, J = decltype(k)::value % OTHERS;
                if constexpr (J <= I || !TRIANGLE) sum[k] += load(one + I * TILE + p) * load(other + J * TILE + p);
            };
            (add(std::integral_constant<int, K>{}), ...);
        }
        (memcpy(lane[K] + first, &sum[K], sizeof(Register)), ...);
    }
    for (int i = 0; i < ONES; ++i) {
        for (int j = 0; j < (TRIANGLE ? i + 1 : OTHERS); ++j) {
            const double *sum = lane[i * OTHERS + j];
            store(i, j, ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])));
        }
    }
}

// Calls body(integral_constant) with the number of rows, of 1 to BLOCK.
template <int ROWS = BLOCK, typename Body>
void with_rows(int64 rows, const Body &body) {
    if constexpr (ROWS > 1) {
        if (rows < ROWS) return with_rows<ROWS - 1>(rows, body);
    }
    body(std::integral_constant<int, ROWS>{});
}

// Calls store(i, j, sum) for `ones` rows, at most BLOCK, and `others` rows.
template <typename Store>
void sum_rows(const double *one, int64 ones, const double *other, int64 others, int count, const Store &store) {
    for (int64 first = 0; first < others; first += BLOCK) {
        with_rows(ones, [&](auto n) {
            with_rows(others - first, [&](auto m) {
                constexpr int ONES = decltype(n)::value, OTHERS = decltype(m)::value;
                const auto store_from = [&](int i, int64 j, double sum) { store(i, first + j, sum); };
                sum_block<ONES, OTHERS, false>(one, other + first * TILE, count, store_from,
                                               std::make_integer_sequence<int, ONES * OTHERS>{});
            });
        });
    }
}

// Adds to the sums of one pair of slopes, whose products are `pair`.
inline void add_pair(const double *WK_RESTRICT pair, const double *features, int64 number, int count, double *sums) {
    alignas(64) double weighted[BLOCK * TILE];
    for (int64 first = 0; first < number; first += BLOCK) {
        const int64 rest = number - first, rows = rest < BLOCK ? rest : BLOCK;
        for (int64 i = 0; i < rows; ++i) {
            const double *WK_RESTRICT feature = features + (first + i) * TILE;
            for (int p = 0; p < count; ++p) weighted[i * TILE + p] = pair[p] * feature[p];
        }
        const auto add_from = [&](int64 start) {
            return [=](int i, int64 j, double sum) { sums[pair_of(start + j, first + i)] += sum; };
        };
        sum_rows(weighted, rows, features, first, count, add_from(0));
        with_rows(rows, [&](auto n) {
            constexpr int ROWS = decltype(n)::value;
            sum_block<ROWS, ROWS, true>(weighted, features + first * TILE, count, add_from(first),
                                        std::make_integer_sequence<int, ROWS * ROWS>{});
        });
    }
}

// Adds to the sums of a tile's item. The arrays are filled up to `count`, a multiple of LANES.
inline void add_products(const Layout &layout, const Products &products, const double *features, int count,
                         double *sums) {
    for (int64 pair = 0; pair < pairs_of(layout.slopes); ++pair) {
        add_pair(products.pair[pair], features, layout.features, count, sums + layout.of_pair(pair));
    }
    const int mixed = layout.residuals * layout.slopes;
    for (int first = 0; first < mixed; first += BLOCK) {
        const int rest = mixed - first, rows = rest < BLOCK ? rest : BLOCK;
        sum_rows(products.mixed[first], rows, features, layout.features, count, [&](int i, int64 j, double sum) {
            sums[layout.of_mixed(first + i) + j] += sum;
        });
    }
    for (int r = 0; r < layout.residuals; ++r) sums[layout.of_square(r)] += sum_of(products.square[r], count);
}

}  // namespace wk

#endif
