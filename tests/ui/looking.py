"""Looking at pages in a real browser: screenshots, widths, and what axe-core finds."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

AXE: Final = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS: Final = {"phone": (390, 844), "desktop": (1280, 900)}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# axe-core runs in the page, as the checks of a browser's extension do.
_FIND: Final = """
;axe.run(document, {resultTypes: ["violations"]}).then(result => result.violations
  .filter(each => ["serious", "critical", "moderate"].includes(each.impact))
  .map(each => [each.id, each.impact, each.nodes.map(node => node.html).join(" ")]))
"""


@contextmanager
def running_chromium() -> Iterator[Any]:
    """Run the system's Chromium."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    assert found, f"none of {', '.join(_BROWSERS)} is installed"
    assert AXE.exists(), f"{AXE} is missing; make test-ui installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def screenshots() -> Path:
    """Return the folder for screenshots, which SCREENSHOTS names."""
    folder = Path(os.environ.get("SCREENSHOTS", "build/ui"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def look(page: Any, file: Path) -> None:
    """Keep a screenshot, and check what every page must keep to."""
    page.screenshot(path=file, full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{file.stem} is {width} wide"
    found = page.evaluate(AXE.read_text("utf-8") + _FIND)
    assert found == [], f"{file.stem}: {found}"
