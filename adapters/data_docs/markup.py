"""The few pieces of HTML that the pages are made of; everything that goes in is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --line: #d8dde3;
  --page: #ffffff; --band: #f5f7f9; --good: #1a7f37; --warn: #9a6700; --bad: #c6232c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4b0; --line: #333a42;
  --page: #14171b; --band: #1c2026; --good: #4ac26b; --warn: #d9a520; --bad: #ff6b6b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink);
  background: var(--page); font: 15px/1.5 system-ui, "Noto Sans KR", "Noto Sans CJK KR",
  "Malgun Gothic", "Apple SD Gothic Neo", sans-serif; }
h1 { font-size: 1.6rem; margin: .5rem 0; display: flex; flex-wrap: wrap; gap: .75rem;
  align-items: center; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: inherit; } p { margin: .25rem 0; } .soft { color: var(--soft); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0;
  border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; } td:first-child, .keep { white-space: nowrap; }
.tag { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .85rem;
  font-weight: 600; border: 1px solid currentColor; white-space: nowrap; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.finding { border-left: 4px solid currentColor; background: var(--band); margin: .5rem 0;
  padding: .5rem .9rem; overflow-wrap: anywhere; } .finding p { color: var(--ink); }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
td code { white-space: nowrap; } th.number + th:not(.number),
td.number + td:not(.number) { padding-left: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
"""

Cell = str  # a piece of finished HTML


def page(title: str, body: Iterable[str], style: str = "") -> str:
    """Make a whole page that needs nothing but itself; `style` is added to what all pages have."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], numbers: Sequence[str]) -> str:
    """Make a table; the columns in `numbers` are aligned to the right."""
    kind = ['class="number"' if column in numbers else "" for column in columns]
    head = "".join(f"<th {k}>{escape(c)}</th>" for c, k in zip(columns, kind, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td {k}>{cell}</td>" for cell, k in zip(row, kind, strict=True))
        + "</tr>\n"
        for row in rows
    )
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def facts(pairs: Iterable[tuple[str, Cell]]) -> str:
    """Make a list of names and values."""
    return "<dl>" + "".join(f"<dt>{escape(n)}</dt><dd>{v}</dd>" for n, v in pairs) + "</dl>"


def tag(look: str, text: str) -> Cell:
    """Make a colored label; the words say it too."""
    return f'<span class="tag {look}">{escape(text)}</span>'


def code(text: object) -> Cell:
    """Set a name or a value in fixed width."""
    return f"<code>{escape(str(text))}</code>"


def number(value: object) -> Cell:
    """Write a whole number with separators, nothing as a dash, and anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{int(value):,}"
    return escape("–" if value is None else str(value))
