"""Reports in a real browser: a run of the program itself, and pages that `cargo test reports` keeps.

    tests/browser/report.py [--browser /usr/bin/chromium] [unittest's arguments]

scripts/test installs what it needs and runs it. Screenshots are kept in target/tmp/screenshots.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
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
        page.set_default_timeout(10_000)
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


# Text of an element, without the blanks of its source.
def text(locator):
    return re.sub(r"\s+", " ", locator.text_content()).strip()


def seconds(value):
    """As page.js says it."""
    if value >= 100:
        return f"{value:,.0f} s"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{amount(1e3 * value)} ms" if value >= 1e-3 else f"{1e6 * value:.0f} µs"


def amount(value):
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


class ARealRun(Browsing):
    """The page of a run of the main job shows that run's own numbers, as its trace and its summary have them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = tempfile.TemporaryDirectory()
        place = Path(cls.place.name)
        draw_images(place / "in", 12)
        command = [PROGRAM, "-i", "in", "--backend", "cpu", "--jobs", "2", "--json"]
        command += ["-r", "gaussian_blur:3,median:2", "-f", "png", "--timeline", "t.html", "--trace", "t.json"]
        ran = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True)
        cls.summary = json.loads(ran.stdout)
        cls.events = json.loads((place / "t.json").read_text())["traceEvents"]
        cls.page_path = place / "t.html"

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()
        super().tearDownClass()

    def works(self):
        """The complete events of the trace: what workers did."""
        return [event for event in self.events if event["ph"] == "X"]

    def test_the_figures_are_the_summary_s(self):
        page = self.open(self.page_path)
        wall = self.summary["seconds"]
        self.assertEqual(text(page.locator("h1")), f"12 images in {wall:.2f} s")
        self.assertEqual(text(page.locator(".verdict")), self.summary["verdict"])
        shown = [text(value) for value in page.locator(".key dd").all()]
        self.assertEqual(shown[0], amount(self.summary["images_per_second"]))
        self.assertEqual(text(page.locator(".wall")), seconds(wall))
        page.locator("#stages summary").click()
        cells = [text(cell) for cell in page.locator("#stages td").all()]
        for i, stage in enumerate(self.summary["stages"]):
            order = ["read", "decode", "compute", "encode", "write"]
            self.assertEqual(cells[2 * order.index(stage["stage"])], seconds(stage["worked_seconds"]), stage)
        self.keep(page, "run-light")
        self.check_silence()

    def test_lanes_and_tooltips_show_what_the_trace_holds(self):
        page = self.open(self.page_path)
        canvas = page.locator("canvas.lanes")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        wall = self.summary["seconds"] * 1e6
        # As lanes.js lays them out.
        gutter, right, lane_height, gap, axis = 76, 8, 20, 4, 22
        lanes = {event["tid"]: event["args"]["name"] for event in self.events if event["name"] == "thread_name"}
        self.assertEqual(sorted(lanes.values()), ["files", "worker 0", "worker 1"])
        # The two workers' lanes lie above the axis, whatever the files' lane takes.
        below = axis + 2 * (lane_height + gap)
        # A worker that waits for parts of an image may take up another one meanwhile, which is drawn on top.
        middle = lambda event: event["ts"] + event["dur"] / 2
        covers = lambda a, b: a["tid"] == b["tid"] and a["ts"] <= middle(b) <= a["ts"] + a["dur"]
        alone = [event for event in self.works() if sum(covers(other, event) for other in self.works()) == 1]
        longest, spots = sorted(alone, key=lambda event: -event["dur"])[:8], []
        for event in longest:
            worker = int(lanes[event["tid"]].split()[1])
            x = box["x"] + gutter + middle(event) / wall * (box["width"] - gutter - right)
            y = box["y"] + box["height"] - below + worker * (lane_height + gap) + lane_height / 2
            page.mouse.move(x, y)
            told = text(page.locator("#tip"))
            self.assertIn(event["args"]["image"], told)
            self.assertIn(f"{event['name']}: {seconds(event['dur'] / 1e6)}", told)
            spots.append([x - box["x"], y - box["y"]])
        self.assertEqual(len(spots), 8)
        pixels = page.evaluate(
            """(spots) => {
              const shown = document.querySelector("canvas.lanes"), copy = document.createElement("canvas");
              [copy.width, copy.height] = [shown.width, shown.height];
              const context = copy.getContext("2d", { willReadFrequently: true });
              context.drawImage(shown, 0, 0);
              return spots.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3));
            }""",
            spots,
        )
        for event, pixel in zip(longest, pixels):
            self.assertEqual("#%02x%02x%02x" % tuple(pixel), self.colour(page, event["name"]), event)
        self.keep(page, "run-tooltip", full_page=False)
        self.check_silence()

    def test_the_table_beneath_says_the_same(self):
        page = self.open(self.page_path)
        page.locator(".panel summary").click()
        rows = [[text(cell) for cell in row.locator("th, td").all()] for row in page.locator(".panel tbody tr").all()]
        for row in rows[1:]:
            name = row[0].split(": ")[1]
            number = next(e["tid"] for e in self.events if e["name"] == "thread_name" and e["args"]["name"] == name)
            own = [event for event in self.works() if event["tid"] == number]
            self.assertEqual(row[1], str(len(own)), name)
        self.check_silence()

    def test_an_image_is_followed_by_name_and_by_keyboard(self):
        page = self.open(self.page_path)
        page.get_by_placeholder("part of a name").fill("picture 07")
        self.assertEqual(text(page.locator("output")), "1 of 12 images")
        own = [event for event in self.works() if "picture 07" in event["args"]["image"]]
        journey = text(page.locator(".journey"))
        for event in own:
            self.assertIn(f"{event['name']} {seconds(event['dur'] / 1e6)}", journey)
        page.get_by_placeholder("part of a name").fill("")
        self.assertEqual(text(page.locator(".journey")), "")
        canvas = page.locator("canvas.lanes")
        canvas.focus()
        page.keyboard.press("ArrowDown")
        self.assertRegex(text(page.locator("output")), r"picture \d+\.ppm, read: ")
        page.keyboard.press("ArrowDown")
        self.assertRegex(text(page.locator("#tip")), "worker 0 decodes")
        page.keyboard.press("Enter")
        self.assertRegex(page.get_by_placeholder("part of a name").input_value(), r"picture \d+\.ppm")
        self.assertRegex(text(page.locator(".journey")), "read .* decode .* compute .* encode .* write")
        page.keyboard.press("Escape")
        self.assertTrue(page.locator("#tip").is_hidden())
        self.check_silence()


class AComparison(Browsing):
    """A page of two loads, four schedules and three backends, one of which can't run."""

    def data(self, page):
        return page.evaluate("JSON.parse(document.getElementById('data').textContent)")

    def test_bars_are_as_long_as_their_numbers(self):
        page = self.open(kept("comparison.html"))
        document = self.data(page)["document"]
        for load, chart in zip(document["loads"], page.locator(".speed").all()):
            runs = [run for run in load["runs"] if run["figures"]]
            rows = chart.locator(".bar-row[data-run]").all()
            self.assertEqual(len(rows), len(runs))
            widths = []
            for run, row in zip(runs, rows):
                rate = run["figures"]["images_per_second"]
                self.assertEqual(row.get_attribute("data-run"), f"{run['schedule']}, {run['backend']}")
                self.assertEqual(text(row.locator(".bar-label b")), amount(rate))
                self.assertEqual(row.locator(".dot").count(), len(run["figures"]["seconds"]))
                widths.append(row.locator(".bar").bounding_box()["width"] / rate)
            self.assertLess(max(widths) / min(widths), 1.03)
            self.assertEqual(chart.locator(".winner").count(), 1)
            self.assertEqual(chart.locator(".absent").count(), 1)
            self.assertIn("there is no GPU here", text(chart.locator(".absent")))
        self.check_silence()

    def test_the_slider_and_the_difference(self):
        page = self.open(kept("comparison.html"))
        slider = page.get_by_role("slider")
        slider.scroll_into_view_if_needed()
        before = page.locator(".stage .over")
        self.assertIn("50%", before.evaluate("(image) => image.style.clipPath"))
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        self.assertIn("40%", before.evaluate("(image) => image.style.clipPath"))
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
        hidden = float(re.search(r"inset\(0\S* (\S+)%", before.evaluate("(image) => image.style.clipPath")).group(1))
        self.assertAlmostEqual(hidden, 75, delta=2)
        self.assertTrue(page.get_by_role("button", name="difference").is_disabled())
        page.get_by_label("Output of").select_option("sequential, software")
        page.get_by_role("button", name="difference").click()
        self.assertIn("64 times as bright", text(page.locator(".comparison figcaption")))
        self.assertTrue(page.locator(".stage img").evaluate("(image) => image.naturalWidth > 0"))
        self.keep(page, "difference", full_page=False)
        self.check_silence()

    def test_zooming_by_button_by_wheel_and_by_dragging(self):
        page = self.open(kept("comparison.html"))
        panel = page.locator(".panel").first
        canvas = panel.locator("canvas.lanes").first
        canvas.scroll_into_view_if_needed()
        shot = lambda: canvas.evaluate("(canvas) => canvas.toDataURL()")
        whole = shot()
        panel.get_by_role("button", name="Zoom in").click()
        nearer = shot()
        self.assertNotEqual(whole, nearer)
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 200, box["y"] + 8)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Control")
        page.wait_for_function("([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas.element_handle(), nearer])
        panel.get_by_role("button", name="Show the whole run").click()
        self.assertEqual(shot(), whole)
        page.mouse.move(box["x"] + 150, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + 260, box["y"] + 8, steps=4)
        page.mouse.up()
        self.assertNotEqual(shot(), whole)
        page.mouse.dblclick(box["x"] + 150, box["y"] + 8)
        self.check_silence()

    def test_all_sizes_and_colours(self):
        for scheme in ["light", "dark"]:
            for size in SIZES:
                with self.subTest(scheme=scheme, size=size):
                    page = self.open(kept("comparison.html"), scheme, size)
                    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                    self.assertLessEqual(widths[0], widths[1])
                    self.keep(page, f"comparison-{scheme}-{size}")
                    self.check_silence()

    def test_the_button_changes_the_colours_and_paper_stays_light(self):
        page = self.open(kept("comparison.html"))
        ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = ground()
        page.locator("#theme").click()
        page.locator("#theme").click()
        dark, printed = ground(), self.colour(self.open(kept("comparison.html")), "compute")
        self.assertNotEqual(dark, light)
        SHOTS.mkdir(parents=True, exist_ok=True)
        pdf = page.pdf(format="A4", path=SHOTS / "comparison.pdf")
        # A canvas that was drawn too late is printed blank.
        self.assertGreater(fills(pdf, printed), 500)
        self.assertNotEqual(ground(), light)
        page.emulate_media(media="print")
        self.assertNotEqual(ground(), dark)
        self.check_silence()

    def test_nothing_stands_in_the_way_of_those_who_cannot_see_it(self):
        """By axe-core: names, roles, the order of headings, contrast of text."""
        for scheme in ["light", "dark"]:
            page = self.open(kept("comparison.html"), scheme)
            page.locator("details").evaluate_all("(all) => all.forEach((details) => (details.open = true))")
            found = Axe().run(page).response["violations"]
            told = [f"{rule['id']}: {rule['nodes'][0]['html'][:120]} {rule['nodes'][0]['failureSummary']}" for rule in found]
            self.assertEqual(told, [], scheme)

    def test_work_stands_out_from_the_ground_and_from_waiting(self):
        """WCAG 1.4.11 asks 3 to 1 of what must be told apart; waiting is to be pale, but not nothing."""
        for scheme in ["light", "dark"]:
            page = self.open(kept("comparison.html"), scheme)
            colour = lambda name: self.colour(page, name)
            for stage in ["decode", "compute", "kernels", "encode"]:
                self.assertGreaterEqual(contrast(colour(stage), colour("ground")), 3, f"{stage}, {scheme}")
                self.assertGreaterEqual(contrast(colour(stage), colour("read")), 1.8, f"{stage}, {scheme}")
            for stage in ["read", "write"]:
                self.assertGreaterEqual(contrast(colour(stage), colour("lane")), 1.25, f"{stage}, {scheme}")


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


class OddPages(Browsing):
    def test_names_are_shown_and_not_obeyed(self):
        page = self.open(kept("hostile.html"))
        self.assertIn("<script>alert(1)</script>", page.locator("h1").text_content())
        canvas = page.locator("canvas.lanes").first
        canvas.focus()
        page.keyboard.press("ArrowDown")
        told = page.locator("#tip strong").text_content()
        self.assertIn("a</script><script>", told)
        self.assertNotIn("\u202e", told)
        self.check_silence()

    def test_ten_thousand_images_are_drawn_at_once(self):
        page = self.open(kept("ten-thousand.html"))
        took = page.evaluate(
            "() => { const begun = performance.now(); dispatchEvent(new Event('afterprint')); return performance.now() - begun; }"
        )
        self.assertLess(took, 4_000)
        self.assertIn("bars or fewer for 50,000 spans of a run", text(page.locator(".thinned").first))
        page.get_by_placeholder("part of a name").first.fill("09999")
        self.assertEqual(text(page.locator("output").first), "1 of 10,000 images")
        self.keep(page, "ten-thousand")
        self.check_silence()

    def test_pages_of_next_to_nothing(self):
        for name in ["empty.html", "lonely.html"]:
            page = self.open(kept(name))
            self.keep(page, name.removesuffix(".html"))
            self.check_silence()


if __name__ == "__main__":
    if BROWSER is None:
        sys.exit("no Chromium was found; install it, or name one by IMGPROC_TEST_BROWSER")
    unittest.main(verbosity=2)
