"""The example that each command gives in its help, where the simulated market answers it.

So a command that is added is rendered and validated by the tests of every format without work.
"""

import shlex

from betacli.cli.app import commands
from betacli.cli.helping import summary_of
from betacli.cli.world import World

EXAMPLES = {
    f"example of {command.__name__} {number}": tuple(shlex.split(line)[1:])
    for command, _ in commands(World.real())
    for number, line in enumerate(summary_of(command.__doc__ or "")[1], start=1)
    if "--exchange sample" in line
}
