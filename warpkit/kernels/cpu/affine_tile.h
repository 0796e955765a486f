// A tile of an affine map in 2D.
//
// Coordinates grow or fall steadily along rows and columns, and rounding keeps that: a tile's corners tell where it
// lies. Coordinates need not be stored, but are used where they are computed.
#ifndef WARPKIT_CPU_AFFINE_TILE_H
#define WARPKIT_CPU_AFFINE_TILE_H

#include "coordinates.h"

namespace wk {

struct AffineRow {
    const double (*along)[TILE];
    double y[2], constant[2];
    WK_DEVICE double operator()(int d, int c) const { return (along[d][c] + y[d]) + constant[d]; }
};

class AffineTile {
public:
    AffineTile(const Problem &problem, int64 item, const Tile &tile)
        : a_(problem.arguments), tile_(tile),
          theta_(static_cast<const double *>(a_.coordinates) + problem.source_of(item) * 6) {
        const double start = first_column(a_, tile);
        for (int d = 0; d < 2; ++d) {
            for (int c = 0; c < tile.width; ++c) along_[d][c] = theta_[3 * d] * (start + c);
        }
    }
    AffineRow row(int r) const {
        const double y = row_y(a_, tile_.row + r);
        return {along_, {theta_[1] * y, theta_[4] * y}, {theta_[2], theta_[5]}};
    }
    // Whether x depends on the column alone, and y on the row.
    bool is_aligned() const { return theta_[1] == 0.0 && theta_[3] == 0.0; }
    // Whether holds(d, x) is true at all corners along axis d.
    template <typename Holds>
    bool at_corners(int d, const Holds &holds) const {
        const AffineRow first = row(0), last = row(tile_.height - 1);
        const int end = tile_.width - 1;
        return holds(first(d, 0)) && holds(first(d, end)) && holds(last(d, 0)) && holds(last(d, end));
    }

    // The lowest and the highest coordinate along an axis. All comparisons with NaN are false.
    void range(int d, double *low, double *high) const {
        *low = INFINITELY_FAR;
        *high = -INFINITELY_FAR;
        at_corners(d, [&](double x) {
            *low = x < *low ? x : *low;
            *high = x > *high ? x : *high;
            return true;
        });
    }

private:
    const wk_sampling &a_;
    const Tile &tile_;
    const double *theta_;
    alignas(64) double along_[2][TILE];
};

inline bool is_affine_plane(const wk_sampling &a) { return a.source == WK_AFFINE && a.ndim == 2; }

}  // namespace wk

#endif
