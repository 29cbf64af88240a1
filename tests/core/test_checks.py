"""Every check passes, warns, fails and gives up on the numbers that should make it."""

from dataclasses import replace

import pytest

from betacli.core.checks import CHECKS, THRESHOLDS, Evidence, LegEvidence, overall, strictly
from betacli.core.evidence import StoodIn

LEG = LegEvidence(
    base="ETH", notional=50_000, tradable=True, why_not=None, participation=5e-5, half_width=0.2, r_squared=0.7,
    overridden=False, shortfall=False, grade="A", grade_by="age_days", beta_range=0.3,
)  # fmt: skip
GOOD = Evidence(
    benchmark="BTC", last_bar="2026-10-28T00:00:00Z", n_returns=90, sector="l1", sector_r_squared=0.7,
    members_asked=4, members_kept=4, excluded=(), missing_allowed=False,
    legs=(LEG, replace(LEG, base="SOL")), target=1.4, attainable=(1.1, 1.8), basket_beta=1.4, effective_assets=3.5,
    max_weight=0.4, no_basket=None, equity=50_000, account_leverage=4.8, initial_margin=5_000,
    liquidation_known=True, liquidation_moves=(0.4, -0.5), worst_day=0.1, basket_r_squared=0.7,
    hedge_notional=-140_000, hedge_asked=0.0, rounded_aggregate=0.001, planned_aggregate=0.0, drift=0.05,
    next_due="2026-11-04T00:00:00Z", age_days=0.3, largest=("ETH", 0.4), hedge_ratio=-1.4, horizon_days=7.0,
    funding_bps=5.0, basis_risk=0.02,
)  # fmt: skip


def status(step: str, evidence: Evidence, **limits: float) -> str:
    return CHECKS[step][1](evidence, {**THRESHOLDS, **limits}).status


@pytest.mark.parametrize("step", CHECKS)
def test_a_good_trade_passes_every_step(step: str) -> None:
    """With ample numbers each of the eight steps passes and says so in a sentence."""
    verdict = CHECKS[step][1](GOOD, THRESHOLDS)
    assert verdict.status == "pass"
    assert verdict.summary
    assert verdict.facts


@pytest.mark.parametrize(
    ("step", "changed", "expected"),
    [
        ("benchmark", {"sector_r_squared": 0.2}, "warn"),
        ("benchmark", {"sector_r_squared": 0.05}, "fail"),
        ("benchmark", {"sector_r_squared": None}, "manual"),
        ("sector", {"members_kept": 3, "excluded": ("SOL",)}, "fail"),
        ("sector", {"members_kept": 3, "excluded": ("SOL",), "missing_allowed": True}, "warn"),
        ("sector", {"members_kept": 1}, "fail"),
        ("sector", {"effective_assets": 1.5}, "warn"),
        ("liquidity", {"legs": (replace(LEG, participation=0.025),)}, "warn"),
        ("liquidity", {"legs": (replace(LEG, participation=0.1),)}, "fail"),
        ("liquidity", {"legs": (replace(LEG, tradable=False, why_not="not active"),)}, "fail"),
        ("liquidity", {"legs": (replace(LEG, tradable=None),)}, "manual"),
        ("liquidity", {"legs": (replace(LEG, participation=None),)}, "manual"),
        ("liquidity", {"legs": (replace(LEG, tradable=None, participation=0.5),)}, "fail"),
        ("betas", {"legs": (replace(LEG, half_width=0.7),)}, "warn"),
        ("betas", {"legs": (replace(LEG, half_width=1.2),)}, "fail"),
        ("betas", {"legs": (LEG, replace(LEG, base="SOL", half_width=None, overridden=True))}, "warn"),
        ("betas", {"legs": (replace(LEG, half_width=None, overridden=True),)}, "manual"),
        ("betas", {"legs": (replace(LEG, half_width=None),)}, "manual"),
        ("betas", {"legs": ()}, "fail"),
        ("betas", {"age_days": 3.0}, "warn"),
        ("betas", {"age_days": 8.0}, "fail"),
        ("betas", {"legs": (replace(LEG, beta_range=1.6),)}, "warn"),
        ("betas", {"legs": (replace(LEG, r_squared=0.2),)}, "warn"),
        ("betas", {"legs": (replace(LEG, fallen=True),)}, "warn"),
        ("liquidity", {"legs": (replace(LEG, grade="C", grade_by="spread_bps"),)}, "warn"),
        ("liquidity", {"legs": (LEG, replace(LEG, base="SOL", grade="D", grade_by="slippage_bps"))}, "fail"),
        ("liquidity", {"legs": (replace(LEG, grade=None, grade_unknown="of the past"),)}, "manual"),
        ("liquidity", {"stood_in": (StoodIn(base="MATIC", held=("ETH", "SOL"), r_squared=0.7),)}, "warn"),
        ("liquidity", {"stood_in": (StoodIn(base="MATIC", held=("ETH",), r_squared=0.4),)}, "fail"),
        ("liquidity", {"stood_in": (StoodIn(base="MATIC", held=("ADA",), r_squared=0.4),)}, "pass"),
        ("liquidity", {"legs": ()}, "fail"),
        ("hedge", {"funding_bps": -60.0}, "warn"),
        ("hedge", {"funding_bps": -151.0}, "fail"),
        ("hedge", {"funding_bps": 400.0}, "pass"),
        ("hedge", {"funding_bps": None, "funding_unknown": "of the past"}, "manual"),
        ("hedge", {"basis_risk": 0.3}, "warn"),
        ("hedge", {"basis_risk": None, "basis_unknown": "no index"}, "manual"),
        ("liquidity", {"hedges": (replace(LEG, base="BTC", participation=0.0616),)}, "fail"),
        ("liquidity", {"hedges": (replace(LEG, base="BTC", grade="D", grade_by="participation"),)}, "fail"),
        ("liquidity", {"hedges": (replace(LEG, base="BTC", tradable=False, why_not="not active"),)}, "fail"),
        (
            "liquidity",
            {"legs": (replace(LEG, participation=None, grade="D", grade_by="participation"),)},
            "fail",
        ),
        ("liquidity", {"legs": (replace(LEG, ends_in_days=5.0),)}, "fail"),
        ("liquidity", {"legs": (replace(LEG, ends_in_days=20.0),)}, "warn"),
        ("liquidity", {"without_contract": {"GONE": "is delisted"}}, "fail"),
        ("liquidity", {"without_contract": {"GONE": "is delisted"}, "missing_allowed": True}, "warn"),
        (
            "liquidity",
            {
                "legs": (replace(LEG, held_as="on bybit"),),
                "stood_in": (StoodIn(base="ETH", held=("ETH",), r_squared=1.0),),
            },
            "warn",
        ),
        ("liquidity", {"legs": (replace(LEG, held_as="as spot"),)}, "pass"),
        ("strategy", {"target": None}, "warn"),
        ("strategy", {"no_basket": "no weights give 3.00"}, "fail"),
        ("size", {"account_leverage": 12.0}, "warn"),
        ("size", {"account_leverage": 25.0}, "fail"),
        ("size", {"initial_margin": 60_000}, "fail"),
        ("size", {"liquidation_moves": (0.09,)}, "fail"),
        ("size", {"liquidation_moves": ()}, "pass"),
        ("size", {"legs": (replace(LEG, shortfall=True),)}, "fail"),
        ("size", {"equity": None, "account_leverage": None}, "manual"),
        ("size", {"liquidation_known": False}, "manual"),
        ("hedge", {"basket_r_squared": 0.2}, "fail"),
        ("hedge", {"rounded_aggregate": -0.05}, "warn"),
        ("hedge", {"rounded_aggregate": 0.2}, "fail"),
        ("hedge", {"rounded_aggregate": 0.3, "hedge_asked": 0.3}, "pass"),
        ("hedge", {"rounded_aggregate": None}, "manual"),
        ("monitoring", {"drift": -0.3}, "warn"),
        ("monitoring", {"drift": 0.5}, "fail"),
        ("monitoring", {"drift": None}, "manual"),
    ],
)
def test_a_step_turns_on_its_own_numbers(step: str, changed: dict[str, object], expected: str) -> None:
    """One changed number changes the status, and nothing is passed for want of data."""
    assert status(step, replace(GOOD, **changed)) == expected  # type: ignore[arg-type]


def test_a_threshold_turns_a_step() -> None:
    """The same evidence fails under a tighter limit."""
    assert status("size", GOOD, account_leverage_fail=4, account_leverage_warn=2) == "fail"
    assert status("liquidity", GOOD, participation_fail=1e-6, participation_warn=1e-7) == "fail"


def test_strictly_a_warning_fails_and_nothing_else_changes() -> None:
    """Only `warn` becomes `fail`; what was said, the numbers and the way out stay."""
    warned = CHECKS["size"][1](replace(GOOD, account_leverage=12.0), THRESHOLDS)
    failed = strictly(warned)
    assert failed.status == "fail"
    assert (failed.summary, failed.facts, failed.next_step) == (
        warned.summary,
        warned.facts,
        warned.next_step,
    )
    for changed in ({}, {"equity": None, "account_leverage": None}):
        kept = CHECKS["size"][1](replace(GOOD, **changed), THRESHOLDS)
        assert strictly(kept) == kept


@pytest.mark.parametrize("step", CHECKS)
def test_what_does_not_pass_says_what_to_do(step: str) -> None:
    """Without a basket every step that fails names a way out, and one that passes names none."""
    verdict = CHECKS[step][1](replace(GOOD, no_basket="no weights give 3.00", members_kept=1), THRESHOLDS)
    assert (verdict.next_step is None) == (verdict.status == "pass")


def test_the_verdict_is_the_worst_step() -> None:
    """Fail before warn before manual before pass."""
    assert overall(["pass", "manual", "warn", "fail"]) == "fail"
    assert overall(["pass", "manual", "warn"]) == "warn"
    assert overall(["pass", "manual"]) == "manual"
    assert overall(["pass"]) == "pass"
