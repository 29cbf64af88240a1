"""The commands about betas and baskets: options in, one question to the plan layer, a report out."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from betacli.cli.account_options import AccountOptions
from betacli.cli.basket_options import ExplainOptions, HedgeOptions, PlaceOptions, TargetOptions
from betacli.cli.desk import Desk
from betacli.cli.limit_options import LimitOptions, PairOptions
from betacli.cli.market_options import StepOptions
from betacli.cli.options import BacktestArguments, BetaOptions, DataOptions, OutputOptions, WhatOptions
from betacli.cli.progress import progress
from betacli.cli.values import known_name
from betacli.document import Report
from betacli.errors import BadUsage


class BasketCommands(Desk):
    """`beta`, `backtest`, `solve`, `hedge`, `checklist`."""

    PANEL = "Plan"

    def beta(
        self,
        what: WhatOptions,
        shown: BetaOptions,
        places: PlaceOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Measure each member's beta, with its standard error and interval.

        Example: betacli beta --sector l1 --exchange sample
        """
        from betacli.cli import asking, sources  # noqa: PLC0415  numpy, which `--help` need not pay
        from betacli.cli.placing import placed_for_betas  # noqa: PLC0415
        from betacli.plan.beta_compare import plan_comparison  # noqa: PLC0415
        from betacli.plan.beta_rolling import plan_rolling  # noqa: PLC0415
        from betacli.plan.beta_table import plan_betas  # noqa: PLC0415

        output.check()
        views = shown.compare + shown.rolling + (len(what.benchmark or ()) > 1)
        if views > 1:
            problem = "`--compare`, `--rolling` and several benchmarks are three views"
            raise BadUsage(problem=problem, way_out="choose one")
        universe = asking.read_universe(data, self._here)
        request = asking.beta_request(what, data, universe, self._here)
        basket = asking.basket_request(request, places.target)
        others = asking.benchmarks_of(what, universe)[1:]
        with (
            sources.market_for(request, universe, data, self._here) as market,
            placed_for_betas(basket, universe, market, places, data, self._here) as held,
        ):
            if (shown.compare or shown.rolling) and market is None:
                raise BadUsage(
                    problem="betas by hand have no other presets and no path", way_out="name a source"
                )
            if shown.compare and held.market is not None:
                report = plan_comparison(held.request.betas, held.universe, held.market)
            elif shown.rolling and held.market is not None:
                report = plan_rolling(held.request.betas, held.universe, held.market)
            else:
                report = plan_betas(
                    held.request.betas, held.universe, held.market, others, held.request.tracked
                )
        return self._deliver(replace(report, warnings=(*held.notices, *report.warnings)), output)

    def backtest(
        self, arguments: BacktestArguments, what: WhatOptions, data: DataOptions, output: OutputOptions
    ) -> int:
        """Score every preset on the month that followed each of its forecasts.

        Example: betacli backtest betas --sector l1 --exchange sample
        """
        from betacli.cli import asking, sources  # noqa: PLC0415
        from betacli.plan.backtest import plan_backtest  # noqa: PLC0415
        from betacli.plan.stopwatch import Stopwatch  # noqa: PLC0415

        output.check()
        known_name("backtest", arguments.what, ("betas",))
        universe = asking.read_universe(data, self._here)
        request = asking.backtest_request(arguments, what, data, universe, self._here)
        watch = Stopwatch(self._here.monotonic)
        with sources.history_of(request.run, universe, data, self._here) as source:
            report = plan_backtest(
                request, universe, source, progress=progress(self._here, "forecast"), watch=watch
            )
        if output.verbose:
            for step in watch.steps:
                self._here.stderr.write(f"{step.step}: {step.seconds:.3f} s, {step.share * 100:.0f} %\n")
        return self._deliver(report, output)

    def solve(
        self,
        what: WhatOptions,
        pair: PairOptions,
        target: TargetOptions,
        limits: LimitOptions,
        account: AccountOptions,
        explained: ExplainOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Solve the basket weights that have exactly the target beta.

        Example: betacli solve --sector l1 --target 1.4 --exchange sample
        """
        sides = pair.sides()
        if sides is not None:
            plan, what = self._spread(pair, sides, what, target, account, explained)
            return self._basket(plan, what, target, limits, HedgeOptions(), data, output)
        from betacli.plan.solve import plan_basket  # noqa: PLC0415

        plan = plan_basket
        if explained.explain:
            from betacli.plan.explain import explain_basket  # noqa: PLC0415

            plan = partial(plan_basket, explain=explain_basket)
        return self._basket(plan, what, target, limits, HedgeOptions(), data, output, account)

    def _spread(
        self,
        pair: PairOptions,
        sides: tuple[str, str],
        what: WhatOptions,
        target: TargetOptions,
        account: AccountOptions,
        explained: ExplainOptions,
    ) -> tuple[Callable[..., Report], WhatOptions]:
        """Return what answers about a spread, and both its sectors as what is asked about.

        Raises:
            BadUsage: an option was given that is about one basket.
        """
        from betacli.plan.spread import plan_spread  # noqa: PLC0415

        for option, given in (
            ("--sector", what.sector),
            ("--only", what.only),
            ("--positions", account.positions),
            ("--tickets", account.tickets),
            ("--risk", target.risk),
            ("--explain", explained.explain),
        ):
            if given:
                way_out = "leave it out with `--long` and `--short`"
                raise BadUsage(problem=f"`{option}` is about one basket, not about a spread", way_out=way_out)
        plan = partial(plan_spread, long=sides[0], short=sides[1], neutral=pair.neutral)
        return plan, replace(what, sector=[*sides[0].split("+"), *sides[1].split("+")])

    def hedge(
        self,
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        account: AccountOptions,
        explained: ExplainOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Size the benchmark short that neutralises the basket, and show what it does to the account.

        Example: betacli hedge --sector l1 --target 1.4 --leverage 5 --exchange sample
        """
        from betacli.plan.hedge import plan_hedge  # noqa: PLC0415

        plan: Callable[..., Report] = plan_hedge
        if explained.explain:
            from betacli.plan.explain import explain_hedge  # noqa: PLC0415

            plan = partial(plan_hedge, explain=explain_hedge)
        return self._basket(plan, what, target, limits, hedge, data, output, account)

    def checklist(
        self,
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        steps: StepOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Judge the trade in eight steps; exit 10 when one fails.

        `--step liquidity` or `--only liquidity` shows one step; a member's name in `--only` is a member.

        Example: betacli checklist --sector l1 --target 1.4 --leverage 5 --exchange sample
        """
        from betacli.cli.asking import steps_of  # noqa: PLC0415
        from betacli.plan.checklist import plan_checklist  # noqa: PLC0415

        chosen, what = steps_of(steps, what, data, self._here)
        plan = partial(plan_checklist, only=chosen, strict=steps.strict)
        return self._basket(plan, what, target, limits, hedge, data, output)

    def _basket(
        self,
        plan: Callable[..., Report],
        what: WhatOptions,
        target: TargetOptions,
        limits: LimitOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
        account: AccountOptions | None = None,
    ) -> int:
        """Answer a question about a basket with one of the plan layer's functions."""
        from betacli.cli import asking, sources  # noqa: PLC0415
        from betacli.cli.placing import placed  # noqa: PLC0415

        output.check()
        if len(what.benchmark or ()) > 1:
            raise BadUsage(problem="a basket has one benchmark", way_out="give `--benchmark` once")
        if account is not None and account.tickets == Path("-"):
            raise BadUsage(
                problem="stdout holds the answer, and no tickets", way_out="name a file with `--tickets`"
            )
        if account is not None and account.tickets is not None and account.tickets == output.output:
            raise BadUsage(
                problem="`--tickets` and `--output` name the same file", way_out="give each its own"
            )
        universe = asking.read_universe(data, self._here)
        betas = asking.beta_request(what, data, universe, self._here)
        request = asking.basket_request(betas, target, hedge, account, limits)
        with sources.market_for(betas, universe, data, self._here) as market:
            with placed(request, universe, market, target, data, self._here) as held:
                report = plan(held.request, held.universe, held.market)
            report = replace(report, warnings=(*held.notices, *report.warnings))
            past = market is not None and not (market.live and betas.run.generated_at)
        if account is not None and account.tickets is not None:
            self._write_tickets(report, account.tickets, past=past)
        return self._deliver(report, output)

    def _write_tickets(self, report: Report, path: Path, *, past: bool) -> None:
        """Write the orders of a plan to a file, whole or not at all."""
        from betacli.cli.output import write_file  # noqa: PLC0415
        from betacli.plan.tickets import tickets_of  # noqa: PLC0415
        from betacli.show.formats import json_text  # noqa: PLC0415

        exchange = getattr(report.inputs, "exchange", None)
        write_file(path, json_text(tickets_of(report, exchange, past=past)))
