"""What the tests of reports share: a browser that must stay silent, and numbers in the page's words."""

import os
import re
import shutil
import unittest
import zlib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("IMGPROC", ROOT / "target/debug/imgproc"))
KEPT = ROOT / "target/tmp/reports"
SHOTS = ROOT / "target/tmp/screenshots"
BROWSER = os.environ.get("IMGPROC_TEST_BROWSER") or next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)

SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


class Browsing(unittest.TestCase):
    """One browser for all tests; every page must log nothing and ask for nothing."""

    @classmethod
    def setUpClass(cls):
        if BROWSER is None:
            raise FileNotFoundError("no Chromium was found; install it, or name one by IMGPROC_TEST_BROWSER")
        cls.playwright = sync_playwright().start()
        # Containers run as root, where Chromium's own sandbox does not work.
        cls.browser = cls.playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()

    def open(self, path, scheme="light", size="desktop"):
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=size == "phone"
        )
        self.addCleanup(context.close)
        page = context.new_page()
        # A failing script must not make the test wait for what never comes.
        page.set_default_timeout(30_000)
        self.faults = faults = []
        page.on("console", lambda message: faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        own = Path(path).resolve().as_uri()
        asked = lambda request: request.url != own and not request.url.startswith("data:")
        page.on("request", lambda request: asked(request) and faults.append(f"request: {request.url}"))
        page.goto(own)
        page.wait_for_selector("main section, main header")
        self.settled(page)
        return page

    def settled(self, page):
        """Waits until what is to be drawn is drawn."""
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def colour(self, page, name):
        """A colour of the page's palette."""
        return page.evaluate(
            "(name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()", name
        )

    def keep(self, page, name, **options):
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", **{"full_page": True, **options})

    def check_width(self, page):
        """Nothing may stand out at the side; a phone would scroll."""
        self.assertLessEqual(*page.evaluate("[document.documentElement.scrollWidth, innerWidth]"))

    def check_silence(self):
        self.assertEqual(self.faults, [])


def kept(name):
    path = KEPT / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: `cargo nextest run --test it reports` writes it")
    return path


def draw_images(directory, count):
    """Pictures of some size, that decoding and computing take a while."""
    directory.mkdir()
    for i in range(count):
        width, height = 320 + 16 * i, 240
        rows = bytes((x * (i + 1) + y * 3) % 256 for y in range(height) for x in range(width * 3))
        (directory / f"picture {i:02}.ppm").write_bytes(b"P6 %d %d 255\n" % (width, height) + rows)


def text(locator):
    """Text of an element, without the blanks of its source."""
    return re.sub(r"\s+", " ", locator.text_content()).strip()


def digits(value, places):
    """As JavaScript rounds: halves of the shortest decimal up; Python's own formats round halves of the binary number."""
    step = Decimal(1).scaleb(-places)
    return f"{Decimal(repr(value)).quantize(step, ROUND_HALF_UP):,f}"


def seconds(value):
    """As page.js says it."""
    micros = round(1e6 * value)
    if micros >= 1e8:
        return f"{digits(micros / 1e6, 0)} s"
    if micros >= 1e6:
        return f"{digits(micros / 1e6, 2)} s"
    return f"{amount(micros / 1e3)} ms" if micros >= 1e3 else f"{micros} µs"


def amount(value):
    whole = float(value).is_integer()
    return digits(value, 0 if whole or value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3)


def percent(share):
    value = 100 * share
    if 0 < value < 0.1:
        return f"{float(f'{value:.1g}'):g} %"
    return f"{digits(value, 1 if 0 < value < 1 else 0)} %"


def fills(pdf, colour):
    """How often a PDF chooses a colour to fill something with."""
    wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    count = 0
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            operators = zlib.decompress(stream.group(1))
        except zlib.error:
            continue
        for chosen in re.finditer(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b", operators):
            count += all(abs(float(got) - value) < 0.003 for got, value in zip(chosen.groups(), wanted))
    return count


def contrast(one, other):
    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)
