"""The colours: Okabe and Ito's set, with the shades that text needs on white and on black.

References
----------
Okabe, M. and Ito, K. (2008), "Color Universal Design", https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from collections.abc import Mapping

# Lines and areas.
OKABE_ITO: Mapping[str, str] = {
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}

# ``*-text`` keeps a contrast of at least 4.5 with the paper.
LIGHT: Mapping[str, str] = {
    **OKABE_ITO,
    "paper": "#ffffff",
    "panel": "#f6f6f3",
    "ink": "#1c1c1a",
    "muted": "#5c5c57",
    "rule": "#dddcd6",
    "grey": "#8a8a84",
    "blue-text": "#00659e",
    "vermilion-text": "#b34700",
    "purple-text": "#8f4470",
    "banner": "#ffd84d",
    "banner-text": "#1c1c1a",
}
DARK: Mapping[str, str] = {
    **OKABE_ITO,
    "blue": "#4aa3dc",
    "vermilion": "#ee7a2e",
    "paper": "#15171a",
    "panel": "#1e2125",
    "ink": "#ebe9e4",
    "muted": "#a9a8a2",
    "rule": "#34373c",
    "grey": "#8f8f8a",
    "blue-text": "#6bb8ea",
    "vermilion-text": "#f4934f",
    "purple-text": "#d996ba",
    "banner": "#ffd84d",
    "banner-text": "#1c1c1a",
}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def variables(colours: Mapping[str, str]) -> str:
    """Return the colours as CSS custom properties."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
