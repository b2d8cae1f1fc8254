"""Charts as SVG, drawn on the server: columns by date, lines by day, bars side by side.

Pure: numbers and words in, markup out. No `style` attribute (the CSP forbids it): shapes are attributes,
colours and sizes of type are classes of static/css/statistics.css. A look is a colour *and* a texture, so
that no chart needs colour to be read: "a" solid, "b" hatched (red), "c" solid, "d" hatched (indigo), "e"
outlined. `PATTERNS` stands once on a page that draws any of them. Whoever cannot see a chart hears its title
and `description`; the page has the same numbers as a table besides.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 420, 210
TOP, BOTTOM, RIGHT = 34, 30, 10
_LABELS = 7
"""At most so many labels stand under the axis, so that they don't touch on a phone."""
_NUMBERED = 14
"""Up to so many columns carry their number on top."""
_TEXTURES = {"b": "url(#hatch-b)", "d": "url(#hatch-d)"}

PATTERNS: SafeString = mark_safe(  # a constant
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    + "".join(
        f'<pattern id="hatch-{look}" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path class="hatch-{look}" d="M1 0v5"/></pattern>'
        for look in _TEXTURES
    )
    + "</defs></svg>"
)


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of column: how it looks, what it is called, a number for each place of the axis."""

    look: str
    label: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line through points of day and share in percent."""

    look: str
    label: str
    points: Sequence[tuple[float, float]]
    marker: str = "circle"
    """Shape of its points: "circle", "diamond", "square", or "" for none."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its number and what it counts."""

    look: str
    label: str
    value: float
    note: str = ""


def ticks(most: float) -> list[int]:
    """Round numbers from 0 to one that is not below `most`, at most five steps; [0, 1] where nothing is."""
    if most <= 0:
        return [0, 1]
    step = next(s for s in _steps() if most / s <= 4)
    return [step * n for n in range(math.ceil(most / step) + 1)]


def _steps() -> Iterable[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def number(value: float) -> str:
    """A number as it stands in a chart: whole, or with one digit behind the point."""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def swatch(look: str, marker: str = "") -> SafeString:
    """The sample of a look beside its word in the legend."""
    if marker:
        line = format_html('<path class="line {}" d="M0 7h22"/>{}', look, _marker(marker, look, 11, 7))
        return format_html('<svg class="swatch" viewBox="0 0 22 14" aria-hidden="true">{}</svg>', line)
    return format_html(
        '<svg class="swatch" viewBox="0 0 22 14" aria-hidden="true">{}</svg>', _rect(look, 1, 1, 20, 12)
    )


def columns(
    key: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series], unit: str
) -> SafeString:
    """Columns over the labels (dates, or classes of a distribution), the series stacked on one another."""
    totals = [sum(each.values[place] for each in series) for place in range(len(labels))]
    axis = ticks(max(totals, default=0))
    plot = _Plot.of(axis)
    slot = plot.width / max(len(labels), 1)
    wide = min(slot * 0.72, 34)
    marks = []
    for place, label in enumerate(labels):
        left, base = plot.left + slot * place + (slot - wide) / 2, 0
        for each in series:
            value = each.values[place]
            if value:
                top = plot.y(base + value)
                said = f"{label} {each.label}: {value} {unit}"
                marks.append(_rect(each.look, left, top, wide, plot.y(base) - top, said))
                base += value
        if base and len(labels) <= _NUMBERED:
            marks.append(_text("value", left + wide / 2, plot.y(base) - 4, str(base)))
    every = math.ceil(len(labels) / _LABELS) or 1
    below = [
        _text("tick", plot.left + slot * (place + 0.5), HEIGHT - BOTTOM + 17, label)
        for place, label in enumerate(labels)
        if (len(labels) - 1 - place) % every == 0
    ]
    return _svg(key, title, description, [plot.grid(axis, unit), *marks, *below])


def lines(
    key: str,
    title: str,
    description: str,
    last: int,
    drawn: Sequence[Line],
    marks: Sequence[tuple[float, str]] = (),
) -> SafeString:
    """Shares in percent over the days 0 to `last`; `marks` are days with a word of their own."""
    axis = [0, 25, 50, 75, 100]
    plot = _Plot.of(axis)

    def x(day: float) -> float:
        return plot.left + 8 + (plot.width - 16) * day / max(last, 1)

    parts = [plot.grid(axis, "%")]
    for day, word in marks:
        parts.append(format_html('<path class="mark" d="M{} {}V{}"/>', _n(x(day)), TOP - 8, HEIGHT - BOTTOM))
        parts.append(_text("tick", x(day), TOP - 11, word))
    for line in drawn:
        path = "L".join(f"{_n(x(day))} {_n(plot.y(share))}" for day, share in line.points)
        if len(line.points) > 1:
            parts.append(format_html('<path class="line {}" d="M{}"/>', line.look, path))
        for day, share in line.points if line.marker else ():
            said = f"{line.label} · {number(day)}: {number(share)} %"
            parts.append(_marker(line.marker, line.look, x(day), plot.y(share), said))
    every = math.ceil((last + 1) / 12)
    parts += [_text("tick", x(day), HEIGHT - BOTTOM + 17, str(day)) for day in range(0, last + 1, every)]
    return _svg(key, title, description, parts)


def bars(key: str, title: str, description: str, rows: Sequence[Bar], unit: str) -> SafeString:
    """Bars below one another, each with its words above it and its number behind it."""
    most = max((row.value for row in rows), default=0) or 1
    parts: list[SafeString] = []
    for place, row in enumerate(rows):
        top = 4 + place * 52
        wide = max((WIDTH - 96) * row.value / most, 1)
        parts.append(_text("label", 0, top + 12, row.label))
        parts.append(_rect(row.look, 1, top + 19, wide, 22, f"{row.label}: {number(row.value)} {unit}"))
        parts.append(_text("amount", wide + 9, top + 35, f"{number(row.value)} {unit}{row.note}"))
    return _svg(key, title, description, parts, height=max(52 * len(rows), 52))


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where the marks stand: right of the numbers of the axis, above the labels."""

    left: float
    most: float

    @classmethod
    def of(cls, axis: Sequence[int]) -> "_Plot":
        return cls(left=12 + 8.5 * len(str(axis[-1])), most=axis[-1])

    @property
    def width(self) -> float:
        return WIDTH - RIGHT - self.left

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / self.most

    def grid(self, axis: Sequence[int], unit: str) -> SafeString:
        """The level lines with their numbers, and the unit above them."""
        level = format_html_join(
            "",
            '<path class="{}" d="M{} {}H{}"/><text class="tick end" x="{}" y="{}">{}</text>',
            (
                (
                    "base" if value == 0 else "grid",
                    _n(self.left),
                    _n(self.y(value)),
                    WIDTH - RIGHT,
                    _n(self.left - 6),
                    _n(self.y(value) + 4),
                    value,
                )
                for value in axis
            ),
        )
        return format_html('{}<text class="tick unit" x="0" y="11">{}</text>', level, unit)


def _svg(
    key: str, title: str, description: str, parts: Iterable[SafeString], height: float = HEIGHT
) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        WIDTH,
        _n(height),
        key,
        key,
        key,
        title,
        key,
        description,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _rect(look: str, x: float, y: float, width: float, height: float, said: str = "") -> SafeString:
    texture = format_html(' fill="{}"', _TEXTURES[look]) if look in _TEXTURES else ""
    tip = format_html("<title>{}</title>", said) if said else ""
    return format_html(
        '<rect class="fill {}" x="{}" y="{}" width="{}" height="{}"{}>{}</rect>',
        look,
        _n(x),
        _n(y),
        _n(width),
        _n(height),
        texture,
        tip,
    )


_SHAPES = {
    "circle": "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "diamond": "m0 -6l6 6l-6 6l-6 -6z",
    "square": "m-4.5 -4.5h9v9h-9z",
}


def _marker(shape: str, look: str, x: float, y: float, said: str = "") -> SafeString:
    tip = format_html("<title>{}</title>", said) if said else ""
    return format_html('<path class="dot {}" d="M{} {}{}">{}</path>', look, _n(x), _n(y), _SHAPES[shape], tip)


def _text(kind: str, x: float, y: float, words: str) -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', kind, _n(x), _n(y), words)


def _n(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
