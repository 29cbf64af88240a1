"""The walk forward, against a slow loop with statsmodels, by hand, and by what must not change."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from betacli.core import backtest as walk
from betacli.core.beta import Recipe
from betacli.core.calendar import DAY_MS

FRIDAY_MS = 1_609_459_200_000  # 2021-01-01T00:00:00Z
MONDAY_MS = 1_625_443_200_000  # 2021-07-05T00:00:00Z, the first Monday 180 days later
H4_MS = 4 * 3_600_000


def bars(
    n_days: int, n_assets: int = 7, *, seed: int = 1, gaps: float = 0.0, step_ms: int = DAY_MS
) -> walk.Bars:
    """Assets of beta 0.5, 0.7, … that move with one market, from the first of January 2021."""
    rng = np.random.default_rng(seed)
    n_rows = n_days * DAY_MS // step_ms
    market = rng.normal(0, 0.03, n_rows)
    betas = 0.5 + 0.2 * np.arange(n_assets)
    returns = market[:, None] * betas + rng.normal(0, 0.03, (n_rows, n_assets))
    returns[rng.random(returns.shape) < gaps] = np.nan
    market[rng.random(n_rows) < gaps / 3] = np.nan
    close_ms = FRIDAY_MS + step_ms * np.arange(1, n_rows + 1, dtype=np.int64)
    return walk.Bars(timeframe_ms=step_ms, close_ms=close_ms, returns=returns, market=market)


def constant(values: np.ndarray, half: float | np.ndarray = 0.1) -> walk.Betas:
    return walk.Betas(beta=values, ci_low=values - half, ci_high=values + half)


def test_refits_are_mondays_with_half_a_year_before_and_a_month_after() -> None:
    """From Friday 2021-01-01, 180 days end on Wednesday 2021-06-30: the first refit is Monday 2021-07-05.

    With 250 days the last bar closes on 2021-09-08; 30 days before is Monday 2021-08-09, the sixth refit.
    """
    refits = walk.refit_times(bars(250))
    assert refits.tolist() == [MONDAY_MS + 7 * DAY_MS * k for k in range(6)]
    assert walk.refit_times(bars(249)).tolist() == refits[:5].tolist()
    assert walk.refit_times(bars(180 + 5 + 30 - 1)).tolist() == []
    # a history that starts three days later, on Monday the fourth, ends its 180 days on Saturday the third of July
    late = bars(247)
    assert (walk.refit_times(replace(late, close_ms=late.close_ms + 3 * DAY_MS)) == refits).all()


def slow(data: walk.Bars, refits: np.ndarray, windows: tuple[int, ...]) -> list[dict[str, float]]:
    """Score OLS over some windows the slow way: statsmodels, one asset, one basket and one bar list at a time."""
    scores = [
        {"square": 0.0, "error": 0.0, "residual": 0.0, "hedged": 0.0, "unhedged": 0.0, "inside": 0}
        for _ in windows
    ]
    n_pairs = 0
    for time_ms in refits.tolist():
        now = int((data.close_ms <= time_ms).sum())
        fits: dict[int, list] = {}
        for i in range(data.returns.shape[1]):
            rows = np.isfinite(data.returns[:, i]) & np.isfinite(data.market)
            if rows[now - 180 : now].sum() < 144 or rows[now : now + 30].sum() < 24:
                continue
            spans = [(now - days, now) for days in windows] + [(now, now + 30)]
            for low, high in spans:
                seen = np.arange(low, high)[rows[low:high]]
                fit = sm.OLS(data.returns[seen, i], sm.add_constant(data.market[seen])).fit()
                fits.setdefault(i, []).append((fit.params[1], *fit.conf_int()[1]))
        n_pairs += len(fits)
        chosen = sorted(fits)
        words = np.random.Philox(key=1, counter=time_ms << 64).random_raw(200 * len(chosen)).tolist()
        for p, score in enumerate(scores):
            for i in chosen:
                (beta, low, high), (real, real_low, real_high) = fits[i][p], fits[i][-1]
                score["square"] += (beta - real) ** 2
                score["error"] += beta - real
                side, other = (
                    (beta - low, real_high - real) if beta > real else (high - beta, real - real_low)
                )
                score["inside"] += abs(beta - real) <= np.hypot(side, other)
            absolute, hedged, unhedged = [], [], []
            for b in range(200):
                drawn = words[b * len(chosen) : (b + 1) * len(chosen)]
                basket = [i for _, i in sorted(zip(drawn, chosen, strict=True))[:5]]
                absolute.append(abs(np.mean([fits[i][-1][0] - fits[i][p][0] for i in basket])))
                own = data.returns[now : now + 30][:, basket].mean(axis=1)
                both = np.isfinite(own) & np.isfinite(data.market[now : now + 30])
                beta = np.mean([fits[i][p][0] for i in basket])
                hedged.append(np.var(own[both] - beta * data.market[now : now + 30][both]))
                unhedged.append(np.var(own[both]))
            score["residual"] += np.mean(absolute) / len(refits)
            score["hedged"] += np.mean(hedged)
            score["unhedged"] += np.mean(unhedged)
    return [{**score, "pairs": n_pairs} for score in scores]


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_every_score_is_that_of_a_slow_loop_with_statsmodels(gaps: float) -> None:
    """RMSE, bias, residual beta, coverage and hedged variance of two windows agree to 1e-9, with gaps and without."""
    data = bars(236, 8, gaps=gaps)
    refits = walk.refit_times(data)
    assert len(refits) == 4
    recipes = (Recipe(), Recipe(window_days=45))
    truth = walk.realise(data, refits)
    track = walk.score(data, refits, truth, [walk.forecast(recipe, data, refits) for recipe in recipes])
    for p, expected in enumerate(slow(data, refits, (90, 45))):
        assert track.pairs.sum() == expected["pairs"]
        assert track.square[p].sum() == pytest.approx(expected["square"], rel=1e-9)
        assert track.error[p].sum() == pytest.approx(expected["error"], rel=1e-9)
        assert track.residual_beta[p].mean() == pytest.approx(expected["residual"], rel=1e-9)
        assert track.inside[p].sum() == expected["inside"]
        assert track.hedged[p].sum() == pytest.approx(expected["hedged"], rel=1e-9)
        assert track.unhedged.sum() == pytest.approx(expected["unhedged"], rel=1e-9)
    assert (track.pairs.sum() < 4 * 8) == (gaps > 0)


def test_the_future_changes_no_forecast_and_no_earlier_refit() -> None:
    """With all returns after a moment replaced, forecasts by then and scores whose month was over are the same bits."""
    data = bars(400, 9, gaps=0.03)
    refits = walk.refit_times(data)
    moment = int(refits[12])
    changed = replace(data, returns=data.returns.copy(), market=data.market.copy())
    after = data.close_ms > moment
    other = np.random.default_rng(9)
    changed.returns[after] = other.normal(0, 0.5, (after.sum(), 9))
    changed.returns[np.ix_(after, [0, 4])] = np.nan
    changed.market[after] = other.normal(0, 0.5, after.sum())
    recipes = (Recipe(), Recipe(window_days=180, half_life_days=60))
    tracks = []
    for version in (data, changed):
        made = [walk.forecast(recipe, version, refits) for recipe in recipes]
        truth = walk.realise(version, refits)
        tracks.append((made, walk.score(version, refits, truth, made)))
    for before, later in zip(tracks[0][0], tracks[1][0], strict=True):
        assert before.beta[:13].tobytes() == later.beta[:13].tobytes()
        assert before.ci_low[:13].tobytes() == later.ci_low[:13].tobytes()
        assert not (before.beta[14:] == later.beta[14:]).any()
    over = refits + 30 * DAY_MS <= moment
    assert over.sum() == 8
    for name in ("residual_beta", "error", "square", "hedged", "inside"):
        a, b = (getattr(track, name)[:, over] for _, track in tracks)
        assert a.tobytes() == b.tobytes()
    assert not (tracks[0][1].residual_beta[:, ~over] == tracks[1][1].residual_beta[:, ~over]).any()


def test_more_history_before_and_after_changes_no_refit() -> None:
    """A source that starts earlier or ends later prints the same lines, and more of them."""
    whole = bars(420, 8, gaps=0.02)
    lines = {}
    for name, rows in (("whole", slice(None)), ("part", slice(35, 385))):
        part = walk.Bars(
            timeframe_ms=DAY_MS,
            close_ms=whole.close_ms[rows],
            returns=whole.returns[rows],
            market=whole.market[rows],
        )
        refits = walk.refit_times(part)
        track = walk.score(part, refits, walk.realise(part, refits), [walk.forecast(Recipe(), part, refits)])
        lines[name] = dict(zip(refits.tolist(), track.residual_beta[0].tolist(), strict=True))
    assert len(lines["whole"]) == 30
    assert len(lines["part"]) == 20
    assert {time: lines["whole"][time] for time in lines["part"]} == lines["part"]


def test_a_forecast_on_finer_bars_sees_the_bars_closed_by_the_refit() -> None:
    """The bar that closes at the refit counts, the next does not: 6 × 90 four-hour bars end there."""
    fine = bars(260, 5, step_ms=H4_MS)
    refits = walk.refit_times(fine)
    made = walk.forecast(Recipe(timeframe="4h"), fine, refits)
    for k, time_ms in enumerate(refits.tolist()):
        end = (time_ms - FRIDAY_MS) // H4_MS
        x = sm.add_constant(fine.market[end - 540 : end])
        fit = sm.OLS(fine.returns[end - 540 : end, 2], x).fit()
        assert made.beta[k, 2] == pytest.approx(fit.params[1], rel=1e-9)


def test_perfect_foresight_leaves_nothing() -> None:
    """Assets that are the market times 1.5 are forecast without error: residual 0, all variance hedged."""
    data = bars(260)
    exact = replace(data, returns=1.5 * data.market[:, None] * np.ones(7))
    refits = walk.refit_times(exact)
    track = walk.score(exact, refits, walk.realise(exact, refits), [walk.forecast(Recipe(), exact, refits)])
    assert track.residual_beta == pytest.approx(np.zeros((1, len(refits))), abs=1e-12)
    assert track.hedged == pytest.approx(np.zeros((1, len(refits))), abs=1e-16)
    assert track.unhedged == pytest.approx(
        [
            np.var(1.5 * exact.market[(exact.close_ms > t) & (exact.close_ms <= t + 30 * DAY_MS)])
            for t in refits
        ]
    )


def test_an_unhedged_forecast_of_zero_hedges_nothing() -> None:
    """A forecast of 0 leaves the variance as it is, and the residual beta is the basket's own beta."""
    data = bars(230, 5)
    refits = walk.refit_times(data)
    truth = walk.realise(data, refits)
    track = walk.score(data, refits, truth, [constant(np.zeros(truth.eligible.shape))])
    assert track.hedged[0] == pytest.approx(track.unhedged, rel=1e-12)
    assert track.residual_beta[0] == pytest.approx(truth.realised.beta.mean(axis=1), rel=1e-12)


def test_intervals_agree_by_the_root_of_both_squares() -> None:
    """1.0 ± 0.3 and 1.5 ± 0.4 agree (0.5 apart, 0.5 allowed); 1.0 and 1.51 do not. The middle counts."""
    realised = constant(np.array([[1.5 - 1e-12, 1.51, 0.5 + 1e-12, 0.49]]), 0.4)
    assert walk.agreement(constant(np.ones((1, 4)), 0.3), realised).tolist() == [[True, False, True, False]]
    lopsided = walk.Betas(beta=np.ones((1, 4)), ci_low=np.full((1, 4), 0.9), ci_high=np.full((1, 4), 2.0))
    assert walk.agreement(lopsided, realised).tolist() == [[True, True, False, False]]
    unknown = walk.Betas(
        beta=np.ones((1, 4)), ci_low=np.full((1, 4), np.nan), ci_high=np.full((1, 4), np.nan)
    )
    assert not walk.agreement(unknown, realised).any()


def test_a_beta_that_stands_still_agrees_in_95_per_cent() -> None:
    """300 simulated assets of constant beta: the intervals of forecast and of the next month agree in 93-97 %."""
    data = bars(600, 300)
    refits = walk.refit_times(data)
    track = walk.score(data, refits, walk.realise(data, refits), [walk.forecast(Recipe(), data, refits)])
    assert 0.93 <= track.inside.sum() / track.judged.sum() <= 0.97


def test_all_recipes_answer_the_same_questions() -> None:
    """A pair one recipe cannot answer counts for none; a recipe that lacks a tenth of a refit is not scored there."""
    eligible = np.ones((2, 20), dtype=bool)
    eligible[0, 0] = False
    full = constant(np.ones((2, 20)))
    lacking = np.ones((2, 20))
    lacking[0, 3] = np.nan  # 1 of 19: scored, and asset 3 counts for nobody
    lacking[1, :3] = np.nan  # 3 of 20: not scored, and the other recipe keeps all
    pairs, scored = walk.common_pairs(eligible, [full, constant(lacking)])
    assert pairs.sum(axis=1).tolist() == [18, 20]
    assert not pairs[0, [0, 3]].any()
    assert scored.tolist() == [[True, True], [True, False]]


def test_a_refit_with_fewer_than_five_assets_is_skipped() -> None:
    """A basket of five cannot be drawn from four."""
    eligible = np.array([[True] * 4 + [False] * 3, [True] * 7])
    pairs, scored = walk.common_pairs(eligible, [constant(np.ones((2, 7)))])
    assert pairs.sum(axis=1).tolist() == [0, 7]
    assert scored.tolist() == [[False, True]]


def test_baskets_are_five_different_assets_and_every_one_as_often() -> None:
    """Over 100 refits of 200 baskets each of 12 assets is drawn 5/12 of the time, within four standard errors."""
    drawn = np.array([walk.draw_baskets(12, MONDAY_MS + 7 * DAY_MS * k) for k in range(100)])
    assert drawn.shape == (100, 200, 5)
    assert (np.diff(np.sort(drawn, axis=2)) > 0).all()
    share = np.bincount(drawn.ravel(), minlength=12) / 20_000
    assert share == pytest.approx(np.full(12, 5 / 12), abs=4 * np.sqrt(5 / 12 * 7 / 12 / 20_000))
    assert (drawn[0] != drawn[1]).any()
    assert (walk.draw_baskets(12, MONDAY_MS) == drawn[0]).all()


def test_a_resample_is_made_of_blocks_on_a_ring() -> None:
    """Each of 2,000 resamples counts K refits, and every refit about 2,000 times; its blocks are neighbours."""
    counts = walk.resample_counts(27)
    assert counts.shape == (2000, 27)
    assert (counts.sum(axis=1) == 27).all()
    assert counts.sum(axis=0) == pytest.approx(np.full(27, 2000), rel=0.1)
    # 27 refits are three whole blocks: walking the ring, a count changes only where a block begins or ends
    changes = (counts != np.roll(counts, 1, axis=1)).sum(axis=1)
    assert changes.max() <= 6


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    """For independent numbers it is mean ± 1.96 σ/√n within a fifth; for each nine times over, three times as wide."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, 450)
    low, high = walk.resampled_ratio(noise, np.ones(450))
    assert (high - low) / 2 == pytest.approx(1.96 / np.sqrt(450), rel=0.2)
    assert (low + high) / 2 == pytest.approx(noise.mean(), abs=0.01)
    repeated = np.repeat(rng.normal(0, 1, 50), 9)
    low, high = walk.resampled_ratio(repeated, np.ones(450))
    assert (high - low) / 2 > 2 * 1.96 / np.sqrt(450)


def test_a_ratio_is_resampled_in_pairs() -> None:
    """Twice the same errors have ratio 2 in every resample; below two blocks nothing is said."""
    errors = np.random.default_rng(4).uniform(0.1, 0.5, 40)
    assert walk.resampled_ratio(2 * errors, errors) == (pytest.approx(2.0), pytest.approx(2.0))
    assert np.isnan(walk.resampled_ratio(errors[:17], errors[:17])).all()


def test_the_order_of_assets_changes_no_beta() -> None:
    """Columns in another order give the same betas in that order; sorting by name gives the same bytes."""
    data = bars(230, 6, gaps=0.05)
    order = [3, 0, 5, 1, 4, 2]
    turned = replace(data, returns=np.ascontiguousarray(data.returns[:, order]))
    refits = walk.refit_times(data)
    a, b = walk.realise(data, refits), walk.realise(turned, refits)
    assert b.realised.beta == pytest.approx(a.realised.beta[:, order], rel=1e-12)
    assert (a.eligible[:, order] == b.eligible).all()
    assert list(itertools.chain(walk.refit_times(turned))) == refits.tolist()
