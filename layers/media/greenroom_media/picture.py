"""Says what is wrong with a single picture: black, covered, dark, blurred.

Thresholds are starting values: read off 120 degraded versions of five recordings (faces near, far and upright, and
a screen), each with a margin to the nearest picture of the other kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
_Counts = NDArray[np.float32]
"""Rows × columns, 0–255; 16 is black and 235 white, as in video."""

Mark = Literal["black", "covered", "dark", "blurred"]

_SOFTEN = 0.8
"""Standard deviation in px of the blur before gradients: single noisy pixels then make no edge."""
_COARSE = 4
_BINS = 512
_EDGES = 0.995
"""The share of pixels below "the strongest edges"; the rest are a face's outline, hair, a collar."""


@dataclass(frozen=True)
class Limits:
    """When a picture is bad. Luma 0–255 (16 is black).

    `black_mean`, `black_most`: mean, and the value that 98 % of pixels stay at or below, of a black picture. A
    covered lens lets a little light or the sensor's noise through and is not as dark. `flat_edge`: strongest
    edge (luma per px of a picture 160 px wide) of a picture that shows nothing. `dark_light`: mean of the mean
    and the 90th percentile below which a picture is dark: faces in good light 121 and more, the same at a
    quarter of the light 43–56, 77 levels darker 58–97. `blurred_edge`: how much of an edge's height lies
    within one px at 640 px, against one px at 160 px: 0.25 for any soft edge, 0.43–0.58 for sharp pictures
    (also at 250 kbit/s), 0.29–0.38 after a Gaussian blur of 5 px at 1280 px.
    """

    black_mean: float = 17.5
    black_most: float = 22.0
    flat_edge: float = 4.5
    dark_light: float = 105.0
    blurred_edge: float = 0.395


@dataclass(frozen=True)
class Light:
    """What was measured on one picture: luma `mean`, 90th and 98th percentile; strongest edges per px.

    `fine_edge` at the picture's own size, `coarse_edge` at a quarter of it. Their quotient depends neither on
    contrast nor, by its being taken at the strongest edges, on how many there are.
    """

    mean: float
    p90: float
    p98: float
    fine_edge: float
    coarse_edge: float

    @property
    def sharpness(self) -> float:
        """0.25 (soft) to about 0.6 (sharp); 0 for a picture without edges."""
        return self.fine_edge / self.coarse_edge if self.coarse_edge > 0 else 0.0


def light(luma: Luma) -> Light:
    """Measure one picture, about 640 px wide."""
    histogram = _counts(luma[::2], 256)
    size = (max(1, luma.shape[1] // _COARSE), max(1, luma.shape[0] // _COARSE))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    soft = np.asarray(cv2.GaussianBlur(luma, (0, 0), _SOFTEN), np.uint8)
    return Light(
        mean=float(histogram @ np.arange(256) / histogram.sum()),
        p90=_percentile(histogram, 0.90),
        p98=_percentile(histogram, 0.98),
        fine_edge=_strongest_edges(soft),
        coarse_edge=_strongest_edges(small),
    )


def marks(seen: Light, limits: Limits) -> frozenset[Mark]:
    """What is wrong, if anything. Black and covered pictures are nothing else besides; black comes first."""
    if seen.mean <= limits.black_mean and seen.p98 <= limits.black_most:
        return frozenset({"black"})
    if seen.coarse_edge < limits.flat_edge:
        return frozenset({"covered"})
    found: set[Mark] = set()
    if (seen.mean + seen.p90) / 2 < limits.dark_light:
        found.add("dark")
    if seen.sharpness < limits.blurred_edge:
        found.add("blurred")
    return frozenset(found)


def _strongest_edges(luma: Luma) -> float:
    """Luma per px: the `_EDGES` percentile of the gradient by Sobel's operator, whose weights add up to 8."""
    across = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=1 / 8)
    steepness = np.asarray(cv2.magnitude(across, down), np.float32)
    return _percentile(_counts(steepness[::2], _BINS), _EDGES) * 256 / _BINS


def _counts(values: Luma | _Counts, bins: int) -> _Counts:
    """How many of `values`, 0–256, lie in each of `bins`. Every second row says as much in half the time."""
    return np.asarray(
        cv2.calcHist([np.ascontiguousarray(values)], [0], None, [bins], [0, 256])[:, 0], np.float32
    )


def _percentile(histogram: _Counts, share: float) -> float:
    """The bin below which at least `share` of the counts lie."""
    sums = np.cumsum(histogram, dtype=np.float64)
    return float(np.searchsorted(sums, share * sums[-1]))
