"""Hashing of passwords takes a core for a third of a second: at most two at a time in a process.

It lies below whatever asks for a password (signing in, a form that sets one, a command), so that no way to
ask goes past it. Two more wait for a moment; whoever comes then gets 429, and a page keeps its threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

AT_A_TIME = 2
WAITING_MAX = 2
WAIT_S = 1.0
RETRY_AFTER_S = 3

_hashing = BoundedSemaphore(AT_A_TIME)
_waiting = BoundedSemaphore(WAITING_MAX)


class TooManyPasswordsError(Exception):
    """Too many passwords are being hashed; this one was not looked at."""


class TurnTakingHasher(PBKDF2PasswordHasher):
    """Django's own, with its name and its hashes."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with turn():
            return super().encode(password, salt, iterations)


class TooManyPasswordsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyPasswordsError):
            return None
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(RETRY_AFTER_S)
        return response


@contextmanager
def turn() -> Iterator[None]:
    """Inside it one password may be hashed; ``TooManyPasswordsError`` if it does not come within a second."""
    if not _hashing.acquire(blocking=False):
        _wait_forturn()
    try:
        yield
    finally:
        _hashing.release()


def _wait_forturn() -> None:
    if not _waiting.acquire(blocking=False):
        raise TooManyPasswordsError
    try:
        if not _hashing.acquire(timeout=WAIT_S):
            raise TooManyPasswordsError
    finally:
        _waiting.release()
