"""OpenCV's two ways from one photo of a plane to another: by intensities and by features."""

from __future__ import annotations

import numpy as np

ECC_ITERATIONS, ECC_PRECISION = 100, 1e-6
ECC_BLUR = 5  # pixels: the side of its Gaussian filter
RATIO = 0.8
FAR = 3.0  # pixels


def ecc(fixed: np.ndarray, moving: np.ndarray, start: np.ndarray) -> np.ndarray | None:
    """``cv2.findTransformECC`` from a start."""
    import cv2

    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_ITERATIONS, ECC_PRECISION)
    begin = start.astype(np.float32)
    try:
        _, found = cv2.findTransformECC(fixed, moving, begin, cv2.MOTION_HOMOGRAPHY, criteria, None, ECC_BLUR)
    except cv2.error:
        return None
    return np.asarray(found, np.float64)


def ecc_multi_scale(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray | None:
    """``cv2.findTransformECCMultiScale`` with its own settings, from the identity."""
    import cv2

    parameters = cv2.ECCParameters()
    parameters.motionType = cv2.MOTION_HOMOGRAPHY
    try:
        _, found = cv2.findTransformECCMultiScale(fixed, moving, np.eye(3, dtype=np.float32), parameters)
    except cv2.error:
        return None
    return np.asarray(found, np.float64)


def sift_magsac(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray | None:
    """SIFT, matches by ratio, ``cv2.findHomography`` with USAC_MAGSAC."""
    import cv2

    sift = cv2.SIFT_create()
    (own, describe), (theirs, other) = (sift.detectAndCompute(image, None) for image in (fixed, moving))
    if min(len(own), len(theirs)) < 4:
        return None
    matches = [
        best
        for best, second in cv2.BFMatcher().knnMatch(describe, other, k=2)
        if best.distance < RATIO * second.distance
    ]
    if len(matches) < 4:
        return None
    src = np.array([own[match.queryIdx].pt for match in matches])
    dst = np.array([theirs[match.trainIdx].pt for match in matches])
    found, _ = cv2.findHomography(src, dst, cv2.USAC_MAGSAC, FAR)
    return None if found is None else np.asarray(found, np.float64)
