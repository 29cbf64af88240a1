"""Send the orders of a ticket file to an exchange's sandbox, after asking.

    betacli hedge --sector l1 --target 1.4 --equity 20000 --leverage 2 --exchange binanceusdm --tickets orders.json
    SANDBOX_KEY=... SANDBOX_SECRET=... python examples/send_to_sandbox.py orders.json

betacli itself sends nothing and reads no keys. This script shows what a script of yours could look like. It talks to a
sandbox only, shows every order first, and sends none unless `yes` is typed.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NO_SANDBOX = {
    "weex": "ccxt's sandbox of weex points at its production servers",
    "mexc": "mexc has no sandbox",
}


def sandbox_of(exchange_id: str) -> Any:
    """Return the exchange in sandbox mode, with the keys of the environment."""
    import ccxt  # noqa: PLC0415

    exchange = getattr(ccxt, exchange_id)(
        {"apiKey": os.environ.get("SANDBOX_KEY"), "secret": os.environ.get("SANDBOX_SECRET")}
    )
    exchange.set_sandbox_mode(True)
    return exchange


def refusal(tickets: dict[str, Any]) -> str | None:
    """Say why a ticket file must not be sent, None where it may."""
    if tickets.get("schema") != "betacli/tickets":
        return "this is no ticket file of betacli"
    if tickets["simulated"]:
        return "these orders are priced on the simulated market"
    if tickets["past"]:
        return "these orders are priced with closes of the past: plan them again without --as-of or --offline"
    if tickets.get("spot_orders") or tickets.get("elsewhere"):
        return "some of its orders are of spot markets or another exchange: send those by hand, and all of them or none"
    if not tickets["orders"]:
        return "there are no orders in it"
    return NO_SANDBOX.get(str(tickets["exchange"]))


def main(
    argv: list[str],
    open_exchange: Callable[[str], Any] = sandbox_of,
    ask: Callable[[str], str] = input,
    say: Callable[[str], None] = print,
) -> int:
    """Show the orders, ask, send. Returns 0 when all were accepted, 1 when nothing was sent or one was refused."""
    if len(argv) != 1:
        say("usage: send_to_sandbox.py FILE")
        return 2
    tickets = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    why_not = refusal(tickets)
    if why_not:
        say(f"nothing sent: {why_not}")
        return 1
    orders = tickets["orders"]
    for order in orders:
        only = ", reduce-only" if order["params"].get("reduceOnly") else ""
        say(f"{order['side']} {order['amount']:g} {order['symbol']} at market{only}")
    if ask(f"Send these {len(orders)} orders to the sandbox of {tickets['exchange']}? Type yes: ") != "yes":
        say("nothing sent")
        return 1
    exchange = open_exchange(tickets["exchange"])
    if exchange.has.get("createOrders"):
        answers = exchange.create_orders(orders)
    else:
        answers = [exchange.create_order(**order) for order in orders]
    for order, answer in zip(orders, answers, strict=True):
        say(f"{order['symbol']}: {answer.get('status') or 'sent'} {answer.get('id') or ''}".rstrip())
    return 0 if all(answer.get("id") for answer in answers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
