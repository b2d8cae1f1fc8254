"""WCAG AA by computation: every pair of text and ground that the style sheets use, light and dark."""

import re

import pytest
from django.conf import settings

CSS = (settings.BASE_DIR / "static/css/base.css").read_text(encoding="utf-8")

TEXT = 4.5
SHAPE = 3.0
PAIRS = [
    ("ink", "ground", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "sunk", TEXT),
    ("ink", "brand-soft", TEXT),
    ("ink", "amber-soft", TEXT),
    ("ink", "red-soft", TEXT),
    ("ink", "green-soft", TEXT),
    ("muted", "ground", TEXT),
    ("muted", "surface", TEXT),
    ("muted", "sunk", TEXT),
    ("muted", "brand-soft", TEXT),
    ("link", "ground", TEXT),
    ("link", "surface", TEXT),
    ("link", "sunk", TEXT),
    ("link", "brand-soft", TEXT),
    ("link", "amber-soft", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-red", "red", TEXT),
    ("on-green", "green", TEXT),
    ("on-served", "served", TEXT),
    ("red-ink", "surface", TEXT),
    ("red-ink", "ground", TEXT),
    ("red-ink", "red-soft", TEXT),
    ("red-ink", "sunk", TEXT),
    ("red-ink", "brand-soft", TEXT),
    ("green", "surface", TEXT),
    ("green", "ground", TEXT),
    ("green", "sunk", TEXT),
    ("green", "brand-soft", TEXT),
    ("amber-ink", "surface", TEXT),
    ("amber-ink", "amber-soft", TEXT),
    ("amber-ink", "brand-soft", TEXT),
    ("surface", "ink", TEXT),
    ("edge", "surface", SHAPE),
    ("edge", "ground", SHAPE),
    ("edge", "sunk", SHAPE),
    ("red", "surface", SHAPE),
    ("red", "brand-soft", SHAPE),
    ("red", "amber-soft", SHAPE),
    ("green", "amber-soft", SHAPE),
    ("amber", "surface", SHAPE),
    ("amber", "amber-soft", SHAPE),
    ("edge", "amber-soft", SHAPE),
    ("edge", "brand-soft", SHAPE),
    ("brand", "ground", SHAPE),
    ("link", "amber-soft", SHAPE),
]


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})\b", css))


def scheme(name: str) -> dict[str, str]:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
    if name == "light":
        return tokens(light)
    return tokens(light) | tokens(dark.split("@media", 1)[0])


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    channels = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_what_stands_on_a_ground_can_be_read(name: str, front: str, back: str, least: float) -> None:
    colours = scheme(name)

    assert contrast(colours[front], colours[back]) >= least


def test_black_on_white_measures_twenty_one() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)


def test_the_dark_scheme_changes_every_colour_of_the_light_one() -> None:
    light, dark = scheme("light"), scheme("dark")

    assert [name for name in light if light[name] == dark[name]] == []
