"""A test of address and key that costs nothing: a look at a render that nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rerender.errors import ApiError, AuthenticationError, MalformedResponse, NotFound, RerenderError
from rerender.studio.backends import Backend
from rerender.studio.refusals import OWNER_REFUSED, told

__all__ = ["NO_RENDER", "Outcome", "Verdict", "probe"]

NO_RENDER = "0" * 24
TIMEOUT = (5.0, 10.0)
NOT_REFUSED = (
    "The address answers, and did not refuse the key. Whether the key may render shows with the first run: no test "
    "that costs nothing can prove it."
)


class Verdict(StrEnum):
    """What an answer, or none, says about the connection."""

    REACHED = "reached"
    REFUSED = "refused"
    ODD = "odd"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test: a verdict, and one plain paragraph that never holds the key."""

    verdict: str
    says: str


def probe(backend: Backend) -> Outcome:
    """Ask the backend once, within 10 s. It cannot prove that a key may render: only a paid run can."""
    try:
        with backend.client(TIMEOUT) as client:
            client.get(NO_RENDER)
    except AuthenticationError as error:
        if backend.is_shared:
            return Outcome(Verdict.REFUSED, OWNER_REFUSED)
        return Outcome(Verdict.REFUSED, f"{error} Check that it was copied whole, and that it belongs to this API.")
    except NotFound:
        return Outcome(Verdict.REACHED, NOT_REFUSED)
    except ApiError as error:
        return Outcome(Verdict.ODD, f"Something answers there: {told(error, is_shared=backend.is_shared)}")
    except MalformedResponse:
        return Outcome(Verdict.ODD, "Something answers there, but not as the ReRender API does. Check the base URL.")
    except RerenderError as error:
        return Outcome(Verdict.UNREACHED, f"{error} Check the base URL and your internet connection.")
    return Outcome(Verdict.REACHED, "The API answers, and takes the key.")
