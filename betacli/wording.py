"""Words for messages: foreign text made inert, names joined, and the name that was probably meant."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches


def safe(foreign: object, limit: int | None = None) -> str:
    """Make text from outside inert: one line, no control, escape, bidi, zero-width or unassigned characters.

    Characters of Unicode's categories C (control, format, surrogate, private, unassigned) and Z (separators)
    become a space; runs of spaces become one. With `limit`, longer text is cut and ends with `…`.
    """
    kept = (" " if unicodedata.category(char)[0] in "CZ" else char for char in str(foreign))
    line = " ".join("".join(kept).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def quoted(names: Iterable[str], limit: int = 12) -> str:
    """Join names as `a`, `b` and `c`; past `limit` say how many more there are."""
    listed = [f"`{name}`" for name in names]
    if len(listed) > limit:
        return f"{', '.join(listed[:limit])} and {len(listed) - limit} more"
    if len(listed) > 1:
        return f"{', '.join(listed[:-1])} and {listed[-1]}"
    return "".join(listed)


def mistyped(name: str, known: Iterable[str]) -> str | None:
    """Return the known name of which `name` is a slip: other case, a letter more or less, or two in the wrong order.

    Stricter than `did_you_mean`, which only suggests: `SUI` is no slip of `UNI`, and `ETC` none of `ETH`.
    """
    fold = name.casefold()
    by_fold = {candidate.casefold(): candidate for candidate in known}
    if fold in by_fold:
        return by_fold[fold]
    swapped = {fold[:k] + fold[k + 1] + fold[k] + fold[k + 2 :] for k in range(len(fold) - 1)}
    near = [word for word in by_fold if word in swapped] or get_close_matches(
        fold, list(by_fold), n=1, cutoff=0.75
    )
    return by_fold[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return "did you mean `x`?" for the known name nearest to `name`, or None when none is near."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), list(by_fold), n=1, cutoff=0.6)
    return f"did you mean `{by_fold[near[0]]}`?" if near else None
