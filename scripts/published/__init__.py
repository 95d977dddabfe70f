"""What each operation of imgproc is compared with: a published function, or its formula in float64; one module for each
section of the catalogue. Importing them fills OPERATIONS.

A comparison takes an image's colour as an array height x width x channels of levels (0 to 255, float64) and a recipe's
parameters, and gives levels that are neither clamped nor rounded.
"""
from . import edges, filters, geometry, morphology, tone  # noqa: F401
from .values import OPERATIONS, Refused

__all__ = ["OPERATIONS", "Refused"]
