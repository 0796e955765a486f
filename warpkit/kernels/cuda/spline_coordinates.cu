// The pixel coordinates in the input to which a thin-plate spline maps the output's points, a thread for each point.
//
// x[n, p, d] = identity_d(p) + sum over coefficients i of feature_i(p) * coefficients[n, i, d], where the features are the
// basis functions around the control points, 1, and the point itself: the sums of cpu/coordinates.h, term by term. Compiled
// like pull.cu, under a name such as wk::map_spline<3>.
#include "warpkit/radial_basis.h"

namespace wk {

// As of wk_spline in cpu/abi.h.
struct SplineShape {
    int64 size[3];            // output points along each axis, in coordinate order (x, y[, z])
    int64 batch, controls;
    double frame_scale[3];    // output pixel = frame coordinate * scale + offset; 0: coordinate 0
    double frame_offset[3];
    double identity_scale[3]; // input pixel of the identity = output pixel * scale + offset
    double identity_offset[3];
};

// control_points (controls, NDIM), coefficients (n, controls + 1 + NDIM, NDIM), out (n, points, NDIM): C-contiguous.
template <int NDIM>
__global__ void map_spline(SplineShape shape, const double *WK_RESTRICT control_points,
                           const double *WK_RESTRICT coefficients, double *WK_RESTRICT out) {
    const int64 points = shape.size[0] * shape.size[1] * (NDIM == 3 ? shape.size[2] : 1);
    const int64 threads = static_cast<int64>(gridDim.x) * blockDim.x;
    int64 number = static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x;
    for (; number < shape.batch * points; number += threads) {
        const double *weight = coefficients + number / points * (shape.controls + 1 + NDIM) * NDIM;
        double point[NDIM], x[NDIM];
        int64 rest = number % points;
        for (int d = 0; d < NDIM; ++d) {
            const double pixel = static_cast<double>(rest % shape.size[d]), scale = shape.frame_scale[d];
            rest /= shape.size[d];
            point[d] = scale != 0.0 ? (pixel - shape.frame_offset[d]) / scale : 0.0;
            x[d] = shape.identity_scale[d] * pixel + shape.identity_offset[d];
        }
        for (int64 i = 0; i < shape.controls; ++i, weight += NDIM) {
            const double *control = control_points + i * NDIM;
            double q = 0.0;
            for (int d = 0; d < NDIM; ++d) q += (point[d] - control[d]) * (point[d] - control[d]);
            const double basis = radial_basis<NDIM>(q);
            for (int d = 0; d < NDIM; ++d) x[d] += weight[d] * basis;
        }
        for (int d = 0; d < NDIM; ++d) x[d] += weight[d];
        for (int e = 0; e < NDIM; ++e) {
            weight += NDIM;
            for (int d = 0; d < NDIM; ++d) x[d] += weight[d] * point[e];
        }
        for (int d = 0; d < NDIM; ++d) out[number * NDIM + d] = x[d];
    }
}

}  // namespace wk
