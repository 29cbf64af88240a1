"""The contracts or spot markets an exchange lists, as ccxt describes them, and which is meant by a name."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Literal

from betacli.core.model import Market, Member, Unknown
from betacli.data.candles import Listing
from betacli.data.coins import MULTIPLIERS, RENAMED, SUFFIXES, exchanged
from betacli.errors import quoted, safe

_MULTIPLIED = re.compile(rf"({'|'.join(sorted(MULTIPLIERS, key=len, reverse=True))})[A-Z].*")
_MULTIPLIED_BEHIND = re.compile(rf"[A-Z]{{2,}}({'|'.join(SUFFIXES)})")
NEAR_NAMES = 3
_FIRST_END_MS = 1_400_000_000_000  # 2014: what is before is no end
_NEVER_MS = 4_102_444_800_000  # 2100: perpetuals without an end are given one beyond it


class Contracts:
    """All markets of one side of an exchange, by symbol and by the names their bases go by.

    `kind` tells what a base is looked for as: a linear perpetual, or a spot market. `step_is_size` tells that ccxt gives steps as sizes (0.001), not as decimal places (3); `orders_in_base`, that
    amounts are in base units, whatever the contract size says.
    """

    def __init__(
        self,
        markets: Mapping[str, Any],
        *,
        venue: str,
        step_is_size: bool,
        orders_in_base: bool = False,
        kind: Literal["contract", "spot"] = "contract",
    ) -> None:
        self._by_symbol = {symbol: entry for symbol, entry in markets.items() if isinstance(entry, Mapping)}
        self._venue = venue
        self._step_is_size = step_is_size
        self._orders_in_base = orders_in_base
        self._spot = kind == "spot"
        self.noun = "spot market" if self._spot else "perpetual"
        self._by_name = {
            (_name(entry), entry["quote"]): entry
            for entry in self._by_symbol.values()
            if (entry.get("spot") if self._spot else _is_linear_perpetual(entry))
        }

    @property
    def count(self) -> int:
        """How many perpetuals, or spot markets, the exchange lists."""
        kind = "spot" if self._spot else "swap"
        return sum(1 for entry in self._by_symbol.values() if entry.get(kind))

    def find(self, member: Member, quote: str) -> Listing | Unknown:
        """Return where a member is kept: the symbol it names, its own market, or that of 1000 of its coins."""
        if member.symbol is not None:
            entry = self._by_symbol.get(member.symbol)
            if entry is None:
                near = get_close_matches(member.symbol, list(self._by_symbol), n=NEAR_NAMES, cutoff=0.6)
                return Unknown(reason=f"has no contract `{member.symbol}` on `{self._venue}`{_perhaps(near)}")
            if not entry.get("linear"):
                return Unknown(reason=f"is `{member.symbol}`, which is not settled in its quote currency")
            if not entry.get("active"):
                return Unknown(reason=f"is `{member.symbol}`, which `{self._venue}` no longer trades")
            return self._listing(member.base, entry)
        names = [prefix + member.base for prefix in ("", *MULTIPLIERS)]
        names += [member.base + suffix for suffix in SUFFIXES]
        candidates = [entry for name in names if (entry := self._by_name.get((name, quote)))]
        active = next((entry for entry in candidates if _active(entry)), None)
        return self._listing(member.base, active) if active else self._missing(member.base, quote, candidates)

    def futures(self, base: str, quote: str, now_ms: int) -> tuple[Listing, ...] | Unknown:
        """Return the dated futures of a base that are traded, the nearest expiry first.

        A perpetual that is being delisted has an expiry too, and is none of them.
        """
        names = {prefix + base for prefix in ("", *MULTIPLIERS)} | {base + suffix for suffix in SUFFIXES}
        found = []
        for entry in self._by_symbol.values():
            dated = entry.get("future") and entry.get("linear") and entry.get("active")
            own = _name(entry) in names and entry.get("quote") == quote == entry.get("settle")
            if not (dated and own) or "PERPETUAL" in _contract_type(entry):
                continue
            listing = self._listing(base, entry)
            if isinstance(listing, Unknown):
                return listing
            expiry_ms = listing.market.expiry_ms if listing.market else None
            if expiry_ms is None:
                return Unknown(reason=f"is `{listing.symbol}`, a dated future without its expiry")
            if expiry_ms > now_ms:
                found.append((expiry_ms, listing))
        return tuple(listing for _, listing in sorted(found, key=lambda one: one[0]))

    def raw(self, symbol: str) -> Mapping[str, Any]:
        """Return a contract in the exchange's own words; empty where there is none."""
        info = self._by_symbol.get(symbol, {}).get("info")
        return info if isinstance(info, Mapping) else {}

    def ends_ms(self, symbol: str) -> int | None:
        """Return when a perpetual that is being delisted ends; None of one that has no end."""
        raw = self.raw(symbol)
        told = _positive(raw.get("deliveryDate") or raw.get("deliveryTime"))
        return int(told) if told is not None and _FIRST_END_MS < told < _NEVER_MS else None

    def remap(self, listing: Listing) -> str | None:
        """Return by which name the exchange lists a contract, where that is the name of another coin."""
        entry = self._by_symbol.get(listing.symbol, {})
        listed = str(entry.get("baseId") or entry.get("base"))
        return listed if listed.upper() != str(entry.get("base")).upper() else None

    def _listing(self, base: str, entry: Mapping[str, Any]) -> Listing | Unknown:
        market = self._market(base, entry)
        if market is None:
            return Unknown(
                reason=f"is `{entry['symbol']}`, of which `{self._venue}` does not give the contract size"
            )
        own = entry.get("id")
        return Listing(
            base=base, symbol=market.symbol, market=market, own_symbol=own if isinstance(own, str) else None
        )

    def _market(self, base: str, entry: Mapping[str, Any]) -> Market | None:
        in_base = self._orders_in_base or self._spot
        contract_size = Decimal(1) if in_base else _positive(entry.get("contractSize"))
        if contract_size is None:
            return None
        precision, limits = entry.get("precision") or {}, entry.get("limits") or {}
        kind: Literal["swap", "future", "spot"] = (
            "spot" if self._spot else "swap" if entry.get("swap") else "future"
        )
        max_leverage = None if self._spot else _positive((limits.get("leverage") or {}).get("max"))
        return Market(
            base=base,
            symbol=entry["symbol"],
            quote=entry["quote"],
            settle=None if self._spot else entry["settle"],
            kind=kind,
            linear=True,
            active=True,
            contract_size=contract_size,
            multiplier=multiplier_of(base, _name(entry)),
            amount_step=self._step(precision.get("amount")),
            min_amount=_positive((limits.get("amount") or {}).get("min")),
            min_notional=_positive((limits.get("cost") or {}).get("min")),
            price_tick=self._step(precision.get("price")),
            listed_ms=_time(entry.get("created")),
            expiry_ms=None if self._spot else _time(entry.get("expiry")) or self.ends_ms(entry["symbol"]),
            max_leverage=None if max_leverage is None else float(max_leverage),
            maker_fee=_fraction(entry.get("maker")),
            taker_fee=_fraction(entry.get("taker")),
        )

    def _step(self, precision: object) -> Decimal | None:
        if self._step_is_size or not isinstance(precision, int | float):
            return _positive(precision)
        return Decimal(1).scaleb(-int(precision))

    def _missing(self, base: str, quote: str, inactive: list[Mapping[str, Any]]) -> Unknown:
        """Say why a member has no market, and what is there instead."""
        if inactive:
            what = f"is no longer traded on `{self._venue}`: `{inactive[0]['symbol']}` is not active"
        else:
            what = f"has no {self.noun} in {safe(quote, 20)} on `{self._venue}`"
        dated = sorted(
            entry["symbol"]
            for entry in self._by_symbol.values()
            if entry.get("future")
            and entry.get("active")
            and (entry["base"], entry["quote"]) == (base, quote)
        )
        if dated:
            what += f"; there are only the dated {quoted(dated, limit=3)}"
        other = next((e for e in self._by_name.values() if e.get("baseId") == base != e["base"]), None)
        if other is not None:
            way = f"ask for `{other['base']}`" if self._spot else f"give `symbol: {other['symbol']}`"
            return Unknown(
                reason=f"{what}; what it lists as `{base}` is another coin to ccxt: "
                f"if you mean that one, {way}"
            )
        if base in RENAMED:
            return Unknown(reason=f"{what}; {exchanged(base)}: {self._renamed(RENAMED[base], quote)}")
        near = [] if inactive else self._near(base, quote)
        return Unknown(reason=f"{what}{_perhaps(near)}")

    def _renamed(self, now: tuple[str, float], quote: str) -> str:
        """Say what to do about a coin that is called otherwise now: its bars are never joined to the old ones."""
        name, ratio = now
        found = self.find(Member(base=name), quote)
        if isinstance(found, Unknown):
            return f"`{name}` has no {self.noun} here either"
        supply = "" if ratio == 1 else f", with {ratio:,.10g} times the supply"
        return f"name `{name}` (`{found.symbol}`) instead{supply}"

    def _near(self, base: str, quote: str) -> list[str]:
        names = [
            name for (name, in_quote), entry in self._by_name.items() if in_quote == quote and _active(entry)
        ]
        near = get_close_matches(base, names, n=NEAR_NAMES, cutoff=0.6)
        holding = [name for name in names if len(base) > 2 and base in name and name not in near]
        return [*near, *holding][:NEAR_NAMES]


def _is_linear_perpetual(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry is a perpetual settled in its quote currency."""
    settled = entry.get("settle") == entry.get("quote")
    return bool(entry.get("swap") and entry.get("linear") and settled)


def _active(entry: Mapping[str, Any]) -> bool:
    """Tell whether a market is traded; ccxt does not look at what Binance says of its spot markets."""
    info = entry.get("info")
    barred = isinstance(info, Mapping) and info.get("isSpotTradingAllowed") is False
    return bool(entry.get("active")) and not barred


def _name(entry: Mapping[str, Any]) -> str:
    """Return what a contract is on; ccxt writes `kPEPE` in capitals, and `KAVA` is no multiple."""
    listed, base = str(entry.get("baseId") or ""), str(entry["base"])
    return listed if listed[:1] == "k" and listed.upper() == base else base


def multiplier_of(base: str, listed: str) -> int:
    """Return how many coins one unit of `listed` is: 1000 for `1000PEPE`, also where that is the name asked for."""
    for prefix, coins in MULTIPLIERS.items():
        if listed == prefix + base:
            return coins
    for suffix, coins in SUFFIXES.items():
        if listed == base + suffix:
            return coins
    match = _MULTIPLIED.fullmatch(listed)
    if match:
        return MULTIPLIERS[match[1]]
    behind = _MULTIPLIED_BEHIND.fullmatch(listed)
    return SUFFIXES[behind[1]] if behind else 1


def _contract_type(entry: Mapping[str, Any]) -> str:
    info = entry.get("info")
    return str(info.get("contractType") or "").upper() if isinstance(info, Mapping) else ""


def _perhaps(near: list[str]) -> str:
    return f"; near names are {quoted(safe(name, 40) for name in near)}" if near else ""


def _positive(value: object) -> Decimal | None:
    """Return a number above zero as it is written, or None."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def _fraction(value: object) -> float | None:
    """Return a fee, which may be a rebate, or None."""
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1:
        return float(value)
    return None


def _time(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
