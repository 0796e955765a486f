// Pull: out[n, c, p] = sum over taps k of w_k(p) * image[n, c, place_k(p)], a thread for each point.
//
// The sums of cpu/pull.cpp, term by term. Compiled when it is first needed, for the types at hand: a kernel is asked
// for by a name such as wk::pull<wk::Linear, wk::Border, 2, float, double>. The bits are the CPU's as long as the compiler
// neither contracts nor flushes: --fmad=false, and the defaults of --ftz, --prec-div and --prec-sqrt.
#include "warpkit/boundary.h"
#include "warpkit/coordinate.h"
#include "warpkit/pixel_type.h"
#include "warpkit/tap_kernel.h"

namespace wk {

constexpr int64 OUTSIDE_PLACE = -1;

struct PullShape {
    Axis axes[3];    // in coordinate order (x, y[, z])
    int64 plane;     // pixels of a channel
    int64 image_n;   // batch sizes: equal, or one of them 1
    int64 grid_n;
    int64 channels;
    int64 points;    // of a batch item
    double fill_value;
};

// The taps of a point along one axis.
template <int TAPS, typename T>
struct PointTaps {
    T weight[TAPS];
    int64 place[TAPS];  // in elements from the axis' first pixel; or OUTSIDE_PLACE
};

// Returns false where the boundary rule has no answer, or the coordinate is NaN.
template <typename Kernel, typename Rule, typename T>
WK_DEVICE bool find_taps(double x, const Axis &axis, PointTaps<Kernel::TAPS, T> &taps) {
    const Cell cell = cell_of(x);
    const double first = Kernel::first_tap(cell), last = first + (Kernel::TAPS - 1);
    Kernel::template weights<0>(static_cast<T>(Kernel::local(cell.fraction)), taps.weight);
    for (int k = 0; k < Kernel::TAPS; ++k) {
        const double pixel = Rule::resolve(first + k, static_cast<double>(axis.size));
        taps.place[k] = pixel < 0.0 ? OUTSIDE_PLACE : static_cast<int64>(pixel) * axis.stride;
    }
    return (first == first) & Rule::has_answer(first) & Rule::has_answer(last);
}

// Adds the taps along axis D and those before it, which share `weight` and `place` of the axes after it: in row-major
// order, each weight being (wz * wy) * wx.
template <int D, int TAPS, typename S, typename T>
WK_DEVICE void add_taps(const PointTaps<TAPS, T> *taps, const S *plane, T outside, T weight, int64 place, T &sum) {
    for (int k = 0; k < TAPS; ++k) {
        const int64 along = taps[D].place[k];
        const int64 at = (place < 0) | (along < 0) ? OUTSIDE_PLACE : place + along;
        const T product = weight * taps[D].weight[k];
        if constexpr (D > 0) add_taps<D - 1>(taps, plane, outside, product, at, sum);
        else sum = accumulate(sum, product, at < 0 ? outside : to_arithmetic(plane[at]));
    }
}

// image (image_n, channels, *spatial), grid (grid_n, points, NDIM), out (n, channels, points): C-contiguous.
template <typename Kernel, typename Rule, int NDIM, typename S, typename G>
__global__ void pull(PullShape shape, const S *WK_RESTRICT image, const G *WK_RESTRICT grid, S *WK_RESTRICT out) {
    using T = decltype(to_arithmetic(S{}));
    const T outside = to_arithmetic(Pixel<S>::of(static_cast<T>(shape.fill_value)));
    const int64 batch = shape.image_n == 1 ? shape.grid_n : shape.image_n;
    const int64 threads = static_cast<int64>(gridDim.x) * blockDim.x;
    int64 number = static_cast<int64>(blockIdx.x) * blockDim.x + threadIdx.x;
    for (; number < batch * shape.points; number += threads) {
        const int64 item = number / shape.points, point = number % shape.points;
        const G *at = grid + ((shape.grid_n == 1 ? 0 : item) * shape.points + point) * NDIM;
        PointTaps<Kernel::TAPS, T> taps[NDIM];
        bool answered = true;
        for (int d = 0; d < NDIM; ++d) {
            const Axis &axis = shape.axes[d];
            const double x = pixel_coordinate(static_cast<double>(at[d]), axis.scale, axis.offset);
            answered &= find_taps<Kernel, Rule>(x, axis, taps[d]);
        }
        for (int64 c = 0; c < shape.channels; ++c) {
            const S *plane = image + ((shape.image_n == 1 ? 0 : item) * shape.channels + c) * shape.plane;
            T sum = T(-0.0);
            add_taps<NDIM - 1>(taps, plane, outside, T(1), 0, sum);
            const T value = answered ? sum : static_cast<T>(NOT_A_NUMBER);
            out[(item * shape.channels + c) * shape.points + point] = Pixel<S>::of(value);
        }
    }
}

}  // namespace wk
