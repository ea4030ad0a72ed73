"""The hub's client is asked only where the hub answers: no waiting without a network, downloads with one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants, file_download
from saved import COMMIT

from taskscope.errors import ModelError
from taskscope.models import hub

CONFIG = b'{"model_type": "gpt2", "n_layer": 2}'
CLOSED = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty hub cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    for holder in (constants, file_download):
        monkeypatch.setattr(holder, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)


class Hub(BaseHTTPRequestHandler):
    """Holds the config.json of one repository."""

    def do_GET(self, body: bool = True) -> None:
        found = self.path == "/org/name/resolve/main/config.json"
        self.send_response(200 if found else 404)
        if found:
            self.send_header("ETag", '"one"')
            self.send_header("X-Repo-Commit", COMMIT)
        else:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", str(len(CONFIG) if found else 0))
        self.end_headers()
        if body and found:
            self.wfile.write(CONFIG)

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        point_to(f"http://127.0.0.1:{running.server_port}", monkeypatch)
        try:
            yield
        finally:
            running.shutdown()
            thread.join()


def test_without_a_network_an_unknown_name_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(CLOSED, monkeypatch)
    start = time.perf_counter()
    with pytest.raises(ModelError, match=r"(?s)cannot be reached.*hf download org/name"):
        hub.snapshot("org/name", None)
    # The hub's client would wait for 23 seconds.
    assert time.perf_counter() - start < 8


def test_without_a_network_parameters_are_estimated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(CLOSED, monkeypatch)
    start = time.perf_counter()
    config = {"vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 3}
    assert hub.n_parameters("org/name", COMMIT, config) == 100 * 8 + 3 * 12 * 64
    assert not hub.has_pickled_weights("org/name", COMMIT)
    assert time.perf_counter() - start < 8


@pytest.mark.usefixtures("server")
def test_where_the_hub_answers_files_are_fetched() -> None:
    folder = hub.snapshot("org/name", None)
    assert folder.name == COMMIT
    assert (folder / "config.json").read_bytes() == CONFIG


@pytest.mark.usefixtures("server")
def test_where_the_hub_answers_a_name_it_does_not_know_is_unknown() -> None:
    with pytest.raises(ModelError, match="no model is called 'org/other'"):
        hub.snapshot("org/other", None)


@pytest.mark.usefixtures("server")
def test_the_clients_own_offline_setting_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.reachable()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not hub.reachable()
