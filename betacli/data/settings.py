"""What an exchange class of ccxt is set up with: the venue's settings, the user's over them, and ours that hold."""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from betacli.data.venue import Venue

REQUEST_TIMEOUT_MS = 10_000

# betacli reads public data only; a key it never holds can be in no message, log or request.
CREDENTIALS = frozenset(
    {
        "apiKey",
        "secret",
        "uid",
        "accountId",
        "login",
        "password",
        "twofa",
        "privateKey",
        "walletAddress",
        "token",
    }
)
PROXIES = frozenset(
    {"proxy", "proxyUrl", "proxy_url", "httpProxy", "http_proxy", "httpsProxy", "https_proxy"}
    | {"socksProxy", "socks_proxy", "aiohttp_proxy"}
)
_SECRET = frozenset(name.lower() for name in CREDENTIALS)


def _plain(key: object) -> str:
    """Return an option's name whichever way it is spelt: `apiKey`, `api_key`, `APIKEY`."""
    return str(key).replace("_", "").replace("-", "").lower()


def settings_of(venue: Venue, options: Mapping[str, object]) -> dict[str, object]:
    """Return ccxt's constructor arguments for a venue and what the user wants of it."""
    wanted = {key: value for key, value in options.items() if _plain(key) not in _SECRET}
    # ccxt logs whole requests, prints them when verbose, and retries into a ban
    silent = logging.getLogger("betacli.ccxt")
    silent.disabled = True
    always = {
        "verbose": False,
        "logger": silent,
        "enableRateLimit": True,
        "aiohttp_trust_env": False,
        # one exchange's sandbox is another's production: neither is wanted
        "options": {"maxRetriesOnFailure": 0, "sandbox": False, "testnet": False, "sandboxMode": False},
    }
    return merged(merged({"timeout": REQUEST_TIMEOUT_MS, **venue.config}, wanted), always)


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Return `under` with `over` laid on it, mapping by mapping."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def proxy_of(url: str, options: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the one proxy argument of ccxt that the environment asks for, unless the options set one.

    ccxt looks at no environment. A proxy is never used for this computer itself, nor for what `NO_PROXY` names.
    """
    variables = {name.lower(): value.strip() for name, value in environ.items()}
    target = urlsplit(url)
    host = (target.hostname or "").lower()
    spared = [name.strip().lower().lstrip("*.") for name in variables.get("no_proxy", "").split(",")]
    if (
        PROXIES & options.keys()
        or host in {"localhost", "::1"}
        or host.startswith("127.")
        or variables.get("no_proxy") == "*"
        or any(name and (host == name or host.endswith(f".{name}")) for name in spared)
    ):
        return {}
    proxy = variables.get(f"{target.scheme}_proxy") or variables.get("all_proxy")
    if not proxy:
        return {}
    if proxy.startswith("socks"):
        return {"socksProxy": proxy}
    return {f"{target.scheme}Proxy": proxy if "://" in proxy else f"http://{proxy}"}
