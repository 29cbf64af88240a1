"""The names a user can type, known without importing what they stand for. A test holds each equal to its dict."""

FORMATS = ("table", "json", "csv", "md")
PRESETS = (
    "ols-90d",
    "ols-30d",
    "ols-180d",
    "ols-90d-4h",
    "ewma-60d",
    "ewma-60d-4h",
    "vasicek-90d",
    "welch-90d",
    "ewma-vasicek",
    "ewma-vasicek-4h",
    "welch-vasicek",
    "welch-vasicek-4h",
    "welch-vasicek-30d-4h",
    "blume-90d",
    "dimson-90d",
    "scholes-williams-90d",
    "frazzini-pedersen",
    "kalman-180d",
    "downside-180d",
    "upside-180d",
)
WEIGHTINGS = ("equal", "cap", "inverse-volatility", "liquidity", "custom", "min-variance")
PROXIES = ("file", "auto", "none")
HEDGES = ("perp", "quarter", "next-quarter")
NEUTRAL = ("dollar", "beta")
FEES = ("taker", "maker")
OBJECTIVES = ("nearest", "min-variance", "least-turnover")
SAMPLE = "sample"
VENUES = ("binanceusdm", "bybit", "bingx", "weex", "mexc")
EXCHANGES = (*VENUES, SAMPLE)
FILES = "files"  # what candle files are called where an exchange would be
TIMEFRAMES = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
GATES = (
    "max_age_bars",
    "min_coverage",
    "min_common_bars",
    "min_days",
    "redenomination",
    "volume_unit",
    "note_jump",
    "note_flat_bars",
)
CHECKLIST = (
    "low_r_squared",
    "sector_r_squared_warn",
    "sector_r_squared_fail",
    "min_members",
    "effective_assets_warn",
    "participation_warn",
    "participation_fail",
    "beta_age_days_warn",
    "beta_age_days_fail",
    "beta_half_width_warn",
    "beta_half_width_fail",
    "beta_range_warn",
    "account_leverage_warn",
    "account_leverage_fail",
    "liquidation_days",
    "hedge_r_squared_fail",
    "hedge_residue_warn",
    "hedge_residue_fail",
    "funding_bps_warn",
    "funding_bps_fail",
    "basis_risk_warn",
    "drift_band",
    "rebalance_days",
    "proxy_r_squared",
    "same_coin_ratio",
    "same_coin_correlation",
    "exit_participation",
    "cap_participation",
    "cap_slippage_bps",
    "cap_open_interest",
    "grade_a_participation",
    "grade_b_participation",
    "grade_c_participation",
    "grade_a_spread_bps",
    "grade_b_spread_bps",
    "grade_c_spread_bps",
    "grade_a_slippage_bps",
    "grade_b_slippage_bps",
    "grade_c_slippage_bps",
    "grade_a_open_interest",
    "grade_b_open_interest",
    "grade_c_open_interest",
    "grade_a_age_days",
    "grade_b_age_days",
    "grade_c_age_days",
)
TOPICS = ("exit-codes", "formats", "configuration", "plans", "environment")
STEPS = ("benchmark", "sector", "liquidity", "betas", "strategy", "size", "hedge", "monitoring")
EXIT_CODES = {
    0: "answered",
    1: "a bug in betacli",
    2: "the command line or a file cannot be used",
    3: "data refused: missing, stale or inconsistent",
    4: "exchange or network",
    5: "well put, but there is no answer",
    6: "the store or a lock cannot be used",
    10: "action needed: a check failed",
    130: "interrupted",
}
