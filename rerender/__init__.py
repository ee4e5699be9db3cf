"""A small Python client for the ReRender image API.

    from rerender import Client, RenderRequest

    with Client(api_key=...) as client:                      # or the environment variable GENLY_API_KEY
        request = RenderRequest(prompt="oak and glass, golden hour", control_image=png_bytes,
                                batch_size=4, image_width=1024, image_height=768, seed=7)
        render_id = client.submit(request)                   # the only call that costs
        render = client.wait(render_id, timeout=300, on_update=print)
        pictures = [client.download(output) for output in render.outputs]

`rerender.images.prepare` makes a control image of any picture file; `rerender.errors` lists what can go wrong.
"""

from rerender.client import DEFAULT_BASE_URL, Client, poll_delay
from rerender.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    DownloadError,
    ImageError,
    InsufficientCredits,
    InvalidRequest,
    MalformedResponse,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    RenderDied,
    RenderFailed,
    RerenderError,
    ServerError,
    SubmissionUncertain,
    TransportError,
    WaitTimeout,
)
from rerender.models import (
    BATCH_SIZE,
    CONTROL_IMAGE_MAX_BYTES,
    DEFAULT_WORKFLOW_ID,
    IMAGE_SIDE,
    PROMPT_MAX_CHARS,
    SEED,
    TERMINAL,
    Output,
    Phase,
    Range,
    Render,
    RenderRequest,
)

__all__ = [
    "BATCH_SIZE",
    "CONTROL_IMAGE_MAX_BYTES",
    "DEFAULT_BASE_URL",
    "DEFAULT_WORKFLOW_ID",
    "IMAGE_SIDE",
    "PROMPT_MAX_CHARS",
    "SEED",
    "TERMINAL",
    "ApiError",
    "AuthenticationError",
    "Client",
    "ConfigurationError",
    "DownloadError",
    "ImageError",
    "InsufficientCredits",
    "InvalidRequest",
    "MalformedResponse",
    "NotFound",
    "Output",
    "PayloadTooLarge",
    "Phase",
    "Range",
    "RateLimited",
    "Render",
    "RenderDied",
    "RenderFailed",
    "RenderRequest",
    "RerenderError",
    "ServerError",
    "SubmissionUncertain",
    "TransportError",
    "WaitTimeout",
    "poll_delay",
]
