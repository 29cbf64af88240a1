"""A synthetic report as a command would return it, and the same with hostile text from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from betacli import document as d

HOSTILE = (
    "[red]BIG[/red]",
    "[link=http://evil.example]x[/link]",
    ":warning: :x:",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil\x07",
    "\x9b2Jgone",
    "abc\u202edcba",
    "ze\u200bro\u2060wid\ufeffth",
    "<script>alert(1)</script><img src=x onerror=y>",
    "&lt;b&gt; & co",
    "=cmd|'/C calc'!A0",
    "+HYPERLINK(1)",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "a|b\\|c",
    "two\nlines\r\nthree",
    "`code` ``more`` `",
    "*bold* _it_ __b__ ~~s~~ a_b_c",
    "![img](http://e) [l](javascript:x)",
    "# head #",
    "| --- |",
    "https://evil.example www.evil.example",
    "../../etc/passwd",
    "東京コイン",
    "né́e",
    "",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    exchange: str | None = "sample"
    simulated: bool = True
    config_sha256: str = "ab12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    id: str
    detail: str
    severity: str = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    base: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    beta: float | None
    contracts: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    base: str
    symbol: str
    beta: float
    weight: float
    notional: float
    overridden: bool
    note: str | None
    rounded: Rounded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    title: str
    target_beta: float
    legs: tuple[Leg, ...]

    def document(self) -> d.Document:
        columns = (
            d.Column(header="base", align="left"),
            d.Column(header="symbol", align="left", tone=lambda _: "quiet"),
            d.Column(header="beta", show=d.beta),
            d.Column(header="weight", show=d.weight, tone=lambda w: "good" if float(w) > 0 else "bad"),
            d.Column(header="notional USDT", show=d.money),
            d.Column(header="contracts", show=d.significant),
            d.Column(header="note", align="left", tone=lambda n: "warning" if n else None),
        )
        rows = tuple(
            (g.base, g.symbol, g.beta, g.weight, g.notional, g.rounded and g.rounded.contracts, g.note)
            for g in self.legs
        )
        total = ("total", None, None, 1.0, sum(g.notional for g in self.legs), None, None)
        facts = (
            ("target beta", d.beta(self.target_beta)),
            ("notional", "100,000.00 USDT"),
            (
                "in short",
                "57.1429 % of the basket stands in ETH, and it falls about as much as the benchmark does",
            ),
        )
        return d.Document(
            title=self.title,
            blocks=(
                d.Facts(title="What it comes to", pairs=facts),
                d.Table(title="Legs", columns=columns, rows=rows, footer=total),
                d.Table(title="Nothing here", columns=columns, rows=()),
                d.Facts(pairs=(("gross", "12.00x"),)),
            ),
            records=self.legs,
        )


LEGS = (
    Leg(
        base="ETH",
        symbol="ETH/USDT:USDT",
        beta=1.25,
        weight=4 / 7,
        notional=400000 / 7,
        overridden=True,
        note="by hand",
        rounded=Rounded(beta=1.2500000000000002, contracts=Decimal("21.43")),
    ),
    Leg(
        base="SOL",
        symbol="SOL/USDT:USDT",
        beta=1.6,
        weight=-3 / 7,
        notional=-300000 / 7,
        overridden=False,
        note=None,
        rounded=Rounded(beta=float("nan"), contracts=Decimal("1234567.00000001")),
    ),
    Leg(
        base="PEPE",
        symbol="1000PEPE/USDT:USDT",
        beta=0.1 + 0.2,
        weight=-0.0,
        notional=1e-9,
        overridden=False,
        note=None,
        rounded=None,
    ),
)


@pytest.fixture
def report() -> d.Report:
    return d.Report(
        schema="solve",
        tool={"version": "0.1.0", "ccxt": "4.5.80"},
        as_of="2026-07-01T00:00:00Z",
        generated_at="2026-07-01T08:00:00Z",
        inputs=Inputs(),
        warnings=(
            Notice(
                id="overridden", detail="the beta of `ETH` was given by hand, so it carries no standard error"
            ),
            Notice(
                id="max_weight",
                detail="with 2 assets `max_weight` is 1, which is 100 % of it",
                severity="note",
            ),
        ),
        excluded=(Left(base="AVAX", reason="too_few_bars", detail="has 12 bars, 90 are needed"),),
        data=Basket(title="solve l1 for a beta of 1.40", target_beta=1.4, legs=LEGS),
        simulated=True,
    )


@pytest.fixture
def with_text(report: d.Report) -> Callable[[Sequence[str]], d.Report]:
    """Return a function that puts foreign texts wherever text can stand in a report."""

    def build(texts: Sequence[str]) -> d.Report:
        legs = tuple(replace(LEGS[n % 3], base=text, symbol=text, note=text) for n, text in enumerate(texts))
        return replace(
            report,
            inputs=Inputs(exchange=texts[0]),
            warnings=tuple(Notice(id=text, detail=f"the name {text} and `{text}` is odd") for text in texts),
            excluded=tuple(Left(base=text, reason="odd_name", detail=text) for text in texts),
            data=Basket(title=f"solve {' '.join(texts)}", target_beta=1.4, legs=legs),
        )

    return build


@pytest.fixture
def hostile(with_text: Callable[[Sequence[str]], d.Report]) -> d.Report:
    return with_text(HOSTILE)
