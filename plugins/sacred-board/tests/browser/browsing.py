"""Controls Debian's Chromium in tests, and reports what a page did that it must not do."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

#: Seconds until a page counts as hanging.
TIMEOUT = 20.0
#: Names of hosts that lead to this machine, as an attacker's name may; other names lead nowhere.
RESOLVER_RULES = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--hide-scrollbars", "--force-device-scale-factor=1",
    f"--host-resolver-rules={RESOLVER_RULES}",
)  # fmt: skip
#: Levels of messages of the console that fail a test.
_BAD_LEVELS = ("SEVERE", "WARNING")


class Browser(webdriver.Chrome):
    """One headless Chromium. Nothing is downloaded: Debian's driver is given to Selenium.

    Attributes:
        allowed_hosts: Hosts with ports, as in `127.0.0.1:8000`, that pages may send requests to.
    """

    def __init__(self, scale: float = 1) -> None:
        """Start Chromium with `chromedriver`, or skip the test if one of them is missing.

        Args:
            scale: Number of pixels for each CSS pixel.
        """
        self._scale = scale
        options = webdriver.ChromeOptions()
        options.binary_location = find_program("chromium", "chromium")
        for flag in _FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("perfLoggingPrefs", {"enablePage": False})
        super().__init__(options, Service(find_program("chromedriver", "chromium-driver")))
        self.set_page_load_timeout(30)
        self.allowed_hosts: set[str] = set()

    def reset(self) -> None:
        """Leave the page, forget what it stored, and undo what tests changed."""
        self.set_javascript(True)
        self.set_scheme("light")
        self.resize(1280)
        self.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
        self.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.get("about:blank")
        self.console()
        self.requested_urls()
        self.allowed_hosts.clear()

    def resize(self, width: int, height: int = 900) -> None:
        """Set the width and height of pages in CSS pixels; windows cannot be 400 px wide."""
        size = {"width": width, "height": height, "mobile": False}
        self.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": self._scale}
        )

    def set_scheme(self, scheme: str) -> None:
        """Prefer ``light`` or ``dark`` colours, as the system of a user does, and no animations."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        listed = [{"name": name, "value": value} for name, value in features.items()]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": listed})

    def set_javascript(self, is_enabled: bool) -> None:
        """Execute the scripts of pages that are loaded from now on, or do not."""
        value = {"value": not is_enabled}
        self.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", value)

    def find(self, css: str) -> WebElement:
        """Return the first element of a CSS selector, as soon as it is in the page."""
        found = self.wait(lambda: self.find_elements(By.CSS_SELECTOR, css), f"no element {css!r}")
        element: WebElement = found[0]
        return element

    def find_all(self, css: str) -> list[WebElement]:
        """Return the elements of a CSS selector that the page has now."""
        return self.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        """Return the shown text of each element of a CSS selector, from one look at the page."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText.trim())"
        found: list[str] = self.execute_script(script, css)
        return found

    def wait(self, condition: Callable[[], Any], failure: str = "") -> Any:
        """Return the first true value of a condition.

        Raises:
            selenium.common.exceptions.TimeoutException: It has none for `TIMEOUT` seconds.
        """
        ignored = [StaleElementReferenceException]
        waiting = WebDriverWait(self, TIMEOUT, poll_frequency=0.05, ignored_exceptions=ignored)
        return waiting.until(lambda _: condition(), failure)

    def wait_until_idle(self) -> None:
        """Wait until a page has loaded what it requests by scripts, and has drawn it.

        The page is idle when no new request is finished for the time of some frames; a stream of
        events does not count, because it does not end.
        """
        script = """
            const done = arguments[0];
            let count = -1, quiet = 0;
            const isShown = (part) => {
              const { top, bottom } = part.getBoundingClientRect();
              return bottom > 0 && top < innerHeight && part.checkVisibility();
            };
            const look = () => {
              const now = performance.getEntriesByType("resource").length;
              const busy = [...document.querySelectorAll("[aria-busy=true]")];
              const isBusy = busy.some(isShown);
              quiet = now === count && !isBusy ? quiet + 1 : 0;
              count = now;
              if (quiet < 6) setTimeout(() => requestAnimationFrame(look), 25);
              else done();
            };
            look();
        """
        self.execute_async_script(script)

    def console(self) -> list[str]:
        """Return the errors and warnings of the console since the last call."""
        entries = self.get_log("browser")
        return [each["message"] for each in entries if each["level"] in _BAD_LEVELS]

    def requested_urls(self) -> list[str]:
        """Return the addresses that were requested since the last call."""
        messages = (
            json.loads(entry["message"])["message"] for entry in self.get_log("performance")
        )
        return [*_requested(messages)]


def find_program(name: str, package: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return found


def unexpected_messages(messages: Sequence[str], expected: Sequence[str]) -> list[str]:
    """Return the messages that no regular expression matches."""
    return [each for each in messages if not any(re.search(one, each) for one in expected)]


def foreign_urls(urls: Sequence[str], allowed_hosts: set[str]) -> list[str]:
    """Return the addresses of other hosts."""
    network = ("http", "https", "ws", "wss", "ftp")
    parts = ((url, urlsplit(url)) for url in urls)
    return [
        url for url, part in parts if part.scheme in network and part.netloc not in allowed_hosts
    ]


def _requested(messages: Iterator[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        if message["method"] == "Network.requestWillBeSent":
            yield message["params"]["request"]["url"]
        elif message["method"] == "Network.webSocketCreated":
            yield message["params"]["url"]
