// The plain C interface of the compiled CPU kernels. `warpkit/_core/_native.py` and
// `warpkit/sampling/_native_call.py` mirror it with ctypes; ABI_VERSION changes with every change of a struct, a
// function or a code below.
#ifndef WARPKIT_CPU_ABI_H
#define WARPKIT_CPU_ABI_H

#include <stdint.h>

#if defined(_WIN32)
#define WK_EXPORT extern "C" __declspec(dllexport)
#else
#define WK_EXPORT extern "C" __attribute__((visibility("default")))
#endif

enum { WK_ABI_VERSION = 4 };
enum { WK_MAX_RESIDUALS = 4 };
enum wk_status { WK_OK = 0, WK_UNSUPPORTED = 1, WK_OUT_OF_MEMORY = 2, WK_INTERRUPTED = 3, WK_OUTSIDE_BLOCK = 4 };
enum wk_dtype { WK_FLOAT32 = 0, WK_FLOAT64 = 1, WK_FLOAT16 = 2, WK_UINT8 = 3, WK_UINT16 = 4, WK_INT16 = 5 };
enum wk_kernel { WK_NEAREST = 0, WK_LINEAR = 1, WK_CUBIC = 2, WK_CUBIC_SHARP = 3, WK_BSPLINE2 = 4, WK_BSPLINE3 = 5 };
enum wk_boundary { WK_CONSTANT = 0, WK_BORDER = 1, WK_REFLECT = 2, WK_MIRROR = 3, WK_WRAP = 4 };

// Where the coordinates of the output's points come from: an array, or the parameters of a transform that maps
// the output's pixels to the input's.
//   affine       (ndim, ndim + 1): the rows [A b]
//   projective   (ndim + 1, ndim + 1): homogeneous
//   tps          (controls + 1 + ndim, ndim): weights of the basis functions, constant, factors of x, y[, z]
enum wk_source { WK_GRID_FLOAT32 = 0, WK_GRID_FLOAT64 = 1, WK_AFFINE = 2, WK_PROJECTIVE = 3, WK_TPS = 4 };

// A thin-plate spline displaces the points of the identity: pixel = identity + displacement at the point's
// coordinates in the frame that the control points are given in.
struct wk_spline {
    int64_t controls;
    const double *control_points;  // (controls, ndim)
    double frame_scale[3];         // output pixel = frame coordinate * scale + offset; 0: coordinate 0
    double frame_offset[3];
    double identity_scale[3];      // input pixel of the identity = output pixel * scale + offset
    double identity_offset[3];
};

// Arrays are C-contiguous. Axes are listed in coordinate order (x, y[, z]): the last image axis first.
struct wk_sampling {
    int32_t ndim;           // 1, 2 or 3
    int32_t kernel;         // wk_kernel
    int32_t boundary;       // wk_boundary
    int32_t image_dtype;    // wk_dtype
    int32_t source;         // wk_source
    int32_t num_threads;    // at most so many; results do not depend on it
    int32_t wide_index;     // non-zero: 64-bit places even where 32 bits would do
    int32_t derivative[3];  // orders of derivative along each axis
    int64_t image_n;        // batch sizes: equal, or one of them 1
    int64_t source_n;
    int64_t point_values_n;
    int64_t channels;
    int64_t shape[3];         // output points along each axis; 1 beyond ndim. For a grid: (row, rows, 1)
    int64_t origin[3];        // index of the first of them in the whole output (transforms only)
    int64_t size[3];          // pixels of the whole image along each axis
    int64_t block_origin[3];  // the part of it that is in memory: first pixel and number of pixels
    int64_t block_size[3];
    double scale[3];  // pixel coordinate = grid * scale + offset; for transforms 1 and 0
    double offset[3];
    double fill_value;
    struct wk_spline spline;
    const void *coordinates;          // grid (source_n, points, ndim), or float64 parameters (source_n, ...)
    const void *coordinate_tangents;  // like coordinates
    const void *image;                // (image_n, channels, *spatial)
    const void *image_tangents;       // like image, or NULL
    const void *point_values;         // (point_values_n, channels, points)
    void *out;
};

// The residual image - fixed at the points of a transform. `sampling.spline` has the output's frame for every transform,
// and `sampling.offset` the image's: pixel = coordinate * scale + offset.
struct wk_least_squares {
    struct wk_sampling sampling;
    int32_t fixed_dtype;    // wk_dtype
    int32_t weights_dtype;
    int64_t fixed_n;        // that of the batch, or 1
    int64_t weights_n;
    // 1; or, of a single item, how many fixed images it is compared with: up to WK_MAX_RESIDUALS, and fixed_n of them.
    int64_t residuals;
    const void *fixed;      // (fixed_n, channels, points)
    const void *weights;    // (weights_n, points), or NULL: all are 1
    // For a spline, (controls + 1 + ndim, controls): its features times this are the functions whose products are summed up.
    const double *functions;
};

WK_EXPORT int32_t wk_abi_version(void);

// The instruction set this library was compiled for ("x86-64-v3", "baseline", ...).
WK_EXPORT const char *wk_instruction_set(void);

// The best of the instruction sets warpkit is built for that this machine can run.
WK_EXPORT const char *wk_best_instruction_set(void);

// Bytes that could not be had in this thread's last call that returned WK_OUT_OF_MEMORY; 0: not known.
WK_EXPORT int64_t wk_out_of_memory_bytes(void);

// Asked about every 50 ms by the calling thread; non-zero stops the call. NULL: never asked.
typedef int32_t (*wk_interrupted)(void);

// out (n, channels, points) = the image, or its derivative, at the points.
WK_EXPORT int32_t wk_pull(const struct wk_sampling *arguments, wk_interrupted interrupted);

// out, like image and zeros on entry, += point_values at the taps of their points: the adjoint of wk_pull.
WK_EXPORT int32_t wk_push(const struct wk_sampling *arguments, wk_interrupted interrupted);

// out = the cotangent of the coordinates, of wk_pull with the cotangent point_values. For a grid: like it. For
// a transform: float64, like its parameters.
WK_EXPORT int32_t wk_pull_vjp(const struct wk_sampling *arguments, wk_interrupted interrupted);

// out (n, channels, points) = the tangent of wk_pull: by coordinates, and by image where it has tangents.
WK_EXPORT int32_t wk_pull_jvp(const struct wk_sampling *arguments, wk_interrupted interrupted);

// out (n, ...) in float64 = weighted sums over points and channels of products of residuals r, of their slopes s by the
// image's pixel coordinates x, and of the features f of a point: its x, y[, z] in the frame, and 1; for a spline the
// basis functions, 1, and x, y[, z], times `functions`. For a homography the slopes are s_i / w, and last -sum of s_i (x_i - offset_i) / w.
//   s_i s_j f_a f_b   for each pair i <= j (00, 01, 11, 02, ...), and in it for each pair b <= a (00, 10, 11, 20, ...)
//   s_i r f_a         for each r, in it for each i, and in it for each a
//   r r               for each r
WK_EXPORT int32_t wk_normal_equations(const struct wk_least_squares *arguments, wk_interrupted interrupted);

#endif
