"""Pages that somebody was refused are in the audit."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.db import Error
from django.http import HttpRequest, HttpResponse

from hireops.people.recording import refused_page

logger = logging.getLogger(__name__)


class RefusedPagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.FORBIDDEN:
            try:
                refused_page(request)
            except Error as error:  # the page is refused all the same
                logger.error("a refused page is not in the audit (%s)", type(error).__name__)  # noqa: TRY400
        return response
