"""engines.svg from engines.json: nanoseconds a decision on a logarithmic axis, a dot an engine. Readable on light and dark."""

import json
import math
import pathlib
import sys

COLOURS = {
    "interpreter": "#0072b2", "machine code": "#d55e00", "auto": "#e69f00", "C++ table": "#888888", "LuaJIT": "#56b4e9",
    "cel-go": "#009e73", "regorus": "#cc79a7", "Cedar": "#b8a800", "OPA": "#9467bd",
}
PRODUCT = ("interpreter", "machine code", "auto")
PANELS = (("filled", "inputs made ready"), ("bytes", "from the request's bytes"))
LEFT, WIDTH, ROW, TOP = 120, 640, 26, 64
STYLE = """
text { font: 12px sans-serif; fill: #24292f } .quiet { fill: #57606a } .head { font-weight: bold }
line { stroke: #d0d7de } circle, rect { stroke: #ffffff; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #8d96a0 } line { stroke: #3d444d } circle, rect { stroke: #0d1117 }
}
"""


def mark(engine, x, y):
    """The product's are squares and larger."""
    colour = COLOURS[engine]
    if engine in PRODUCT:
        return f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'


def panel(title, mode, results, top, decades):
    low, high = decades
    place = lambda figure: LEFT + WIDTH * (math.log10(figure) - low) / (high - low)  # noqa: E731
    bottom = top + ROW * len(results)
    parts = [f'<text x="{LEFT}" y="{top - 10}" class="head">ns a decision, {title}</text>']
    for decade in range(low, high + 1):
        x = place(10 ** decade)
        unit = ("1", "10", "100", "1 us", "10 us", "100 us", "1 ms", "10 ms", "100 ms", "1 s")[decade]
        parts.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" class="quiet">{unit}</text>')
    for number, (name, rows) in enumerate(results.items()):
        y = top + ROW * number + ROW / 2
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + WIDTH}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{name}</text>')
        # Ours last, so that it is on top.
        for engine, row in sorted(rows.items(), key=lambda item: item[0] in PRODUCT):
            if mode in row:
                parts.append(mark(engine, place(row[mode]["1"]["ns"]), y))
    return parts, bottom + 60


def legend(engines):
    parts, x = [], LEFT - 100
    for engine in engines:
        parts += [mark(engine, x, 20), f'<text x="{x + 12}" y="24">{engine}</text>']
        x += 34 + 7 * len(engine)
    return parts


def draw(written):
    results = written["workloads"]
    engines = list(dict.fromkeys(engine for rows in results.values() for engine in rows))
    figures = [row[mode]["1"]["ns"] for rows in results.values() for row in rows.values() for mode, _ in PANELS if mode in row]
    decades = (math.floor(math.log10(min(figures))), math.ceil(math.log10(max(figures))))
    parts, top = legend(engines), TOP
    for mode, title in PANELS:
        drawn, top = panel(title, mode, results, top, decades)
        parts += drawn
    height, width = top - 20, LEFT + WIDTH + 40
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n'
            f"<title>Nanoseconds a decision, by engine and workload, {written['date']}</title>\n<style>{STYLE}</style>\n"
            + "\n".join(parts) + "\n</svg>\n")


if __name__ == "__main__":
    file = pathlib.Path(sys.argv[1])
    file.with_suffix(".svg").write_text(draw(json.loads(file.read_text())))
