"""Betas, weights and the hedge of your own closes.

Run it as `python hedge_closes.py closes.csv 1.4 100000`.

The file has a time column and one column of daily closes an asset, BTC among them.
"""

import sys

import pandas as pd

from betacli import estimate_betas, hedge_basket, solve_target_beta
from betacli.errors import BetacliError


def main(path: str, target: float, notional: float) -> None:
    """Print the weights that have the target beta, and the short that neutralises them."""
    closes = pd.read_csv(path, index_col=0, parse_dates=True)
    returns = (closes / closes.shift(1) - 1).iloc[-90:]  # a gap stays a gap: nothing is filled
    betas = estimate_betas(returns, "BTC", preset="ols-90d")
    covariance = returns[list(betas.names)].cov()
    basket = solve_target_beta(betas, target, covariance=covariance, max_weight=0.4)
    print(betas.to_frame().round(4).to_string())
    print(basket.to_frame().round(6).to_string())
    print(f"short {-hedge_basket(notional, basket.beta).notional:,.2f} of BTC")


if __name__ == "__main__":
    try:
        main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
    except BetacliError as error:
        sys.exit(f"{error.message}\nhint: {error.hint}" if error.hint else error.message)
