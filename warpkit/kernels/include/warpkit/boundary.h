// Boundary rules: what pixel a tap outside the image means (one axis).
//
// A rule acts on the tap's index and never on the coordinate, so a mirrored image keeps the right derivative.
// The index is a float64 with an integer value (possibly infinite, or NaN at a NaN coordinate); what
// `resolve` returns is always safe to convert to an integer: OUTSIDE, or a value of [0, size - 1].
#ifndef WARPKIT_BOUNDARY_H
#define WARPKIT_BOUNDARY_H

#include "warpkit/platform.h"

namespace wk {

constexpr double OUTSIDE = -1.0;  // the tap's value is fill_value, and it has no place in the image

// i modulo period, in [0, period). Exact for |i| < 2^53: the quotient of two such integers never rounds up to
// the next integer, and |i| is reduced before the sign is put back, so no product exceeds |i|.
WK_DEVICE double modulo(double i, double period) {
    const double magnitude = i < 0.0 ? -i : i;
    const double rest = magnitude - period * floor_of(magnitude / period);
    const double folded = rest > 0.0 ? period - rest : rest;  // one select after the other: these vectorise
    return i < 0.0 ? folded : rest;
}

WK_DEVICE bool is_exact(double i) { return (i > -EXACT_INTEGER_LIMIT) & (i < EXACT_INTEGER_LIMIT); }

// The rules that fold an index back by a period have no answer where integers are no longer exact: the point
// is NaN.
struct Periodic {
    static WK_DEVICE bool has_answer(double i) { return is_exact(i); }
};

struct Answering {
    static WK_DEVICE bool has_answer(double) { return true; }
};

struct Constant : Answering {
    static WK_DEVICE double resolve(double i, double size) { return (i >= 0.0) & (i < size) ? i : OUTSIDE; }
};

struct Border : Answering {
    static WK_DEVICE double resolve(double i, double size) {
        const double low = i > 0.0 ? i : 0.0;  // also turns NaN into 0
        return low < size ? low : size - 1.0;
    }
};

// About the outer edges of the image: ... 1 0 | 0 1 2 | 2 1 ...
struct Reflect : Periodic {
    static WK_DEVICE double resolve(double i, double size) {
        const double rest = modulo(is_exact(i) ? i : 0.0, 2.0 * size);
        return rest < size ? rest : 2.0 * size - 1.0 - rest;
    }
};

// About the centres of the corner pixels: ... 2 1 | 0 1 2 | 1 0 ...
struct Mirror : Periodic {
    static WK_DEVICE double resolve(double i, double size) {
        const double period = size > 1.0 ? 2.0 * (size - 1.0) : 1.0;  // an axis of one pixel repeats it
        const double rest = modulo(is_exact(i) ? i : 0.0, period);
        return rest < size ? rest : period - rest;
    }
};

struct Wrap : Periodic {
    static WK_DEVICE double resolve(double i, double size) { return modulo(is_exact(i) ? i : 0.0, size); }
};

}  // namespace wk

#endif
