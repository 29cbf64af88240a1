"""Every fault on every endpoint of every venue, and every candle defect: by hand, with the counts.

    python tests/benchmarks/fault_matrix.py [VENUE …]

Some 1,800 cases, five minutes. It prints what went wrong and exits 1 if anything did.
"""

# ruff: noqa: T201

import sys
import time
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from betacli.data import pace, transport
from fake_exchange import matrix
from fake_exchange.asking import DIALECTS


def main(venues: list[str]) -> int:
    """Run the whole for some venues, and tell the counts of each."""
    transport.BACKOFF_S = 0.005  # only the fake waits
    pace.SHARE = 1_000.0
    truths, wrong, total = matrix.Truths(), [], Counter()
    for venue in venues or list(DIALECTS):
        began = time.monotonic()
        chosen = [case for case in matrix.cases() if case.venue == venue]
        counts, failed = matrix.tally(chosen, truths)
        wrong += failed
        total += counts
        print(f"{venue}: {len(chosen)} cases, {dict(counts)}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"faults: {sum(total.values())} cases: {dict(total)}")
    ends = Counter()
    for case in matrix.defects():
        try:
            refused, unchanged = matrix.defective(*case)
        except AssertionError as error:
            wrong.append(f"{case}: {str(error)[:200]}")
        else:
            ends["refused by name"] += refused
            ends["closes unchanged"] += unchanged
    print(f"candle defects: {len(list(matrix.defects()))} pairs: {dict(ends)}")
    print("\n".join(wrong) or "nothing went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
