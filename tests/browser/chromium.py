"""A headless Chromium driven over its debugging pipe: nothing to install but Chromium itself."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0
"""Seconds that one answer may take on a busy machine."""


def find() -> str | None:
    """Path of Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


class Chromium:
    """One browser with one tab; keeps what it complains about and the addresses it asks for."""

    def __init__(self, executable: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="chromium-")
        their_in, our_out = os.pipe()
        our_in, their_out = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4; the shell puts the pipes there.
        script = f'exec 3<&{their_in} 4>&{their_out}; exec "$0" "$@"'
        arguments = [*FLAGS, f"--user-data-dir={self._folder}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, executable, *arguments],
            pass_fds=(their_in, their_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_in)
        os.close(their_out)
        self._in, self._out, self._rest, self._number = our_in, our_out, b"", 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._loaded = False
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        targets = self._ask("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def close(self) -> None:
        """End the browser and remove its profile."""
        try:
            self._session = None
            self._ask("Browser.close")
            self._process.wait(timeout=10)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(
        self, path: Path, width: int = 1400, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> None:
        """Load a file at a viewport size; forget what the page before complained about."""
        self.complaints.clear()
        self.requests.clear()
        self._ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.media(dark=dark)
        self._loaded = False
        self._ask("Page.navigate", url=path.as_uri())
        self._until(lambda: self._loaded, "the page to load")

    def media(self, dark: bool = False, paper: bool = False) -> None:
        """Show the page to a dark or light system, on screen or on paper."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media="print" if paper else "", features=[feature])

    def js(self, expression: str) -> Any:
        """Value of a JavaScript expression; a promise is awaited."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        self._until(lambda: self.js(condition), condition)

    def draw(self) -> None:
        """Scroll to every chart that is shown and wait until it is drawn."""
        shown = "[...document.querySelectorAll('[data-figure]')].filter(p => p.offsetParent)"
        for place in range(self.js(f"{shown}.length")):
            self.js(f"{shown}[{place}].scrollIntoView({{behavior: 'instant'}})")
            self.wait(f"!!{shown}[{place}].dataset.drawn")

    def visible(self, selector: str) -> int:
        """How many elements are on screen, counted without running any script of the page."""
        root = self._ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        nodes = self._ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
        return sum("result" in self._try("DOM.getBoxModel", nodeId=node) for node in nodes)

    def press(self, key: str) -> None:
        """Press and release a key that types nothing: ``"Tab"``, ``"ArrowDown"``; or ``"Enter"``."""
        code = {"Tab": 9, "Enter": 13, "ArrowDown": 40}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    def screenshot(self, path: Path, whole: bool = True) -> None:
        """Write what the page looks like as PNG, the whole of it or the viewport."""
        data = self._ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        answer = self._try(method, **params)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _try(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer, a result or an error."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        self._until(lambda: number in self._answers, method, poll=False)
        return self._answers.pop(number)

    def _until(self, done: Any, what: str, poll: bool = True) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"Chromium: waited {PATIENCE:.0f} s for {what}")
            self._read(0.05 if poll else 1.0)

    def _read(self, seconds: float) -> None:
        if not select.select([self._in], [], [], seconds)[0]:
            return
        data = os.read(self._in, 1 << 20)
        if not data:
            raise TimeoutError("Chromium ended")
        *messages, self._rest = (self._rest + data).split(b"\0")
        for text in messages:
            self._note(json.loads(text))

    def _note(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
            return
        method, params = message["method"], message["params"]
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(str([a.get("value", a.get("description")) for a in params["args"]]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
