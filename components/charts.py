"""Where the lines, bars and words of a chart stand; templates/components draws them. Pure.

The plot is an inner SVG of 100 × 100 without aspect ratio, stretched over the width there is, with strokes
that do not scale. Words and points stand in the outer SVG at percentages, so letters keep their size on a
phone. Places are strings with two decimals, ready for an attribute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import pi

Number = int | float
Show = Callable[[Number], str]
PLOT_TOP, PLOT_HEIGHT, CHART_HEIGHT, STAGE_HEIGHT = 20, 160, 208, 44
RING_RADIUS = 36
RING_LENGTH = 2 * pi * RING_RADIUS


@dataclass(frozen=True)
class Word:
    """A text at `x` (percent) and `y` (pixels)."""

    x: str
    y: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    label: str
    shown: str


@dataclass
class Plot:
    """A chart of lines or bars over labels."""

    ticks: list[Word]
    along: list[Word]
    lines: list[str] = field(default_factory=list)
    area: str = ""
    bars: list[Bar] = field(default_factory=list)
    peak: Word | None = None
    peak_y: str = ""
    top: int = PLOT_TOP
    plot_height: int = PLOT_HEIGHT
    height: int = CHART_HEIGHT


@dataclass(frozen=True)
class Stage:
    """One bar of a funnel; `onward` is its share of the stage before, "" for the first."""

    label: str
    shown: str
    onward: str
    width: str
    words_y: int
    bar_y: int


def lines(labels: Sequence[str], series: Sequence[Sequence[Number]], *, show: Show, axis: Show) -> Plot:
    """A line a series over the same labels; the first is filled and its peak is named."""
    scale = Scale.over([value for values in series for value in values])
    step = 100 / max(len(labels) - 1, 1)
    points = [
        " ".join(f"{place * step:.2f},{scale.y(value):.2f}" for place, value in enumerate(values))
        for values in series
    ]
    plot = Plot(ticks=scale.words(axis), along=_along(labels, step), lines=points)
    first = series[0] if series else []
    if len(first) > 1:
        floor = f"{scale.y(max(scale.bottom, 0)):.2f}"
        plot.area = f"0,{floor} {points[0]} {(len(first) - 1) * step:.2f},{floor}"
        place = max(range(len(first)), key=first.__getitem__)
        x, y = place * step, scale.pixel(first[place])
        plot.peak = Word(f"{x:.2f}", f"{y - 10:.1f}", f"{labels[place]} {show(first[place])}", _anchor(x))
        plot.peak_y = f"{y:.1f}"
    return plot


def bars(labels: Sequence[str], values: Sequence[Number], *, show: Show, axis: Show) -> Plot:
    """An upright bar a label; a negative value hangs from zero. The furthest from zero is named, beyond its end."""
    scale = Scale.over(values)
    slot = 100 / max(len(labels), 1)
    plot = Plot(ticks=scale.words(axis), along=_along(labels, slot, start=slot / 2))
    for place, value in enumerate(values):
        upper, lower = scale.y(max(value, 0)), scale.y(min(value, 0))
        x, y, width, height = (place + 0.18) * slot, upper, 0.64 * slot, lower - upper
        plot.bars.append(
            Bar(f"{x:.2f}", f"{y:.2f}", f"{width:.2f}", f"{height:.2f}", labels[place], show(value))
        )
    if any(values):
        place = max(range(len(values)), key=lambda one: abs(values[one]))
        middle = (place + 0.5) * slot
        # Above the bar; of one that hangs, above the zero it hangs from.
        top = scale.pixel(max(values[place], 0)) - 6
        plot.peak = Word(
            f"{middle:.2f}", f"{top:.1f}", f"{labels[place]} {show(values[place])}", _anchor(middle)
        )
    return plot


def stages(steps: Sequence[tuple[str, int]], *, show: Show) -> list[Stage]:
    """A bar a step, as long as its share of the widest."""
    widest = max((number for _, number in steps), default=0) or 1
    drawn = []
    for place, (label, number) in enumerate(steps):
        onward = percent(number, steps[place - 1][1]) if place else ""
        top = place * STAGE_HEIGHT
        width = f"{100 * number / widest:.2f}"
        drawn.append(Stage(label, show(number), onward, width, words_y=top + 13, bar_y=top + 20))
    return drawn


def arc(part: Number, whole: Number) -> str:
    """The dash that closes a ring by part of whole, at most once round; "" when nothing is to be drawn."""
    share = min(max(part / whole, 0), 1) if whole else 0
    return f"{RING_LENGTH * share:.2f} {RING_LENGTH:.2f}" if share else ""


def spark(values: Sequence[Number], *, width: int, height: int) -> str:
    """The points of a line as small as a word."""
    low, high = min(values, default=0), max(values, default=0)
    step = (width - 2) / max(len(values) - 1, 1)
    rise = (height - 4) / ((high - low) or 1)
    return " ".join(
        f"{1 + place * step:.1f},{height - 2 - (value - low) * rise:.1f}"
        for place, value in enumerate(values)
    )


def percent(part: Number, whole: Number) -> str:
    """`68%`; below one per cent one decimal, so that little is not nothing; `–` of nothing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return f"{share:.1f}%" if 0 < abs(share) < 1 else f"{share:,.0f}%"


@dataclass(frozen=True)
class Scale:
    """Round ticks (1, 2, 2.5 or 5 times a power of ten) around the values and zero."""

    bottom: float
    step: float
    count: int

    @classmethod
    def over(cls, values: Sequence[Number]) -> "Scale":
        low, high = min([*values, 0]), max([*values, 0])
        span = (high - low) or 3
        power = 10.0 ** (len(str(int(span))) - 2)
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20, 25, 50) if power * factor * 3 >= span)
        step = max(step, 1)  # people, pieces and fen come whole
        bottom = step * (low // step)
        return cls(bottom, step, max(int(-(-(high - bottom) // step)), 2))

    @property
    def top(self) -> float:
        return self.bottom + self.step * self.count

    def y(self, value: Number) -> float:
        """From the top of the plot, 0 to 100."""
        return 100 - 100 * (value - self.bottom) / (self.top - self.bottom)

    def pixel(self, value: Number) -> float:
        return PLOT_TOP + PLOT_HEIGHT * self.y(value) / 100

    def words(self, axis: Show) -> list[Word]:
        ticks = [self.bottom + self.step * place for place in range(self.count + 1)]
        return [Word("0", f"{self.pixel(tick):.1f}", axis(tick) if tick else "", "end") for tick in ticks]


def _anchor(x: float) -> str:
    """A word at this place along, kept inside the chart."""
    return "start" if x < 20 else "end" if x > 80 else "middle"


def _along(labels: Sequence[str], step: float, *, start: float = 0) -> list[Word]:
    """At most five labels, evenly from the first, so that they never collide on a phone."""
    words = []
    for place in range(0, len(labels), max(1, -(-(len(labels) - 1) // 4))):
        x = start + place * step
        anchor = "start" if x < 2 else "end" if x > 98 else "middle"
        words.append(Word(f"{x:.2f}", str(CHART_HEIGHT - 8), labels[place], anchor))
    return words
