"""What is said of an API's errors: what it tells the owner of the app is not for the visitors."""

from __future__ import annotations

from rerender.errors import ApiError, AuthenticationError, InsufficientCredits, RerenderError, SubmissionUncertain

__all__ = ["OWNER_REFUSED", "told"]

OWNER_REFUSED = "The API refused the app owner's key, or its account has no credits left."
OWNER_UNCERTAIN = "The run was sent with the app owner's key, and no usable answer came back."


def told(error: RerenderError, *, is_shared: bool) -> str:
    """The error in words; with the key of the app's owner without anything that the API wrote."""
    if not is_shared:
        return str(error)
    if isinstance(error, AuthenticationError | InsufficientCredits):
        return OWNER_REFUSED
    if isinstance(error, SubmissionUncertain):
        return OWNER_UNCERTAIN
    return error.message if isinstance(error, ApiError) else str(error)
