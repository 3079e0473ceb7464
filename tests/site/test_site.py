"""Tests of the built site in a browser, opened as files; `nox -s docs` runs them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SITE = Path(__file__).parents[2] / "build" / "site"
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: The lowest contrast of text and its background that WCAG 2.1 asks for.
CONTRAST = 4.5
#: Returns the lowest contrast of the text in the page, of elements whose background is plain.
LOWEST_CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const luminance = (color) => {
  const [r, g, b] = color.slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const background = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const color = parse(getComputedStyle(each).backgroundColor);
    if (color.length < 4 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
let lowest = [21, ""];
for (const element of document.querySelectorAll("article p, article code, article td, pre span")) {
  const text = element.textContent.trim();
  if (!text || !element.offsetParent) continue;
  const a = luminance(parse(getComputedStyle(element).color));
  const b = luminance(background(element));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < lowest[0]) lowest = [contrast, text];
}
return lowest;
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Return a browser that cannot reach a network."""
    if not BROWSER or not DRIVER:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(argument)
    with webdriver.Chrome(options=options, service=Service(DRIVER)) as driver:
        yield driver


def open_page(browser: webdriver.Chrome, name: str, scheme: str = "light") -> None:
    """Open a page of the site for people who prefer light or dark pages."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get((SITE / name).as_uri())


def test_search_works_without_a_server(browser: webdriver.Chrome) -> None:
    """A word in the search field of a page finds the pages that have it, with links to them."""
    open_page(browser, "guide.html")
    browser.find_element(By.CSS_SELECTOR, "input[name=q]").send_keys("torchrun\n")
    wait = WebDriverWait(browser, 30)
    wait.until(lambda _: " found " in browser.find_element(By.ID, "search-results").text)
    found = browser.find_elements(By.CSS_SELECTOR, "ul.search li a")
    addresses = [(each.get_attribute("href") or "").partition("?")[0] for each in found]
    assert (SITE / "parallel-jobs.html").as_uri() in addresses
    assert (SITE / "sweeps.html").as_uri() not in addresses
    found[0].click()
    assert "torchrun" in browser.find_element(By.TAG_NAME, "article").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "page", ["index.html", "guide.html", "settings.html", "reference/api/comparing.html"]
)
def test_text_can_be_read_in_light_and_dark(
    browser: webdriver.Chrome, page: str, scheme: str
) -> None:
    """The contrast of text and code with its background is at least that of WCAG 2.1, level AA."""
    open_page(browser, page, scheme)
    contrast, text = browser.execute_script(LOWEST_CONTRAST)
    assert contrast >= CONTRAST, text


def test_the_pages_of_both_schemes_differ(browser: webdriver.Chrome) -> None:
    """A page is dark for people who prefer dark pages."""
    colors = []
    for scheme in ("light", "dark"):
        open_page(browser, "index.html", scheme)
        script = "return getComputedStyle(document.body).backgroundColor"
        colors.append(sum(map(int, browser.execute_script(script)[4:-1].split(","))))
    light, dark = colors
    assert light > 700 > 100 > dark
