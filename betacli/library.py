"""The library: betas, weights and hedges of arrays, mappings and DataFrames, with the arithmetic of the command line.

    >>> from betacli import estimate_betas, hedge_basket, solve_target_beta
    >>> basket = solve_target_beta({"ETH": 1.25, "SOL": 1.60}, target=1.40)
    >>> str(basket)
    'ETH 57.1429 %, SOL 42.8571 %: beta 1.4000 of 1.2500 to 1.6000'
    >>> round(hedge_basket(notional=100_000, beta=basket.beta).notional, 2)
    -140000.0

Nothing here reads a market, a clock or a file, except `load_universe`. A wrong argument is a `ValueError`; a question
without an answer is the `BetacliError` of the command line, with the numbers as attributes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from betacli import names
from betacli.core.beta import PRESETS, estimate
from betacli.core.hedge import aggregate_beta, hedge_notional
from betacli.core.model import Floats, Universe
from betacli.core.target import Bounds, attainable, solve_base, solve_target
from betacli.data import sectors
from betacli.errors import UnknownName

__all__ = [
    "BasketHedge",
    "Betas",
    "TargetBasket",
    "estimate_betas",
    "hedge_basket",
    "load_universe",
    "solve_target_beta",
]

Table = (
    ArrayLike | Mapping[str, ArrayLike] | Any
)  # `Any`: a DataFrame or Series, whose library is not imported here


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Betas:
    """Betas of N assets by `names`; each array is (N,), NaN where it cannot be estimated.

    The interval is that of 95 %; `r_squared` and `n_obs` are those of the returns each asset shares with the market.
    """

    names: tuple[str, ...]
    beta: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats
    r_squared: Floats
    n_obs: Floats

    def to_frame(self) -> Any:
        """Return a DataFrame, one row an asset."""
        from betacli.frames import frame_of  # noqa: PLC0415  pandas

        columns = ("beta", "std_error", "ci_low", "ci_high", "r_squared", "n_obs")
        return frame_of(self.names, {name: getattr(self, name) for name in columns})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetBasket:
    """Weights (N,) that sum to one, as fractions; `low` and `high` are the betas that could be reached.

    `at_bound` tells which bound holds an asset, None where none does.
    """

    names: tuple[str, ...]
    weights: Floats
    betas: Floats
    beta: float
    low: float
    high: float
    at_bound: tuple[Literal["lower", "upper"] | None, ...]
    kkt_residual: float

    def __str__(self) -> str:
        held = ", ".join(
            f"{name} {w:.4%}".replace("%", " %") for name, w in zip(self.names, self.weights, strict=True)
        )
        return f"{held}: beta {self.beta:.4f} of {self.low:.4f} to {self.high:.4f}"

    def to_frame(self) -> Any:
        """Return a DataFrame of betas and weights, one row an asset."""
        from betacli.frames import frame_of  # noqa: PLC0415

        return frame_of(self.names, {"beta": self.betas, "weight": self.weights})


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketHedge:
    """The benchmark position beside a basket: signed `notional` in the basket's currency, short negative.

    `notional_low` and `notional_high` neutralise the ends of the beta's interval, None without one;
    `aggregate_beta` is what is left per unit of basket notional.
    """

    notional: float
    notional_low: float | None
    notional_high: float | None
    aggregate_beta: float


def load_universe(path: str | Path | None = None) -> Universe:
    """Read a sector file, or what the command line would read here: ./sectors.yaml, the user's, the packaged one.

    Raises:
        BadFile: the file has problems; all are told with line and column.

    >>> from betacli import load_universe
    >>> universe = load_universe()
    >>> [member.base for member in universe.sectors[0].members][:3]
    ['ETH', 'SOL', 'BNB']
    """
    from platformdirs import user_config_path  # noqa: PLC0415

    return sectors.load_universe(
        config=None if path is None else Path(path),
        project_dir=Path(),
        user_dir=user_config_path("betacli"),
        estimators=names.PRESETS,
        exchanges=names.EXCHANGES,
        gates=names.GATES,
        checks=names.CHECKLIST,
        weightings=names.WEIGHTINGS,
    )


def estimate_betas(
    returns: Table, market: Table | str, *, preset: str = "ols-90d", bars_per_day: float = 1.0
) -> Betas:
    """Estimate each asset's beta to the market by a preset's recipe.

    Args:
        returns: (T, N) simple returns, oldest first, NaN where missing: an array, a mapping of columns, or a DataFrame.
        market: (T,) returns of the benchmark; or the name of one of the columns, which is then no asset.
        preset: one of `betacli.names.PRESETS`. Its recipe is applied to every row given: the window is yours to cut.
        bars_per_day: how many rows make a day, for recipes that age returns: 6 for bars of 4 hours.

    Raises:
        ValueError: shapes or indexes do not fit, or there is a value that is no number.
        UnknownName: there is no such preset.

    >>> import numpy as np
    >>> market = np.array([0.01, -0.02, 0.03, -0.01, 0.02])
    >>> betas = estimate_betas({"A": 1.5 * market, "B": 0.5 * market + 0.001}, market)
    >>> betas.names, betas.beta.round(4).tolist()
    (('A', 'B'), [1.5, 0.5])
    """
    if preset not in PRESETS:
        raise UnknownName(what="preset", name=preset, known=names.PRESETS)
    if not (math.isfinite(bars_per_day) and bars_per_day > 0):
        raise ValueError(f"bars_per_day must be above 0, not {bars_per_day}")
    labels, panel = _panel(returns)
    if isinstance(market, str):
        if market not in labels:
            raise ValueError(f"there is no column {market!r} in the returns")
        series = panel[:, labels.index(market)]
        kept = [k for k, name in enumerate(labels) if name != market]
        labels, panel = tuple(labels[k] for k in kept), np.ascontiguousarray(panel[:, kept])
    else:
        _same_index(returns, market)
        series = _numbers(market, "market")
    if series.ndim != 1 or len(series) != len(panel):
        raise ValueError(f"market has the shape {series.shape}: {len(panel)} returns are needed")
    found = estimate(replace(PRESETS[preset]), panel, series, bars_per_day)
    return Betas(
        names=labels,
        beta=found.beta,
        std_error=found.std_error,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        r_squared=found.r_squared,
        n_obs=found.n_obs,
    )


def solve_target_beta(
    betas: Betas | Table,
    target: float | None,
    *,
    covariance: Table | None = None,
    base_weights: Table | None = None,
    min_weight: float = 0.0,
    max_weight: float = 1.0,
) -> TargetBasket:
    """Return the weights nearest to the base weights in risk whose beta is the target; None keeps the base weights.

    Args:
        betas: (N,) finite: what `estimate_betas` returns, a mapping by name, an array, or a Series.
        target: the basket's beta.
        covariance: (N, N) of returns, in the order of the betas; None measures nearness in weights.
        base_weights: (N,) in the order of the betas, or a mapping by name; None for equal.
        min_weight: the least of each asset; below 0 is a short.
        max_weight: the most of each asset. The command line's default is 0.40.

    Raises:
        ValueError: shapes do not fit, or a number is not finite.
        BoundsCannotSum, TargetOutOfReach: no such weights; `low` and `high` are the attainable betas.

    >>> solve_target_beta({"ETH": 1.25, "SOL": 1.60}, target=2.0)
    Traceback (most recent call last):
        ...
    betacli.core.infeasible.TargetOutOfReach: no weights give `basket` a beta of 2.00; 1.25 to 1.60 can be reached with weights between 0 and 1; what holds it: SOL ≤ 1
    """
    labels, values = (betas.names, betas.beta) if isinstance(betas, Betas) else _series(betas)
    n = len(labels)
    if not n or not np.isfinite(values).all():
        raise ValueError("every asset needs a beta that is a number")
    if target is not None and not math.isfinite(target):
        raise ValueError(f"the target must be a number, not {target}")
    if not (math.isfinite(min_weight) and math.isfinite(max_weight) and min_weight <= max_weight):
        raise ValueError(f"min_weight {min_weight} and max_weight {max_weight} are no bounds")
    base = _ordered(np.full(n, 1 / n) if base_weights is None else base_weights, labels, "base_weights")
    sigma = np.eye(n) if covariance is None else _square(covariance, labels)
    bounds = Bounds(name="basket", bases=labels, lower=np.full(n, min_weight), upper=np.full(n, max_weight))
    return _solved(labels, values, sigma, base, bounds, target)


def _solved(
    labels: tuple[str, ...], betas: Floats, sigma: Floats, base: Floats, bounds: Bounds, target: float | None
) -> TargetBasket:
    reach = attainable(betas, bounds)
    if target is None:
        solution = solve_base(sigma, base, bounds)
    else:
        solution = solve_target(betas, sigma, base, bounds, float(target))
    return TargetBasket(
        names=labels,
        weights=solution.weights,
        betas=betas,
        beta=float(solution.weights @ betas),
        low=reach.low,
        high=reach.high,
        at_bound=solution.at_bound,
        kkt_residual=solution.kkt_residual,
    )


def hedge_basket(
    notional: float,
    beta: float,
    *,
    hedge_to: float = 0.0,
    instrument_beta: float = 1.0,
    interval: tuple[float, float] | None = None,
) -> BasketHedge:
    """Return the benchmark position that leaves the basket with a beta of `hedge_to`.

    Args:
        notional: the basket's signed notional in any currency.
        beta: the basket's beta.
        hedge_to: the benchmark exposure to keep, per unit of notional; neutral is 0.
        instrument_beta: the hedge's own beta to the benchmark; not 0.
        interval: low and high of the basket's beta.

    Raises:
        ValueError: a number is not finite, or the instrument has no beta.

    >>> hedge_basket(100_000, 1.40, interval=(1.30, 1.50))
    BasketHedge(notional=-140000.0, notional_low=-150000.0, notional_high=-130000.0, aggregate_beta=0.0)
    """
    numbers = (notional, beta, hedge_to, instrument_beta, *(interval or ()))
    if not all(map(math.isfinite, numbers)) or instrument_beta == 0:
        raise ValueError(f"the hedge needs finite numbers and an instrument that moves, not {numbers}")
    short = hedge_notional(notional, beta, hedge_to, instrument_beta)
    ends = sorted(hedge_notional(notional, end, hedge_to, instrument_beta) for end in interval or ())
    left = aggregate_beta(np.array([notional, short]), np.array([beta, instrument_beta]), notional)
    return BasketHedge(
        notional=short,
        notional_low=ends[0] if ends else None,
        notional_high=ends[-1] if ends else None,
        aggregate_beta=0.0 if left is None else left,
    )


# --- arrays and labels out of what was given ----------------------------------------------------------------------


def _numbers(given: Any, what: str) -> Floats:
    """Return an array of floats; text and other kinds are refused, as pandas' own missing values become NaN."""
    values = given.to_numpy(dtype=np.float64, na_value=np.nan) if hasattr(given, "to_numpy") else given
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must hold numbers") from None
    if np.isinf(found).any():
        raise ValueError(f"{what} holds an infinite number")
    return found


def _panel(returns: Any) -> tuple[tuple[str, ...], Floats]:
    """Return the labels and the array (T, N) of returns."""
    if isinstance(returns, Mapping):
        columns = [_numbers(column, f"column {name!r}") for name, column in returns.items()]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("the columns of the returns have different lengths")
        return tuple(map(str, returns)), np.ascontiguousarray(np.column_stack(columns))
    panel = _numbers(returns, "returns")
    if panel.ndim != 2:
        raise ValueError(f"returns have the shape {panel.shape}: bars by assets are needed")
    labels = getattr(returns, "columns", range(panel.shape[1]))
    return tuple(map(str, labels)), np.ascontiguousarray(panel)  # the same bits from any layout


def _series(given: Any) -> tuple[tuple[str, ...], Floats]:
    """Return the labels and the values (N,) of a mapping, a Series or an array."""
    if isinstance(given, Mapping):
        return tuple(map(str, given)), _numbers(list(given.values()), "betas")
    values = _numbers(given, "betas")
    if values.ndim != 1:
        raise ValueError(f"betas have the shape {values.shape}: one per asset is needed")
    index = getattr(given, "index", None)
    labels = range(len(values)) if index is None or callable(index) else index
    return tuple(map(str, labels)), values


def _ordered(given: Any, labels: Sequence[str], what: str) -> Floats:
    """Return values (N,) in the order of the labels: by name where they have names."""
    names_of, values = _series(given)
    if isinstance(given, Mapping) or (hasattr(given, "index") and not callable(given.index)):
        if sorted(names_of) != sorted(labels):
            raise ValueError(f"{what} names {', '.join(names_of)}; the betas are of {', '.join(labels)}")
        values = values[[names_of.index(label) for label in labels]]
    if len(values) != len(labels) or not np.isfinite(values).all():
        raise ValueError(f"{what} must be {len(labels)} finite numbers")
    return values


def _square(given: Any, labels: Sequence[str]) -> Floats:
    """Return a covariance (N, N) in the order of the labels."""
    matrix = _numbers(given, "covariance")
    if matrix.shape != (len(labels), len(labels)) or not np.isfinite(matrix).all():
        raise ValueError(f"covariance must be {len(labels)} by {len(labels)} finite numbers")
    columns = getattr(given, "columns", None)
    if columns is not None:
        order = [list(map(str, columns)).index(label) for label in labels if label in set(map(str, columns))]
        if len(order) != len(labels) or list(map(str, given.index)) != list(map(str, columns)):
            raise ValueError("the covariance is not of the assets that have betas")
        matrix = matrix[np.ix_(order, order)]
    if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] <= 0:
        raise ValueError("covariance must be symmetric and positive definite")
    return matrix


def _same_index(returns: Any, market: Any) -> None:
    """Refuse a DataFrame and a Series of different moments: aligning them is a choice, and not made silently."""
    ours, theirs = getattr(returns, "index", None), getattr(market, "index", None)
    if hasattr(ours, "equals") and hasattr(theirs, "equals") and not ours.equals(theirs):  # type: ignore[union-attr]
        raise ValueError(
            "returns and market have different indexes: align them, as with market.reindex(returns.index)"
        )
