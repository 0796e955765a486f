// CUDA's words, for a C++ compiler: a kernel is a function, and its threads run one after the other.
//
// NVRTC's own macro is defined as well, so that the lines of warpkit's headers run which only a GPU's compiler sees.
#ifndef CUDA_ON_CPU_H
#define CUDA_ON_CPU_H

#include <math.h>
#include <string.h>

#define __CUDACC_RTC__
#define __host__
#define __device__
#define __global__
#define __forceinline__ inline

struct Index {
    unsigned x, y, z;
};
static Index threadIdx, blockIdx, blockDim, gridDim;

template <typename... Parameters, typename... Arguments>
void launch(unsigned blocks, unsigned threads, void (*kernel)(Parameters...), Arguments... arguments) {
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (blockIdx = {0, 0, 0}; blockIdx.x < blocks; ++blockIdx.x) {
        for (threadIdx = {0, 0, 0}; threadIdx.x < threads; ++threadIdx.x) {
            kernel(static_cast<Parameters>(arguments)...);
        }
    }
}

#endif
