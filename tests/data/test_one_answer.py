"""One market, served by five exchanges each in its own dialect, gives one answer on the command line."""

import json

import numpy as np
import pytest

from conftest import NOW_MS, Cli
from fake_exchange.asking import DIALECTS, served
from fake_exchange.market import DAY_MS, Bars, FakeMarket, bars

BASES = ("BTC", "ETH", "SOL", "AVAX")
N_DAYS = 120
FIRST_MS = NOW_MS // DAY_MS * DAY_MS - N_DAYS * DAY_MS
OF_THE_CONTRACT = {"contracts", "contract_size", "amount", "rounded_notional", "rounded", "trade_risk"}


def described() -> dict[str, Bars]:
    """Return daily bars of four coins that move with the first, by 1.2, 1.6 and 1.5."""
    rng = np.random.default_rng(11)
    of_market = rng.normal(0, 0.025, N_DAYS)
    loads = dict(zip(BASES, (1.0, 1.2, 1.6, 1.5), strict=True))
    noise = {base: rng.normal(0, 0.0 if base == "BTC" else 0.02, N_DAYS) for base in BASES}
    closes = {base: 1000 * np.cumprod(1 + loads[base] * of_market + noise[base]) for base in BASES}
    return {f"{base}USDT": bars(FIRST_MS, closes[base]) for base in BASES}


@pytest.fixture
def told(cli: Cli, tmp_path):
    """Return a function that asks one venue one command and returns its JSON."""

    def tell(venue: str, *command: str) -> dict:
        market = FakeMarket(NOW_MS, bars=described())
        with served(venue, market=market) as fake:
            (tmp_path / "sectors.yaml").write_text(
                f"estimator: ols-90d\nsectors: {{l1: {{members: [{', '.join(BASES[1:])}]}}}}\n"
                f"exchange_options: {json.dumps(fake.options)}\n"
            )
            ran = cli(*command, "--sector", "l1", "--exchange", venue, "-O", "json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return tell


def without(value: object, keys: set[str]) -> object:
    if isinstance(value, dict):
        return {key: without(inner, keys) for key, inner in value.items() if key not in keys}
    return [without(inner, keys) for inner in value] if isinstance(value, list) else value


def test_betas_are_the_same_to_the_last_bit(told):
    """The closes are the same, and so are betas and the fingerprint of the data."""
    answers = {venue: told(venue, "beta") for venue in DIALECTS}
    first = answers["binanceusdm"]
    for venue, answer in answers.items():
        assert answer["inputs"]["exchange"] == venue
        assert answer["data"] == first["data"], venue
        assert answer["inputs"]["data_fingerprint"] == first["inputs"]["data_fingerprint"]


def test_baskets_differ_only_in_contracts(told):
    """At the same marks the basket is the same; contracts are each exchange's own, and worth what they say."""
    answers = {venue: told(venue, "solve", "--target", "1.46")["data"] for venue in DIALECTS}
    first = without(answers["binanceusdm"], OF_THE_CONTRACT)
    for venue, answer in answers.items():
        assert without(answer, OF_THE_CONTRACT) == first, venue
        for leg in answer["legs"]:
            size = 0.01 if venue == "mexc" else 1.0
            assert leg["contract_size"] == size
            assert leg["amount"] == pytest.approx(leg["contracts"] * size)
            assert leg["rounded_notional"] == pytest.approx(leg["amount"] * leg["price"])
