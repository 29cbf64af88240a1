"""Typed values out of nodes: what has a wrong form becomes a problem at its line and column, and reading goes on."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from betacli.data.sector_format import Kind
from betacli.data.yaml_nodes import Items, Node, Pairs, Scalar
from betacli.errors import Problem, did_you_mean, quoted, safe

NAME_LENGTH = 60  # of foreign text in a message
_SHOWN_PROBLEMS = 100

# What exchanges call their credentials, in lower case without `_` and `-`; the names are ccxt's.
_SECRETS = frozenset(
    {
        *("apikey", "apisecret", "secret", "password", "passphrase", "privatekey", "walletaddress", "token"),
        *("uid", "login", "twofa", "accountid"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """The names that may be used; None where the caller does not say, and any name of the right form is taken.

    `choices` are the words an option of a plan takes, by the option's name. `options` returns the command line's options by name with their types: `str`, `float`, `bool`, or `tuple` of texts.
    """

    estimators: Collection[str] | None = None
    exchanges: Collection[str] | None = None
    gates: Collection[str] | None = None
    checks: Collection[str] | None = None
    weightings: Collection[str] | None = None
    choices: Mapping[str, Collection[str]] | None = None
    options: Callable[[], Mapping[str, type]] | None = None


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file, each once; past a hundred, how many more there are."""
    once = {(problem.line or 0, problem.column or 0, problem.what): problem for problem in problems}
    listed = [once[key] for key in sorted(once, key=lambda key: key[:2])]
    more = len(listed) - _SHOWN_PROBLEMS
    return listed if more <= 0 else [*listed[:_SHOWN_PROBLEMS], Problem(what=f"{more} more problems follow")]


@dataclass(slots=True, kw_only=True)
class Reader:
    """Collects the problems of one file, and what can only be judged when all of it has been read."""

    known: KnownNames
    problems: list[Problem]
    facts: dict[tuple[str, str], tuple[object, int]] = field(default_factory=dict)
    proxies: list[tuple[Node, str]] = field(default_factory=list)

    def report(self, node: Node, what: str, hint: str | None = None) -> None:
        """Add a problem at the place of a node."""
        self.problems.append(Problem(what=what, line=node.line, column=node.column, hint=hint))

    def near(self, name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
        """Return a hint for an unknown name; past a hundred problems nobody reads it, and it costs time."""
        if len(self.problems) > _SHOWN_PROBLEMS:
            return None
        return did_you_mean(name[:NAME_LENGTH], known) or otherwise

    def pairs(self, node: Node, name: str, *, may_be_empty: bool = False) -> Pairs | None:
        """Return a node as a mapping, or report that it is none."""
        if isinstance(node, Pairs) and (node.pairs or may_be_empty):
            return node
        if may_be_empty and isinstance(node, Scalar) and node.is_null:
            return Pairs(node.line, node.column, ())
        self.report(node, f"`{name}` {shape(node)}: expected a mapping")
        return None

    def items(self, node: Node, name: str, *, may_be_empty: bool = False) -> Items | None:
        """Return a node as a list, or report that it is none."""
        if isinstance(node, Items) and (node.nodes or may_be_empty):
            return node
        if may_be_empty and isinstance(node, Scalar) and node.is_null:
            return Items(node.line, node.column, ())
        self.report(node, f"`{name}` {shape(node)}: expected a list of assets")
        return None

    def fields(self, node: Pairs, known: Collection[str]) -> dict[str, Node]:
        """Return a mapping's values by key; report keys that are not `known`."""
        found: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.text in known:
                found[key.text] = value
            elif not self.refuses_secret(key):
                hint = self.near(key.text, known, f"the keys here are {quoted(known, limit=20)}")
                self.report(key, f"unknown key `{safe(key.text, NAME_LENGTH)}`", hint)
        return found

    def refuses_secret(self, key: Scalar) -> bool:
        """Report a key that names a credential; its value is never shown."""
        if re.sub(r"[\s_-]", "", key.text).lower() not in _SECRETS:
            return False
        hint = "remove it: everything betacli reads is public"
        self.report(key, f"`{safe(key.text, NAME_LENGTH)}` does not belong here: betacli needs no keys", hint)
        return True

    def value(self, node: Node, name: str, kind: Kind) -> Any:
        """Return the value of a scalar, or None after reporting why it has none."""
        if not isinstance(node, Scalar) or node.is_null:
            self.report(node, f"`{name}` {shape(node)}: expected {kind.expected}")
            return None
        value = kind.read(node.text)
        if value is None:
            shown = safe(node.text, NAME_LENGTH)
            odd = next((char for char in node.text if not char.isprintable()), None)
            held = f"holds {named(odd)}, which is not allowed here" if odd and kind.python is str else None
            self.report(node, f"`{name}` is `{shown}`: {held or f'expected {kind.expected}'}")
        return value

    def values(self, nodes: Mapping[str, Node], kinds: Mapping[str, Kind | None]) -> dict[str, Any]:
        """Return the values of the scalars among `nodes`, without those that were reported."""
        read = {
            name: self.value(node, name, kind)
            for name, node in nodes.items()
            if (kind := kinds[name]) is not None
        }
        return {name: value for name, value in read.items() if value is not None}

    def name(self, key: Scalar, what: str, kind: Kind) -> str | None:
        """Return a key that is a name, or None after reporting that it cannot be one."""
        if not key.is_null and kind.read(key.text) is not None:
            return key.text
        shown = safe(key.text, NAME_LENGTH)
        self.report(key, f"`{shown}` cannot name {what}: expected {kind.expected}")
        return None

    def expect_known(self, node: Node, what: str, name: str, known: Collection[str] | None) -> None:
        """Report a name that is not among the known ones."""
        if known is not None and name not in known:
            hint = self.near(name, known, f"there are {quoted(known, limit=40)}")
            self.report(node, f"there is no {what} `{safe(name, NAME_LENGTH)}`", hint)

    def expect_ordered(self, nodes: Mapping[str, Node], values: Mapping[str, Any]) -> None:
        """Report a `min_weight` above the `max_weight`."""
        low, high = values.get("min_weight"), values.get("max_weight")
        if low is not None and high is not None and low > high:
            self.report(nodes["min_weight"], f"`min_weight` {low:g} is above `max_weight` {high:g}")


def named(char: str) -> str:
    """Return the name of a character that cannot be seen."""
    return {"\t": "a tab", "\n": "a line break", "\r": "a line break", "\xa0": "a non-breaking space"}.get(
        char, f"the character U+{ord(char):04X}"
    )


def shape(node: Node) -> str:
    """Return what a node is, to go after its name; never the text itself, which may be a secret gone astray."""
    match node:
        case Items(nodes=()) | Pairs(pairs=()):
            return "is empty"
        case Items():
            return "is a list"
        case Pairs():
            return "is a mapping"
        case Scalar() if node.is_null:
            return "has no value"
    return "is a single value"
