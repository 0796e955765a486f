// The plain C interface of the compiled CPU kernels. `warpkit/_core/_native.py` and the callers in
// `warpkit/sampling` mirror it with ctypes; ABI_VERSION changes with every change of a struct, a function or
// a code below.
#ifndef WARPKIT_CPU_ABI_H
#define WARPKIT_CPU_ABI_H

#include <stdint.h>

#if defined(_WIN32)
#define WK_EXPORT extern "C" __declspec(dllexport)
#else
#define WK_EXPORT extern "C" __attribute__((visibility("default")))
#endif

enum { WK_ABI_VERSION = 1 };
enum wk_status { WK_OK = 0, WK_UNSUPPORTED = 1, WK_OUT_OF_MEMORY = 2 };
enum wk_dtype { WK_FLOAT32 = 0, WK_FLOAT64 = 1 };
enum wk_kernel { WK_NEAREST = 0, WK_LINEAR = 1 };
enum wk_boundary { WK_CONSTANT = 0, WK_BORDER = 1, WK_REFLECT = 2, WK_MIRROR = 3, WK_WRAP = 4 };

// Arrays are C-contiguous. Axes are listed in coordinate order (x, y[, z]): the last image axis first.
struct wk_grid_sample {
    int32_t ndim;          // 2 or 3
    int32_t kernel;        // wk_kernel
    int32_t boundary;      // wk_boundary
    int32_t image_dtype;   // wk_dtype: image, values and ct_image; also the type of the arithmetic
    int32_t grid_dtype;    // wk_dtype: grid and ct_grid
    int32_t num_threads;   // at most so many; results do not depend on it
    int64_t image_n;       // batch sizes: equal, or one of them 1
    int64_t grid_n;
    int64_t channels;
    int64_t points;        // output points per batch item
    int64_t row;           // how many of them make one row (the last output axis); speed alone depends on it
    int64_t size[3];       // pixels along each axis
    double scale[3];       // pixel coordinate = grid * scale + offset
    double offset[3];
    double fill_value;
    const void *image;     // (image_n, channels, *spatial)
    const void *grid;      // (grid_n, points, ndim)
    void *values;          // (n, channels, points): written by pull, read as ct_out by its vjp
    void *ct_image;        // like image, zeros on entry; NULL if not asked for
    void *ct_grid;         // like grid; NULL if not asked for
};

WK_EXPORT int32_t wk_abi_version(void);

// The instruction set this library was compiled for ("x86-64-v3", "baseline", ...).
WK_EXPORT const char *wk_instruction_set(void);

// The best of the instruction sets warpkit is built for that this machine can run.
WK_EXPORT const char *wk_best_instruction_set(void);

WK_EXPORT int32_t wk_grid_sample_pull(const struct wk_grid_sample *arguments);
WK_EXPORT int32_t wk_grid_sample_pull_vjp(const struct wk_grid_sample *arguments);

#endif
