"""The files for containers, read: no image can be made in a test. docs/operations.md says the same."""

import json
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from runpy import run_path
from threading import Thread

import pytest

from tests.environment import ROOT

FOLDER = ROOT / "deploy" / "container"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|ENCRYPT_KEY")


def instructions() -> list[tuple[str, str]]:
    joined = DOCKERFILE.replace("\\\n", " ")
    lines = [line.split(" ", 1) for line in joined.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, rest in lines]


def test_the_image_runs_as_nobody_special_and_holds_no_secret():
    [user] = [rest for name, rest in instructions() if name == "USER"]
    assert int(user.split(":")[0]) > 0
    assert not [rest for name, rest in instructions() if name in {"ENV", "ARG"} and SECRET.search(rest)]


def test_what_the_image_copies_is_there_and_not_ignored():
    wanted = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    let_in = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert wanted
    for source in wanted:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_in, source
    assert "*" in let_in


def test_the_image_starts_the_web_server_as_the_unit_does():
    [command] = [json.loads(rest) for name, rest in instructions() if name == "CMD"]
    unit = (ROOT / "deploy" / "systemd" / "hireops-web.service").read_text()
    [here] = re.findall(r"^ExecStart=\S+/(gunicorn .*)$", unit, re.MULTILINE)
    assert " ".join(command) == here.replace("${WEB_HOST}:${WEB_PORT}", "0.0.0.0:8000")


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "hireops.example.com" else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


def test_the_health_check_asks_by_a_name_that_hireops_answers_to(monkeypatch: pytest.MonkeyPatch):
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        status = run_path(str(Path(FOLDER, "healthy.py")))["status"]
        monkeypatch.setitem(status.__globals__, "PORT", server.server_port)
        monkeypatch.setenv("ALLOWED_HOSTS", "hireops.example.com,10.0.0.11")
        assert status() == 200
        monkeypatch.setenv("ALLOWED_HOSTS", "another.example.com")
        assert status() == 400
        server.shutdown()
