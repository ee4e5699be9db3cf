"""Every error this package raises. No message, attribute or `repr` of these ever holds the API key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rerender.models import Render


class RerenderError(Exception):
    """The base of every error raised by this package."""


class ConfigurationError(RerenderError):
    """The client was set up wrongly: no key, an unusable base URL. Nothing was sent."""


class InvalidRequest(RerenderError, ValueError):
    """Fields are outside what the API documents. `problems` maps each one's name to a plain sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


class ImageError(RerenderError, ValueError):
    """The control image is broken, too large, or of a kind that is not accepted. Nothing was sent."""


class TransportError(RerenderError):
    """The API was not reached or the connection broke. Raised for a POST only when it certainly never arrived."""


class SubmissionUncertain(RerenderError):
    """A paid POST was sent and no usable answer came back. The API offers no way to find out what became of it."""


class ApiError(RerenderError):
    """The API said no: `message` in our words, `detail` an excerpt of its own. `retry_after` is seconds, or None."""

    def __init__(self, status: int, message: str, detail: str = "", retry_after: float | None = None) -> None:
        self.status, self.message, self.detail, self.retry_after = status, message, detail, retry_after
        super().__init__(f"{message} ({detail})" if detail else message)


class AuthenticationError(ApiError):
    """401 or 403: the key was refused."""


class InsufficientCredits(ApiError):
    """402: the account has no credits left."""


class NotFound(ApiError):
    """404: no such render or workflow, or not visible to this key."""


class PayloadTooLarge(ApiError):
    """413: the control image is larger than the API takes."""


class RateLimited(ApiError):
    """429: too many requests."""


class ServerError(ApiError):
    """5xx on a GET. The same status on a POST is `SubmissionUncertain`."""


class RenderFailed(RerenderError):
    """The render ended without pictures. `render` is the API's last word on it."""

    def __init__(self, render: Render) -> None:
        self.render = render
        super().__init__(f"Render {render.id} ended as {render.phase}.")


class RenderDied(RenderFailed):
    """The render ended as `dead`, which is as final as `failed`."""


class WaitTimeout(RerenderError, TimeoutError):
    """We stopped waiting; `client.get(render_id)` still finds the render. `last` is the last `Render` seen, or None."""

    def __init__(self, render_id: str, last: Render | None) -> None:
        self.render_id, self.last = render_id, last
        seen = f"last phase: {last.phase}" if last else "no answer so far"
        super().__init__(f"Still waiting for render {render_id} ({seen}). It goes on at the server; look again later.")


class MalformedResponse(RerenderError):
    """The API's answer is not what its documentation says, also `completed` without any output."""


class DownloadError(RerenderError):
    """An output could not be fetched. `data` holds what came if it is no picture: a paid file is never thrown away."""

    def __init__(self, message: str, data: bytes | None = None) -> None:
        self.data = data
        super().__init__(message)
