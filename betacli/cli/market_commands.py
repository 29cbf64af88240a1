"""The commands about markets: what trades, what it costs to hold, and what may stand in for what."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from betacli import names
from betacli.cli.basket_options import HedgeOptions, TargetOptions
from betacli.cli.desk import Desk
from betacli.cli.limit_options import LimitOptions
from betacli.cli.market_options import HoldingOptions, ProxyOptions, VenueOptions
from betacli.cli.options import DataOptions, OutputOptions, WhatOptions
from betacli.cli.values import there
from betacli.document import Report
from betacli.errors import BadUsage


class MarketCommands(Desk):
    """`liquidity`, `funding`, `basis`, `venues`, `proxies`."""

    PANEL = "Markets"

    def liquidity(
        self,
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Walk the planned orders through the books: spread, depth, slippage, a grade, the largest order.

        Example: betacli liquidity --sector l1 --target 1.4 --exchange sample
        """
        from betacli.plan.liquidity import plan_liquidity  # noqa: PLC0415

        return self._market(plan_liquidity, what, target, limits, hedge, data, output)

    def funding(
        self,
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        holding: HoldingOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Project funding of basket and hedge at each symbol's own interval, with fees and the break-even return.

        Example: betacli funding --sector l1 --target 1.4 --exchange sample
        """
        from betacli.cli.asking import holding_of  # noqa: PLC0415
        from betacli.plan.funding import plan_funding  # noqa: PLC0415

        plan = partial(plan_funding, holding=holding_of(holding))
        return self._market(plan, what, target, limits, hedge, data, output)

    def basis(
        self,
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        holding: HoldingOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Measure the contracts against index or spot, basis risk, and the carry of dated futures.

        Example: betacli basis --sector l1 --exchange sample
        """
        from betacli.cli.asking import holding_of  # noqa: PLC0415
        from betacli.plan.basis import plan_basis  # noqa: PLC0415

        plan = partial(plan_basis, holding=holding_of(holding))
        return self._market(plan, what, target, limits, hedge, data, output)

    def venues(
        self,
        what: WhatOptions,
        chosen: VenueOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        holding: HoldingOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Ask every exchange at once which can hold this basket, and rank them by what it costs there.

        Example: betacli venues --sector l1 --target 1.4 --exchange sample
        """
        from betacli.cli import asking, venue_asking  # noqa: PLC0415
        from betacli.plan.venues import plan_venues  # noqa: PLC0415

        output.check()
        if data.offline or data.candles is not None:
            problem = "`venues` asks exchanges, which `--offline` and `--candles` leave aside"
            raise BadUsage(problem=problem, way_out="leave the option out, or try `--exchange sample`")
        universe = asking.read_universe(data, self._here)
        betas = asking.beta_request(what, data, universe, self._here)
        request = asking.basket_request(betas, target, hedge, limits=limits)
        held = asking.holding_of(holding)
        asked = venue_asking.venues_of(chosen.venues, data.exchange)
        answers = venue_asking.ask_all(asked, request, universe, held, target, data, self._here)
        reference = data.exchange or universe.exchange
        return self._deliver(plan_venues(request, universe, answers, reference, held), output)

    def proxies(
        self, what: WhatOptions, chosen: ProxyOptions, data: DataOptions, output: OutputOptions
    ) -> int:
        """Regress members without a contract on what may stand in for them, and say what that costs in tracking.

        Example: betacli proxies --sector l1 --exchange sample
        """
        from betacli.cli import asking, placing, sources  # noqa: PLC0415
        from betacli.plan.own_history import Sources  # noqa: PLC0415
        from betacli.plan.proxies import plan_proxies  # noqa: PLC0415

        output.check()
        universe = asking.read_universe(data, self._here)
        request = asking.beta_request(what, data, universe, self._here)
        named = placing.venue_names(chosen.proxy_venues)
        there(chosen.proxy_history)
        with sources.market_for(request, universe, data, self._here) as market:
            if market is None:
                report = plan_proxies(request, universe, None)
                return self._deliver(report, output)
            everywhere = market.name in names.VENUES and not data.offline and chosen.proxy_venues is None
            venues = names.VENUES if everywhere else named
            if market.name in names.VENUES:
                venues = (*venues, *placing.venues_of_file(request.members(universe)[1]))
            with placing.other_venues(request, universe, market, venues, data, self._here) as others:
                history = sources.history_file(chosen.proxy_history, market, request)
                where = Sources(source=market, history=history, others=others)
                report = plan_proxies(request, universe, where, elsewhere=bool(named))
        return self._deliver(report, output)

    def _market(
        self,
        plan: Callable[..., Report],
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Answer a question about the markets of a planned basket."""
        from betacli.cli import asking, sources  # noqa: PLC0415
        from betacli.cli.placing import placed  # noqa: PLC0415

        output.check()
        if len(what.benchmark or ()) > 1:
            raise BadUsage(problem="a basket has one benchmark", way_out="give `--benchmark` once")
        universe = asking.read_universe(data, self._here)
        betas = asking.beta_request(what, data, universe, self._here)
        request = asking.basket_request(betas, target, hedge, limits=limits)
        with (
            sources.market_for(betas, universe, data, self._here) as market,
            placed(request, universe, market, target, data, self._here) as held,
        ):
            report = plan(held.request, held.universe, held.market)
        return self._deliver(replace(report, warnings=(*held.notices, *report.warnings)), output)
