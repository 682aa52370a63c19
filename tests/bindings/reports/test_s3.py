"""Reports in a bucket: kept, fetched part by part, found changed, removed; and nothing of it is public."""

import socket
import subprocess
import sys
from contextlib import closing
from io import BytesIO

import boto3
import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from bindings.models import ReportFile
from bindings.reports import health, integrity, services, storage, trimming
from hireops.environment import s3_storage
from tests.bindings.reports.conftest import content_of, path_of
from tests.bindings.reports.pdfs import pdf
from tests.processes import wait_until

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def server():
    """moto's server: a store with the protocol of S3."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return requests.get(url, timeout=1)
        except requests.RequestException:
            return None

    try:
        wait_until(answers, seconds=30, what="the store did not start")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def bucket(db, server, settings, monkeypatch):
    client = boto3.client("s3", endpoint_url=server, **KEYS)
    client.create_bucket(Bucket="reports")
    for name, value in {
        "BUCKET": "reports",
        "ENDPOINT": server,
        "REGION": "us-east-1",
        "ACCESS_KEY": "key",
        "SECRET_KEY": "secret",
        "PREFIX": "hireops",
        "ADDRESSING": "path",
    }.items():
        monkeypatch.setenv(f"REPORTS_S3_{name}", value)
    settings.STORAGES = settings.STORAGES | {"reports": s3_storage("REPORTS_S3")}
    settings.REPORTS_STORAGE = "s3"
    return client


def keys(bucket):
    return [each["Key"] for each in bucket.list_objects_v2(Bucket="reports").get("Contents", [])]


def test_a_report_lives_in_a_bucket_from_upload_to_removal(bucket, vera):
    content = pdf(pages=2)
    report = services.keep(BytesIO(content), "张三.pdf", by=vera)
    link = services.make_link(report)
    (key,) = keys(bucket)
    assert key.startswith("hireops/")
    assert "张三" not in key
    assert content_of(Client().get(path_of(link))) == content
    assert content_of(Client().get(path_of(link), HTTP_RANGE="bytes=7-20")) == content[7:21]
    assert integrity.look_at_files() == 1
    assert list(ReportFile.objects.values_list("intact", flat=True)) == [True]

    bucket.put_object(Bucket="reports", Key=key, Body=b"%PDF-another")
    ReportFile.objects.update(looked_at=None)
    integrity.look_at_files()
    assert list(ReportFile.objects.values_list("intact", flat=True)) == [False]

    trimming.forget(ReportFile.objects.filter(pk=report.pk))
    assert keys(bucket) == []
    assert Client().get(path_of(link)).status_code == 410


def test_a_name_that_is_taken_is_never_written_over(bucket):
    first = storage.reports().save("2026/11/a.pdf", BytesIO(b"first"))
    second = storage.reports().save("2026/11/a.pdf", BytesIO(b"second"))
    assert first != second
    with closing(storage.opened(first)) as opened:
        assert opened.read() == b"first"


def test_health_says_whether_the_bucket_answers(bucket):
    assert [figure.tone for figure in health.report_storage().figures] == ["bad"]
    health.reach_storage()
    assert [figure.tone for figure in health.report_storage().figures] == ["ok"]


def test_without_a_bucket_nothing_starts(monkeypatch):
    monkeypatch.delenv("REPORTS_S3_BUCKET", raising=False)
    with pytest.raises(ImproperlyConfigured, match="REPORTS_S3_BUCKET is missing"):
        s3_storage("REPORTS_S3")
