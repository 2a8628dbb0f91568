"""How the kernel's functions are compiled."""

from __future__ import annotations

from numba import njit

# Without the GIL, dividing as numpy does, and without counting references: nothing is allocated in
# the loops, and counting took a quarter of their time.
_HOW = {"nogil": True, "error_model": "numpy", "_nrt": False}

compiled = njit(**_HOW)
# Handing over many arrays costs more than a loop over lanes: not for what runs on every bar.
inlined = njit(**_HOW, inline="always")
# An entry point: it allocates, and stays on disk.
entry = njit(nogil=True, error_model="numpy", cache=True)
