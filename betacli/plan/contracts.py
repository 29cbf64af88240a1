"""From weights to contracts an exchange accepts: what can be held, and which way each leg rounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.model import Floats, Market, Notice, Price
from betacli.core.repair import ENOUGH, Choice, choose
from betacli.core.returns import Covariance
from betacli.core.sizing import Sized, Sizing, contract_notional, size_down, size_up, smallest_notional
from betacli.core.target import Bounds, Solution, solve_target
from betacli.errors import NoAnswer, RoundsToNothing, SolverFailed
from betacli.plan.aim import Aim
from betacli.plan.measure import Measured

FAR = 0.10
BETA_KEPT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What is held of each leg, in the order of the basket, with signed notionals (N,) and what was said.

    `step_effect` is what the step that moves the beta most, of the legs that are planned, moves it by.
    """

    sized: tuple[Sized, ...]
    notionals: Floats
    step_effect: float
    notices: tuple[Notice, ...]


def hold(
    measured: Measured,
    solution: Solution,
    aim: Aim,
    sigma: Covariance,
    sizing: Sizing,
    prices: Mapping[str, Price],
) -> Held | None:
    """Round a solved basket to contracts; None where a price or a contract is unknown.

    Legs below their market's smallest order are raised to it or left out, whichever is nearer, and the others are
    solved again around them; then each leg rounds down or up so that the basket keeps its beta.

    Raises:
        RoundsToNothing: no leg can be held.
    """
    markets = _markets(measured)
    if markets is None or any(name not in prices for name in measured.bases):
        return None
    bounds = _of_those_held(solution)
    terms = _Terms(
        markets=markets,
        prices=[prices[name].value for name in measured.bases],
        notional=sizing.notional,
        caps=np.maximum(np.abs(bounds.upper), np.abs(bounds.lower)),
    )
    problem = _Problem(
        betas=measured.betas, sigma=sigma, aim=aim, beta=float(solution.weights @ measured.betas)
    )
    least = terms.least()
    sides = replace(
        bounds,
        lower=np.where(solution.weights >= 0, np.maximum(bounds.lower, 0.0), bounds.lower),
        upper=np.where(solution.weights <= 0, np.minimum(bounds.upper, 0.0), bounds.upper),
    )
    weights, pinned = _holdable(problem, solution.weights, sides, least / sizing.notional)
    choice, sized = _rounded(problem, terms, weights)
    if choice.deployed < ENOUGH:
        again = _rounded(problem, terms, _coarsest_first(problem, terms, weights, pinned))
        choice, sized = max((choice, sized), again, key=lambda found: found[0].deployed)
    notionals = _notionals(sized)
    wanted = solution.weights * sizing.notional
    notices = _left_out(measured.bases, least, wanted, notionals, sizing.notional)
    notices += _moved(measured.bases, wanted, notionals, terms, problem)
    if choice.deployed < ENOUGH:
        detail = f"the contracts' steps and minima deploy {choice.deployed * 100:.2f} % of the notional"
        notices.append(Notice(id="undeployed", detail=detail))
    pull = terms.steps() * np.abs(problem.betas - problem.beta) / sizing.notional
    effect = float(pull[solution.weights != 0].max(initial=0.0))
    return Held(sized=sized, notionals=notionals, step_effect=effect, notices=tuple(notices))


def _of_those_held(solution: Solution) -> Bounds:
    """Return the limits among the assets that were chosen, where their number is limited."""
    bounds = solution.bounds
    if bounds.max_assets is None:
        return bounds
    held = solution.weights != 0
    return replace(
        bounds,
        lower=np.where(held, bounds.lower, 0.0),
        upper=np.where(held, bounds.upper, 0.0),
        max_assets=None,
    )


def _left_out(
    bases: tuple[str, ...], least: Floats, wanted: Floats, held: Floats, notional: float
) -> list[Notice]:
    """Name the legs that are planned and not held, with what they would need; raise when nothing is held."""
    missing = {
        name: (
            f"{name} needs at least {need:,.2f} of notional, {abs(want):,.2f} was planned",
            abs(want) < need,
        )
        for name, need, want, q in zip(bases, least, wanted, held, strict=True)
        if want and not q
    }
    if missing and not bool(held.any()):
        raise RoundsToNothing(notional=notional, needs=[told for told, _ in missing.values()])
    small, crowded = (
        "too small for a contract, so not held",
        "not held, so that the others fit into the notional",
    )
    return [
        Notice(id="leg-not-held", detail=f"{small if too_small else crowded}: {told}")
        for told, too_small in missing.values()
    ]


def _moved(
    bases: tuple[str, ...], wanted: Floats, held: Floats, terms: "_Terms", problem: "_Problem"
) -> list[Notice]:
    """Say which legs are held further from their plan than one step, and what rounding does to the beta."""
    steps = np.abs(_notionals(terms.nearest(held / terms.notional)[1]) - held)
    far = [
        f"{name} {q:,.2f} of {want:,.2f}"
        for name, want, q, step in zip(bases, wanted, held, steps, strict=True)
        if q and abs(q - want) > step * (1 + 1e-9) and abs(q - want) > FAR * abs(want)
    ]
    notices = []
    if far:
        detail = f"held far from their plan, so that the basket keeps its beta and its size: {', '.join(far)}"
        notices.append(Notice(id="leg-moved", detail=detail))
    net = float(held.sum())
    beta = float(held @ problem.betas) / net if net else 0.0
    if net and abs(beta - problem.beta) > BETA_KEPT:
        detail = f"rounding moves the basket's beta from {problem.beta:.4f} to {beta:.4f}"
        notices.append(Notice(id="beta-moved", detail=detail))
    return notices


def _markets(measured: Measured) -> list[Market] | None:
    """Return every member's market with a known step, or None where one is missing."""
    found = [measured.listings[name].market if name in measured.listings else None for name in measured.bases]
    markets = [market for market in found if market is not None and market.amount_step is not None]
    return markets if len(markets) == len(found) else None


def _notionals(sized: list[Sized] | tuple[Sized, ...]) -> Floats:
    return np.array([leg.notional for leg in sized])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    """The basket to keep close to: betas, covariance and base weights of its assets, and the beta to keep."""

    betas: Floats
    sigma: Covariance
    aim: Aim
    beta: float

    def within(self, bounds: Bounds) -> Floats | None:
        """Return weights within the bounds that keep the beta, or None where there are none."""
        try:
            return solve_target(
                self.betas, self.sigma.matrix, self.aim.center, bounds, self.beta, self.aim.turnover
            ).weights
        except (NoAnswer, SolverFailed):
            return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Terms:
    """What the exchange accepts: each leg's market and price, and its cap (N,) as a fraction of the notional."""

    markets: list[Market]
    prices: list[float]
    notional: float
    caps: Floats

    def least(self) -> Floats:
        """Return each leg's smallest order (N,) in quote currency."""
        pairs = zip(self.markets, self.prices, strict=True)
        return np.array([float(smallest_notional(market, price)) for market, price in pairs])

    def steps(self) -> Floats:
        """Return what one step of each leg's market is worth (N,) in quote currency."""
        pairs = zip(self.markets, self.prices, strict=True)
        return np.array([float(contract_notional(m, price) * (m.amount_step or 1)) for m, price in pairs])

    def nearest(self, weights: Floats) -> tuple[list[Sized], list[Sized]]:
        """Return what each leg can hold just below and just above its plan; the same where there is no choice.

        A leg rises only within its cap.
        """
        lower: list[Sized] = []
        upper: list[Sized] = []
        for weight, cap, market, price in zip(weights, self.caps, self.markets, self.prices, strict=True):
            planned = float(weight) * self.notional
            down = size_down(planned, price, market)
            up = size_up(planned, price, market) if planned else down
            reach = max(float(cap) * self.notional, abs(planned))
            lower.append(down)
            upper.append(up if abs(up.notional) <= reach else down)
        return lower, upper


def _rounded(problem: _Problem, terms: _Terms, weights: Floats) -> tuple[Choice, tuple[Sized, ...]]:
    """Round every leg down or up so that the basket keeps its beta."""
    lower, upper = terms.nearest(weights)
    choice = choose(_notionals(lower), _notionals(upper), problem.betas, problem.beta, terms.notional)
    taken = zip(upper, lower, choice.take_upper, strict=True)
    return choice, tuple(up if take else down for up, down, take in taken)


def _pinned(bounds: Bounds, k: int, weight: float) -> Bounds:
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    lower[k] = upper[k] = weight
    return replace(bounds, lower=lower, upper=upper)


def _holdable(problem: _Problem, weights: Floats, bounds: Bounds, least: Floats) -> tuple[Floats, Bounds]:
    """Return weights (N,) in which every leg is nothing or at least its smallest order, and the bounds that say so.

    One leg at a time, the one furthest below its minimum first: left out below half of it, raised to it above, the
    other way where that has no answer. `least` (N,) is the smallest order of each leg as a weight.
    """
    settled = np.zeros(len(weights), dtype=bool)
    inside = (bounds.lower - 1e-12, bounds.upper + 1e-12)
    for _ in range(len(weights)):
        size = np.abs(weights)
        short = (size > 0) & (size < least) & ~settled
        if not short.any():
            break
        k = int(np.flatnonzero(short)[np.argmin((size / least)[short])])
        settled[k] = True
        ways = (0.0, float(np.copysign(least[k], weights[k])))
        for pin in ways if size[k] < least[k] / 2 else ways[::-1]:
            if pin and not inside[0][k] <= pin <= inside[1][k]:
                continue
            again = problem.within(_pinned(bounds, k, pin))
            if again is not None:
                weights, bounds = again, _pinned(bounds, k, pin)
                break
    return weights, bounds


def _coarsest_first(problem: _Problem, terms: _Terms, weights: Floats, bounds: Bounds) -> Floats:
    """Return weights (N,) in which the legs with large steps stand on one, and the others are solved around them.

    The leg with the largest step is put on the nearer of its two notionals and the rest solved again, and so on:
    legs with fine steps take up what coarse ones leave.
    """
    lower, upper = terms.nearest(weights)
    steps = np.abs(_notionals(upper) - _notionals(lower))
    for k in np.argsort(-steps, kind="stable"):
        lower, upper = terms.nearest(weights)
        ends = sorted(
            (lower[k].notional / terms.notional, upper[k].notional / terms.notional),
            key=lambda end: abs(end - float(weights[k])),
        )
        for pin in ends:
            again = problem.within(_pinned(bounds, int(k), pin))
            if again is not None:
                weights, bounds = again, _pinned(bounds, int(k), pin)
                break
    return weights
