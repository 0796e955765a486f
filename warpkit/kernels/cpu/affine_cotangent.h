// Sums over a tile, and with them the cotangent of an affine map's parameters.
#ifndef WARPKIT_CPU_AFFINE_COTANGENT_H
#define WARPKIT_CPU_AFFINE_COTANGENT_H

#include "grid_coordinates.h"
#include "lanes.h"

namespace wk {

// The output's pixel indices at the beginning of a tile and along its rows.
inline double first_column(const wk_sampling &a, const Tile &tile) {
    return static_cast<double>(a.origin[0] + tile.column);
}
inline double row_y(const wk_sampling &a, int64 row) {
    return static_cast<double>(a.origin[1] + (a.ndim == 3 ? row % a.shape[1] : row));
}
inline double row_z(const wk_sampling &a, int64 row) {
    return static_cast<double>(a.origin[2] + (a.ndim == 3 ? row / a.shape[1] : 0));
}

// Sums in eight lanes, always the same ones, so that the order of additions never depends on the instruction
// set.
inline double sum_of_products(const double *WK_RESTRICT one, const double *WK_RESTRICT other, int count) {
    constexpr int LANES = 8;
    alignas(64) double lane[LANES] = {};
    int p = 0;
    for (; p + LANES <= count; p += LANES) {  // vectorised
        for (int i = 0; i < LANES; ++i) lane[i] += one[p + i] * other[p + i];
    }
    for (int i = 0; p < count; ++p, ++i) lane[i] += one[p] * other[p];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}
inline double sum_of(const double *WK_RESTRICT one, int count) {
    constexpr int LANES = 8;
    alignas(64) double lane[LANES] = {};
    int p = 0;
    for (; p + LANES <= count; p += LANES) {
        for (int i = 0; i < LANES; ++i) lane[i] += one[p + i];
    }
    for (int i = 0; p < count; ++p, ++i) lane[i] += one[p];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

// Sums of each column of a tile: of the values, and of what rows multiply them by. LANES columns at a time, so that
// their sums stay in registers.
template <int LANES>
void add_columns(const double *ct, const Tile &tile, const double (*factor)[TILE], int first, PointArray *sum) {
    Lanes<double, LANES> plain = {}, by_y = {}, by_z = {};
    for (int r = 0; r < tile.height; ++r) {
        Lanes<double, LANES> here;
        load_lanes(ct + r * tile.width + first, here);
        plain += here;
        by_y += here * factor[0][r];
        by_z += here * factor[1][r];
    }
    store_lanes(plain, sum[0] + first);
    store_lanes(by_y, sum[1] + first);
    store_lanes(by_z, sum[2] + first);
}

// Adds to the cotangent of an affine map. Its output's pixels need not be stored: y and z are the same along a row.
inline void add_affine_cotangent(const wk_sampling &a, const Tile &tile, const PointArray *ct, double *to) {
    alignas(64) PointArray x, factor[2], sum[3];
    const double start = first_column(a, tile);
    for (int c = 0; c < tile.width; ++c) x[c] = start + c;
    for (int r = 0; r < tile.height; ++r) {
        factor[0][r] = row_y(a, tile.row + r);
        factor[1][r] = a.ndim == 3 ? row_z(a, tile.row + r) : 0.0;
    }
    for (int d = 0; d < a.ndim; ++d, to += a.ndim + 1) {
        int c = 0;
        for (; c + 8 <= tile.width; c += 8) add_columns<8>(ct[d], tile, factor, c, sum);
        for (; c + 4 <= tile.width; c += 4) add_columns<4>(ct[d], tile, factor, c, sum);
        for (; c + 2 <= tile.width; c += 2) add_columns<2>(ct[d], tile, factor, c, sum);
        for (; c < tile.width; ++c) add_columns<1>(ct[d], tile, factor, c, sum);
        to[0] += sum_of_products(sum[0], x, tile.width);
        if (a.ndim > 1) to[1] += sum_of(sum[1], tile.width);
        if (a.ndim > 2) to[2] += sum_of(sum[2], tile.width);
        to[a.ndim] += sum_of(sum[0], tile.width);
    }
}

}  // namespace wk

#endif
