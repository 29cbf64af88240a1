"""What `betacli help TOPIC` says. What is known elsewhere (exit codes, formats, presets) is read from there."""

from collections.abc import Sequence

from betacli import names
from betacli.cli.taking import variable_of

_MEANS = {
    "table": "for people: aligned and made to fit a terminal, nothing cut; plain text in a pipe",
    "json": "the whole result, full precision, `null` for unknown; `betacli schema COMMAND` describes it",
    "csv": "the rows (assets, legs, steps), full precision; notices go to stderr",
    "md": "Markdown to file or mail",
}


def overview(commands: Sequence[str]) -> str:
    """Return the topics and the commands."""
    lines = ["Topics", *(f"  betacli help {topic}" for topic in names.TOPICS), "", "Commands"]
    return "\n".join([*lines, *(f"  betacli help {command}" for command in commands)]) + "\n"


def text(topic: str) -> str:
    """Return what is said about a topic of `names.TOPICS`."""
    return {
        "exit-codes": _exit_codes,
        "formats": _formats,
        "configuration": lambda: _CONFIGURATION,
        "plans": lambda: _PLANS,
        "environment": _environment,
    }[topic]()


def _listed(pairs: dict[str, str]) -> str:
    width = max(map(len, pairs))
    return "".join(f"  {name:<{width}}  {told}\n" for name, told in pairs.items())


def _exit_codes() -> str:
    codes = "".join(f"  {code:>3}  {meaning}\n" for code, meaning in names.EXIT_CODES.items())
    return f"""Exit codes

{codes}
10 comes with the whole answer on stdout: something in it asks for action. With every other code but 0, stdout holds
no numbers; with `-O json` it holds the error: `betacli schema error`. Its `retryable` is true only where waiting
helps. An `-o FILE` is untouched unless the answer was given. A reader that leaves (`| head`) is no error; a full disk
is 2. SIGINT and SIGTERM end with 130.

In a script:

  betacli checklist --plan morning -o report.md -O md
  case $? in
    0)  echo "sign it" ;;
    10) echo "look at report.md" ;;
    4)  echo "exchange down: try later" ;;
    *)  echo "no answer" ;;
  esac
"""


def _formats() -> str:
    return f"""Formats: `-O NAME` or `--format NAME`

{_listed({name: _MEANS.get(name, "") for name in names.FORMATS})}
stdout holds the answer and nothing else; progress, notices of the CSV and errors go to stderr. `-o FILE` writes the
file whole or not at all, and leaves what was there where there is no answer.

The columns of a command's CSV are the same whatever the data: `row` tells what a row is where there are several kinds
(leg, hedge, trade, held), a mapping such as the facts of a check is one cell of JSON, and a new column comes last.

Numbers are never cut, whatever the width. Unknown is `n/a` in tables, empty in CSV, `null` in JSON. Text that a
spreadsheet would take for a formula has an apostrophe before it. Colour: `--color`, then `NO_COLOR`, then
`FORCE_COLOR`, then whether stdout is a terminal.
"""


_CONFIGURATION = """Configuration

A value comes from the first of these that has it:

  1. a flag                        --exchange bybit
  2. the plan named by `--plan`    plans: {morning: {exchange: bybit}}
  3. the environment               BETACLI_EXCHANGE=bybit
  4. the project's sectors.yaml    `--config FILE`, or ./sectors.yaml
  5. the user's sectors.yaml       in your configuration folder
  6. the packaged sectors.yaml, then what is built in

`betacli config show` prints every setting, its value and where it comes from, with file and line. The first file that
has `sectors` supplies all of them; every other key is taken from the first file that has it. `betacli init` writes a
commented file and its editor schema, `betacli sectors check` names every problem with line and column.
"""

_PLANS = """Plans: options under a name

  plans:
    morning: {sector: l1, target: 1.4, notional: 100000, leverage: 5}

`--plan morning` stands for `--sector l1 --target 1.4 --notional 100000 --leverage 5` in every command that has those
options; options a command does not have are left out there. A flag given beside it wins over the plan, and the plan
over the environment. The plan is named in the output (`inputs.plan`). Keys are the long options with `_` for `-`.
"""


def _environment() -> str:
    told = {
        variable_of("--sector"): "the option `--sector`; every long option has such a variable",
        "BETACLI_CACHE_DIR": "the folder of the candle store, in place of the user's for caches",
        "NO_COLOR": "any value: no colour",
        "FORCE_COLOR": "any value: colour, also in a pipe",
        "COLUMNS": "the width of the terminal",
        "HTTPS_PROXY": "the proxy exchanges are asked through",
    }
    return f"""Environment

{_listed(told)}
An option is named by its long flag: `--half-life` is {variable_of("--half-life")}. A flag or a plan wins over it, and
it wins over every file. An option that may be repeated takes several values with blanks between, sectors with commas
too: BETACLI_SECTOR="l1,defi". A variable that begins with BETACLI_ and is none of these is told by a warning.
"""
