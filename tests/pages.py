"""A person at a browser, without the browser: pages fetched over HTTP, forms sent as they stand."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

Form = tuple[dict[str, str | None], dict[str, str]]


def waits(page: str) -> bool:
    """Whether a page looks by itself how it goes on (``hireops.desk.waiting``)."""
    assert "http-equiv" not in page
    return 'id="waiting"' in page and "desk/waiting" in page


def figures_shown(answer: Any) -> str:
    """The figures that a page on which something is confirmed sends along with it."""
    fields = next((form for _form, form in _Forms(answer.content.decode()).forms if "figures" in form), {})
    return fields.get("figures", "{}")


class _Forms(HTMLParser):
    """The fields of every form of a page, with the values that they have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._textarea = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append((attributes, {}))
        if not self.forms:
            return
        name, fields = attributes.get("name") or "", self.forms[-1][1]
        if tag == "input" and name and attributes.get("type") not in {"submit", "checkbox", "radio", "file"}:
            fields[name] = attributes.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in attributes:
            fields[self._select] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1][1][self._textarea] += data.removeprefix("\n")


class Browser:
    def __init__(self, site: str) -> None:
        self.site = site
        self.http = requests.Session()

    def get(self, path: str) -> str:
        answer = self.http.get(urljoin(self.site, path), timeout=20)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def submit(self, path: str, having: str, **values: Any) -> requests.Response:
        """Fill ``values`` into the form of the page that has the field ``having``, and send it."""
        attributes, fields = next(form for form in self._forms(path) if having in form[1])
        return self._post(path, attributes, fields | values)

    def press(self, path: str, action: str) -> requests.Response:
        """The button of the page whose form is sent to an address that ends like this."""
        attributes, fields = next(
            form for form in self._forms(path) if (form[0].get("action") or "").endswith(action)
        )
        return self._post(path, attributes, fields)

    def _forms(self, path: str) -> list[Form]:
        return _Forms(self.get(path)).forms

    def _post(
        self, path: str, attributes: dict[str, str | None], fields: dict[str, str]
    ) -> requests.Response:
        url = urljoin(self.site, path)
        answer = self.http.post(
            urljoin(url, attributes.get("action") or url),
            data=fields,
            headers={"Referer": url},
            timeout=20,
        )
        assert answer.status_code == 200, (path, answer.status_code)
        return answer
