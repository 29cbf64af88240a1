"""The one exchange class of ccxt that a run needs, without the rest of ccxt."""

import importlib
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any


def ccxt_knows(exchange_id: str) -> bool:
    """Tell whether ccxt has an exchange of that id; nothing of ccxt is imported."""
    spec = importlib.util.find_spec("ccxt")
    if spec is None or not re.fullmatch(r"[a-z][a-z0-9]{1,30}", exchange_id):
        return False
    folders = [Path(folder) / "async_support" for folder in spec.submodule_search_locations or ()]
    return any((folder / f"{exchange_id}.py").is_file() for folder in folders)


@cache
def exchange_class(exchange_id: str) -> tuple[type[Any], type[Exception]]:
    """Return ccxt's class of one exchange and the root of ccxt's errors.

    `import ccxt` loads every exchange (0.6 s against 0.35 s). While the one class loads, two empty packages stand
    in for `ccxt` and `ccxt.async_support`; then everything of it leaves `sys.modules`, so that a later `import
    ccxt` finds nothing half loaded.
    """
    package, submodule = "ccxt", f"ccxt.async_support.{exchange_id}"
    if package not in sys.modules:
        try:
            for name in (package, "ccxt.async_support"):
                sys.modules[name] = _stand_in(name)
            module = importlib.import_module(submodule)
            return getattr(module, exchange_id), _from_base("BaseError")
        except (ImportError, AttributeError):
            pass  # this release of ccxt is laid out otherwise: load all of it below
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == package]:
                del sys.modules[name]
    module = importlib.import_module("ccxt.async_support")
    return getattr(module, exchange_id), module.BaseError


def _stand_in(package: str) -> ModuleType:
    """Return a package whose modules can be imported, without running the package itself."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(package)
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__getattr__"] = _from_base
    return module


def _from_base(name: str) -> Any:
    """Return what ccxt's inner modules import from the package itself."""
    home = "ccxt.base.exchange" if name == "Exchange" else "ccxt.base.errors"
    return getattr(importlib.import_module(home), name)
