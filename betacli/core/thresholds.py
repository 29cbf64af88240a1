"""The limits of the checklist except those of liquidity; a sector file may set each anew under `checklist`."""

BASIC: dict[str, float] = {
    "low_r_squared": 0.30,  # R² of one asset: below, hedging it by beta removes little risk
    "sector_r_squared_warn": 0.30,  # R² of the equal-weight sector to the benchmark
    "sector_r_squared_fail": 0.10,
    "min_members": 2,  # assets whose data can be trusted
    "effective_assets_warn": 2.5,  # 1 / Σw²
    "participation_warn": 0.01,  # a leg's notional over the asset's average daily volume
    "participation_fail": 0.05,
    "beta_age_days_warn": 2,  # since the last bar of the window closed
    "beta_age_days_fail": 7,
    "beta_half_width_warn": 0.50,  # half the 95 % interval of a leg's beta
    "beta_half_width_fail": 1.00,
    "beta_range_warn": 1.50,  # highest less lowest beta of a leg over thirds of the window
    "account_leverage_warn": 10,  # gross with hedge over equity
    "account_leverage_fail": 20,
    "liquidation_days": 1.0,  # the liquidating move over the worst day of the window, at least
    "hedge_r_squared_fail": 0.30,  # R² of the basket to the benchmark: below, this is not a hedge
    "hedge_residue_warn": 0.02,  # |aggregate beta − what was asked| after rounding
    "hedge_residue_fail": 0.10,
    "funding_bps_warn": 50,  # paid by basket and hedge over the horizon, in bps of the basket
    "funding_bps_fail": 150,
    "basis_risk_warn": 0.20,  # basis risk of basket and hedge, a year
    "drift_band": 0.20,  # |basket beta in the later half − in the earlier half| over the basket beta
    "rebalance_days": 7,  # how often the basket is measured again
    "proxy_r_squared": 0.50,  # R² of a member on what stands in for it: below, it is refused
    "same_coin_ratio": 0.03,  # how far prices of one ticker may differ between venues
    "same_coin_correlation": 0.90,  # and how well their returns must go together
}
