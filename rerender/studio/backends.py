"""Where renders are made: the embedded preview, or an API at some origin."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from rerender.client import DEFAULT_BASE_URL, Client
from rerender.errors import ConfigurationError
from rerender.models import DEFAULT_WORKFLOW_ID
from rerender.studio.preferences import TYPED, WITHOUT_KEY, Preferences
from rerender.studio.workspaces import Mode

__all__ = [
    "CREDITS_PER_RUN",
    "CREDIT_PRICE",
    "EMBEDDED",
    "PREVIEW",
    "Backend",
    "Caps",
    "Lookup",
    "api_backend",
    "choose",
    "configured",
    "costs",
    "counted_credits",
    "first",
    "is_origin",
    "origin_of",
]

EMBEDDED = "embedded"
# What the API charges according to its page; settings override both.
CREDITS_PER_RUN, CREDIT_PRICE = 1.0, 0.025
CAPS = ("RERENDER_CAP_PER_VISITOR", "RERENDER_CAP_PER_DAY", "RERENDER_CAP_IN_ALL")

Lookup = Callable[[str], str | None]
"""One source of settings, such as the secrets file or the environment: a name's value, None where it has none."""


def first(sources: Sequence[Lookup], name: str) -> str | None:
    """The text of the setting from the first source that has one, None where it is set nowhere or empty."""
    return next((value for source in sources if (value := source(name))), None)


@dataclass(frozen=True, slots=True)
class Caps:
    """How many credits of the owner's one visitor may spend, all of them on one day (UTC), and all of them ever."""

    per_visitor: float
    per_day: float
    in_all: float


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a run is sent, with whose key, and what it costs there.

    `name` is what rows keep: `EMBEDDED`, or an origin; the embedded service has another address at each start.
    `poll_floor` is in seconds, `credit_price` in US dollars. `caps` are there where the owner's key pays for visitors.
    """

    name: str
    base_url: str = ""
    workflow_id: str = DEFAULT_WORKFLOW_ID
    api_key: str = field(default="", repr=False)
    poll_floor: float = 1.0
    credits_per_run: float = CREDITS_PER_RUN
    credit_price: float = CREDIT_PRICE
    is_preview: bool = False
    keeps_alpha: bool = False
    caps: Caps | None = None

    @property
    def cost(self) -> float:
        """What one run costs, in US dollars."""
        return self.credits_per_run * self.credit_price

    def price(self, runs: int = 1) -> str:
        """What so many runs cost whom, in words."""
        credits_ = counted_credits(runs * self.credits_per_run)
        return f"{credits_} of the owner's" if self.is_shared else f"{credits_}, about ${runs * self.cost:.3f}"

    @property
    def is_shared(self) -> bool:
        """Whether the owner of the app pays for what its visitors render here."""
        return self.caps is not None

    @property
    def needs_key(self) -> bool:
        """Whether nothing can be sent before its key has been typed."""
        return not self.is_preview and not self.api_key

    def with_key(self, api_key: str) -> Backend:
        """The same backend with a typed key. Raises `ConfigurationError` for one that cannot be used."""
        usable = api_backend(api_key, base_url=self.base_url, workflow_id=self.workflow_id)
        return replace(self, api_key=usable.api_key)

    def client(
        self, request_timeout: tuple[float, float] = (5.0, 60.0), sleep: Callable[[float], None] = time.sleep
    ) -> Client:
        """A client of this backend. `request_timeout`: seconds to connect, and for a whole answer."""
        return Client(
            self.api_key,
            base_url=self.base_url,
            workflow_id=self.workflow_id,
            request_timeout=request_timeout,
            poll_floor=self.poll_floor,
            sleep=sleep,
        )


PREVIEW = Backend(EMBEDDED, poll_floor=0.1, credits_per_run=0, credit_price=0, is_preview=True, keeps_alpha=True)
"""The embedded backend as it can be shown before its service runs; `Runtime.ready` gives the one with an address."""


def counted_credits(number: float) -> str:
    """So many of them, as "1 credit" or "2.5 credits"."""
    return f"{number:g} credit" if number == 1 else f"{number:g} credits"


def origin_of(base_url: str) -> str:
    """Scheme, host and port of a base URL that a client takes, the port only where it is not the usual one."""
    parts = urlsplit(base_url)
    usual = parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme))
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{parts.port}"


def is_origin(name: str) -> bool:
    """Whether it is the name of an API that a client takes: no user name, path or other way to write the same."""
    try:
        return api_backend("no-key", base_url=name).name == name
    except ConfigurationError:
        return False


def api_backend(
    api_key: str,
    *,
    base_url: str = DEFAULT_BASE_URL,
    workflow_id: str = DEFAULT_WORKFLOW_ID,
    credits_per_run: float = CREDITS_PER_RUN,
    credit_price: float = CREDIT_PRICE,
) -> Backend:
    """The API at `base_url`, named by its origin. Raises `ConfigurationError` for a key or URL that cannot be used."""
    api_key = api_key.strip()  # it may have been pasted
    # The client is the one that knows which keys and addresses are safe to use.
    Client(api_key, base_url=base_url, workflow_id=workflow_id).close()
    return Backend(
        origin_of(base_url),
        base_url=base_url,
        workflow_id=workflow_id,
        api_key=api_key,
        credits_per_run=credits_per_run,
        credit_price=credit_price,
    )


def choose(
    sources: Sequence[Lookup],
    mode: Mode,
    preferences: Preferences = Preferences(),  # noqa: B008 - frozen
    typed_keys: Mapping[str, str] = MappingProxyType({}),
) -> Backend:
    """The backend that the preferences ask for; `sources` in the order in which they are asked.

    `typed_keys` holds keys by the base URL for which they were typed: a typed URL never gets any other key. Without
    one the backend `needs_key`. Hosted, the URL cannot be chosen. Raises `ConfigurationError` for a setting or key
    that cannot be used.
    """
    if preferences.backend == WITHOUT_KEY:
        return PREVIEW
    typed = preferences.backend == TYPED
    backend = _typed(sources, mode, preferences, typed_keys) if typed else configured(sources, mode)
    if backend.is_preview:
        return backend
    backend = replace(backend, poll_floor=preferences.poll_floor)
    if backend.is_shared:
        return backend  # What a visitor calls its price must not say how much of a cap it takes.
    credits_per_run, credit_price = preferences.credits_per_run, preferences.credit_price
    return replace(
        backend,
        credits_per_run=backend.credits_per_run if credits_per_run is None else credits_per_run,
        credit_price=backend.credit_price if credit_price is None else credit_price,
    )


def configured(sources: Sequence[Lookup], mode: Mode) -> Backend:
    """The backend that the settings name, whatever anyone prefers.

    The first source with GENLY_API_KEY decides, and the address comes from the same source, so that no setting of
    another can send the key elsewhere. Without a key, or hosted without caps on what visitors may spend with it, it
    is the embedded preview. Raises `ConfigurationError` for a setting that cannot be used.
    """
    caps = _caps(sources) if mode == "hosted" else None
    source = next((source for source in sources if source("GENLY_API_KEY")), None)
    if source is None or (mode == "hosted" and caps is None):
        return PREVIEW
    credits_per_run, credit_price = costs(sources)
    if caps and not credits_per_run:
        raise ConfigurationError("RERENDER_CREDITS_PER_RUN must be more than 0: the caps count credits.")
    backend = api_backend(
        source("GENLY_API_KEY") or "",
        base_url=source("GENLY_BASE_URL") or DEFAULT_BASE_URL,
        workflow_id=source("GENLY_WORKFLOW_ID") or DEFAULT_WORKFLOW_ID,
        credits_per_run=credits_per_run,
        credit_price=credit_price,
    )
    return replace(backend, caps=caps)


def costs(sources: Sequence[Lookup]) -> tuple[float, float]:
    """Credits per run and US dollars per credit, as the settings or the API's own page say.

    Raises `ConfigurationError` for a setting that is no amount.
    """
    return (
        _amount(sources, "RERENDER_CREDITS_PER_RUN", CREDITS_PER_RUN),
        _amount(sources, "RERENDER_CREDIT_PRICE", CREDIT_PRICE),
    )


def _caps(sources: Sequence[Lookup]) -> Caps | None:
    """The caps of the settings, None where there is none. Only some of them would leave the others without a limit."""
    missing = [name for name in CAPS if first(sources, name) is None]
    if len(missing) == len(CAPS):
        return None
    if missing:
        raise ConfigurationError(f"Caps are set, but not {' and '.join(missing)}: all three are needed.")
    return Caps(*(_amount(sources, name, 0.0) for name in CAPS))


def _typed(sources: Sequence[Lookup], mode: Mode, preferences: Preferences, typed_keys: Mapping[str, str]) -> Backend:
    base_url = DEFAULT_BASE_URL if mode == "hosted" else preferences.base_url
    credits_per_run, credit_price = costs(sources)
    keyless = Backend(
        origin_of(base_url),
        base_url=base_url,
        workflow_id=preferences.workflow_id,
        credits_per_run=credits_per_run,
        credit_price=credit_price,
    )
    return keyless.with_key(typed_keys[base_url]) if typed_keys.get(base_url) else keyless


def _amount(sources: Sequence[Lookup], name: str, default: float) -> float:
    written = first(sources, name)
    if written is None:
        return default
    try:
        amount = float(written)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise ConfigurationError(f"{name} must be a number of 0 or more, not {written!r}.")
    return amount
