// From a grid value to a pixel coordinate, and from that to a cell and a fraction (one axis).
#ifndef WARPKIT_COORDINATE_H
#define WARPKIT_COORDINATE_H

#include "warpkit/platform.h"

namespace wk {

// One spatial axis of an image, and the frame's affine map from grid values to pixel coordinates along it.
struct Axis {
    int64 size;     // number of pixels N
    int64 stride;   // elements between neighbouring pixels
    double scale;   // pixel = grid * scale + offset
    double offset;
};

// A pixel coordinate x = cell + fraction. The cell stays a float64: it may be infinite or far outside any
// integer type, and is converted only after a boundary rule has brought it into the image.
struct Cell {
    double index;     // floor(x)
    double fraction;  // x - floor(x); 0 where x is infinite; NaN where x is NaN
};

// Always in float64, whatever the grid's dtype, and never contracted to a fused multiply-add.
WK_DEVICE double pixel_coordinate(double grid_value, double scale, double offset) {
    return grid_value * scale + offset;
}

WK_DEVICE Cell cell_of(double x) {
    const double index = floor_of(x);
    const double fraction = x - index;  // NaN for NaN, and for inf - inf
    const double magnitude = x < 0.0 ? -x : x;
    return {index, magnitude >= EXACT_INTEGER_LIMIT ? 0.0 : fraction};
}

}  // namespace wk

#endif
