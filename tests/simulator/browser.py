"""A browser without a screen for the simulator's page."""

import re

import requests


class Browser(requests.Session):
    """Follows redirects and sends the CSRF token of the page it last saw."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.page = url

    def see(self, path: str = "/") -> str:
        return self.get(self.page + path).text

    def submit(self, path: str, /, **data: object) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.see())
        assert token
        return self.post(self.page + path, data={"csrfmiddlewaretoken": token[1], **data})
