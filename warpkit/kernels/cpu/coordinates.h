// Step 1: the pixel coordinates of a tile's points in the image, read from a grid or computed from a
// transform; their tangents; and the way back, from cotangents of coordinates to those of the parameters.
//
// A transform's coordinates are a fixed expression of a point's absolute indices, the one that the array code
// has: never incremental, so that they depend neither on the tile nor on the block.
#ifndef WARPKIT_CPU_COORDINATES_H
#define WARPKIT_CPU_COORDINATES_H

#include "affine_cotangent.h"
#include "warpkit/radial_basis.h"

namespace wk {

struct Coordinates {
    alignas(64) PointArray x[MAX_NDIM];        // pixel coordinates in the image
    alignas(64) PointArray output[MAX_NDIM];   // transforms: the output's pixels
    alignas(64) PointArray denominator;        // projective
    alignas(64) PointArray tangent[MAX_NDIM];  // of x
};

// ---- transforms --------------------------------------------------------------------------------------------

inline void find_output_pixels(const Problem &problem, const Tile &tile, PointArray *output) {
    const wk_sampling &a = problem.arguments;
    const double start = first_column(a, tile);
    for_rows(tile, [&](int r, auto width) {
        const double y = row_y(a, tile.row + r), z = row_z(a, tile.row + r);
        for (int c = 0; c < width; ++c) output[0][r * width + c] = start + c;
        for (int c = 0; c < width; ++c) output[1][r * width + c] = y;
        for (int c = 0; c < width; ++c) output[2][r * width + c] = z;
    });
}

// x = theta_0 * x + theta_1 * y + ... + theta_ndim of one row of a matrix, at the output's pixels: what
// map_affinely says, term by term, without an array of them.
inline void map_pixels_affinely(const Problem &problem, const double *theta, const Tile &tile,
                                double *WK_RESTRICT x) {
    const wk_sampling &a = problem.arguments;
    alignas(64) PointArray along;
    const double start = first_column(a, tile);
    for (int c = 0; c < tile.width; ++c) along[c] = theta[0] * (start + c);
    for_rows(tile, [&](int r, auto width) {
        const double y = theta[1] * row_y(a, tile.row + r);
        double *WK_RESTRICT to = x + r * width;
        if (a.ndim == 1) {
            for (int c = 0; c < width; ++c) to[c] = along[c] + theta[1];
        } else if (a.ndim == 2) {
            for (int c = 0; c < width; ++c) to[c] = (along[c] + y) + theta[2];  // vectorised
        } else {
            const double z = theta[2] * row_z(a, tile.row + r);
            for (int c = 0; c < width; ++c) to[c] = ((along[c] + y) + z) + theta[3];  // vectorised
        }
    });
}

// out = theta_0 * x + theta_1 * y + ... + theta_ndim for one row of a matrix.
inline void map_affinely(int ndim, const double *theta, const PointArray *point, int count,
                         double *WK_RESTRICT out) {
    const double *WK_RESTRICT x = point[0], *WK_RESTRICT y = point[1], *WK_RESTRICT z = point[2];
    const double a = theta[0], b = theta[1], c = theta[ndim > 1 ? 2 : 1], d = theta[ndim > 2 ? 3 : ndim];
    if (ndim == 1) {
        for (int p = 0; p < count; ++p) out[p] = a * x[p] + b;
    } else if (ndim == 2) {
        for (int p = 0; p < count; ++p) out[p] = (a * x[p] + b * y[p]) + c;
    } else {
        for (int p = 0; p < count; ++p) out[p] = ((a * x[p] + b * y[p]) + c * z[p]) + d;
    }
}

// q = h / w; infinity where w <= 0.
inline void divide_out(int ndim, int count, Coordinates &c) {
    const double *WK_RESTRICT w = c.denominator;
    for (int d = 0; d < ndim; ++d) {
        double *WK_RESTRICT x = c.x[d];
        for (int p = 0; p < count; ++p) {  // vectorised
            const double quotient = x[p] / (w[p] <= 0.0 ? 1.0 : w[p]);
            x[p] = w[p] <= 0.0 ? INFINITELY_FAR : quotient;
        }
    }
}

// The output's pixels in the frame of the control points.
inline void find_frame_points(const wk_sampling &a, const PointArray *output, int count, PointArray *point) {
    for (int d = 0; d < a.ndim; ++d) {
        const double scale = a.spline.frame_scale[d], offset = a.spline.frame_offset[d];
        for (int p = 0; p < count; ++p) point[d][p] = scale != 0.0 ? (output[d][p] - offset) / scale : 0.0;
    }
}

// The values of the basis function around one control point.
template <int NDIM>
void find_basis(const PointArray *point, const double *control, int count, double *WK_RESTRICT basis) {
    const double *WK_RESTRICT x = point[0], *WK_RESTRICT y = point[1], *WK_RESTRICT z = point[2];
    const double cx = control[0], cy = control[1], cz = control[NDIM == 3 ? 2 : 0];
    for (int p = 0; p < count; ++p) {  // vectorised
        const double dx = x[p] - cx, dy = y[p] - cy, dz = NDIM == 3 ? z[p] - cz : 0.0;
        basis[p] = radial_basis<NDIM>((dx * dx + dy * dy) + dz * dz);
    }
}

// Calls body(i, feature) with what the i-th coefficient of a spline is multiplied by at the points, in turn: the
// basis functions, 1, and x, y[, z].
template <typename Body>
void for_spline_features(const wk_sampling &a, const PointArray *point, int count, const Body &body) {
    alignas(64) PointArray feature;
    const int64 k = a.spline.controls;
    for (int64 i = 0; i < k; ++i) {
        const double *control = a.spline.control_points + i * a.ndim;
        if (a.ndim == 2) find_basis<2>(point, control, count, feature);
        else find_basis<3>(point, control, count, feature);
        body(i, feature);
    }
    for (int p = 0; p < count; ++p) feature[p] = 1.0;
    body(k, feature);
    for (int d = 0; d < a.ndim; ++d) body(k + 1 + d, point[d]);
}

// Adds the displacement of a spline of these coefficients (controls + 1 + ndim, ndim).
inline void add_spline(const wk_sampling &a, const double *coefficients, const PointArray *output, int count,
                       PointArray *x) {
    alignas(64) PointArray point[MAX_NDIM];
    find_frame_points(a, output, count, point);
    for_spline_features(a, point, count, [&](int64 i, const double *WK_RESTRICT feature) {
        for (int d = 0; d < a.ndim; ++d) {
            const double weight = coefficients[i * a.ndim + d];
            double *WK_RESTRICT to = x[d];
            for (int p = 0; p < count; ++p) to[p] += weight * feature[p];  // vectorised
        }
    });
}

inline int64 parameters_of(const wk_sampling &a) {
    switch (a.source) {
    case WK_AFFINE: return a.ndim * (a.ndim + 1);
    case WK_PROJECTIVE: return (a.ndim + 1) * (a.ndim + 1);
    case WK_TPS: return (a.spline.controls + 1 + a.ndim) * a.ndim;
    default: return 0;
    }
}

// ---- for every source --------------------------------------------------------------------------------------

inline void find_coordinates(const Problem &problem, int64 item, const Tile &tile, Coordinates &c) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    if (a.source == WK_GRID_FLOAT32) return read_grid<float>(problem, a.coordinates, item, tile, false, c.x);
    if (a.source == WK_GRID_FLOAT64) return read_grid<double>(problem, a.coordinates, item, tile, false, c.x);
    const double *theta =
        static_cast<const double *>(a.coordinates) + problem.source_of(item) * parameters_of(a);
    if (a.source == WK_AFFINE) {
        for (int d = 0; d < a.ndim; ++d) map_pixels_affinely(problem, theta + d * (a.ndim + 1), tile, c.x[d]);
        return;
    }
    find_output_pixels(problem, tile, c.output);
    if (a.source == WK_TPS) {
        for (int d = 0; d < a.ndim; ++d) {
            const double scale = a.spline.identity_scale[d], offset = a.spline.identity_offset[d];
            for (int p = 0; p < count; ++p) c.x[d][p] = scale * c.output[d][p] + offset;
        }
        return add_spline(a, theta, c.output, count, c.x);
    }
    for (int d = 0; d < a.ndim; ++d) map_affinely(a.ndim, theta + d * (a.ndim + 1), c.output, count, c.x[d]);
    map_affinely(a.ndim, theta + a.ndim * (a.ndim + 1), c.output, count, c.denominator);
    divide_out(a.ndim, count, c);
}

// After find_coordinates: the tangents of the coordinates.
inline void find_coordinate_tangents(const Problem &problem, int64 item, const Tile &tile, Coordinates &c) {
    const wk_sampling &a = problem.arguments;
    const int count = tile.count();
    const void *from = a.coordinate_tangents;
    if (a.source == WK_GRID_FLOAT32) return read_grid<float>(problem, from, item, tile, true, c.tangent);
    if (a.source == WK_GRID_FLOAT64) return read_grid<double>(problem, from, item, tile, true, c.tangent);
    const double *theta = static_cast<const double *>(from) + problem.source_of(item) * parameters_of(a);
    if (a.source == WK_AFFINE) {
        for (int d = 0; d < a.ndim; ++d) {
            map_pixels_affinely(problem, theta + d * (a.ndim + 1), tile, c.tangent[d]);
        }
        return;
    }
    if (a.source == WK_TPS) {
        for (int d = 0; d < a.ndim; ++d) {
            for (int p = 0; p < count; ++p) c.tangent[d][p] = 0.0;
        }
        return add_spline(a, theta, c.output, count, c.tangent);
    }
    for (int d = 0; d < a.ndim; ++d) {
        map_affinely(a.ndim, theta + d * (a.ndim + 1), c.output, count, c.tangent[d]);
    }
    // x = h / w: the tangent is (tan_h - x tan_w) / w.
    alignas(64) PointArray tangent;
    map_affinely(a.ndim, theta + a.ndim * (a.ndim + 1), c.output, count, tangent);
    for (int d = 0; d < a.ndim; ++d) {
        for (int p = 0; p < count; ++p) {
            const bool far = c.denominator[p] <= 0.0;
            const double moved = c.tangent[d][p] - (far ? 0.0 : c.x[d][p]) * tangent[p];
            c.tangent[d][p] = far ? 0.0 : moved / c.denominator[p];
        }
    }
}

// Adds to the cotangent of one row [A b] of a matrix, from that of its image of the output's pixels.
inline void add_row_cotangent(int ndim, const PointArray *output, const double *ct, int count, double *to) {
    for (int e = 0; e < ndim; ++e) to[e] += sum_of_products(ct, output[e], count);
    to[ndim] += sum_of(ct, count);
}

// After find_coordinates: adds to the cotangent of the transform's parameters, from that of the coordinates.
// `ct` is overwritten.
inline void add_parameter_cotangent(const Problem &problem, const Tile &tile, Coordinates &c, PointArray *ct,
                                    double *to) {
    const wk_sampling &a = problem.arguments;
    const int ndim = a.ndim, count = tile.count();
    if (a.source == WK_AFFINE) return add_affine_cotangent(a, tile, ct, to);
    if (a.source == WK_TPS) {
        alignas(64) PointArray point[MAX_NDIM];
        find_frame_points(a, c.output, count, point);
        for_spline_features(a, point, count, [&](int64 i, const double *feature) {
            for (int d = 0; d < ndim; ++d) to[i * ndim + d] += sum_of_products(ct[d], feature, count);
        });
        return;
    }
    if (a.source == WK_PROJECTIVE) {  // x = h / w: ct_h = ct_x / w, ct_w = -sum over axes of ct_x x / w
        alignas(64) PointArray ct_denominator;
        for (int p = 0; p < count; ++p) {
            const bool far = c.denominator[p] <= 0.0;
            double sum = 0.0;
            for (int d = 0; d < ndim; ++d) {
                const double ct_numerator = far ? 0.0 : ct[d][p] / c.denominator[p];
                sum -= ct_numerator * (far ? 0.0 : c.x[d][p]);
                ct[d][p] = ct_numerator;
            }
            ct_denominator[p] = sum;
        }
        add_row_cotangent(ndim, c.output, ct_denominator, count, to + ndim * (ndim + 1));
    }
    for (int d = 0; d < ndim; ++d) add_row_cotangent(ndim, c.output, ct[d], count, to + d * (ndim + 1));
}

}  // namespace wk

#endif
