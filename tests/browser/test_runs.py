"""Reports of runs of the program itself, in a real browser: they show that run's own numbers."""

import json
import subprocess
import tempfile
from pathlib import Path

from support import PROGRAM, SIZES, Browsing, amount, draw_images, percent, seconds, text


class Running(Browsing):
    """A run of the program over drawn images, in a directory of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.place = Path(directory.name)
        draw_images(cls.place / "in", 12)

    @classmethod
    def run_program(cls, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=cls.place, check=True, capture_output=True, text=True).stdout


class TheMainJob(Running):
    """The page against the run's trace and its summary."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        how = ["-i", "in", "--backend", "cpu", "--jobs", "2", "-r", "gaussian_blur:3,median:2", "-f", "png"]
        cls.summary = json.loads(cls.run_program(*how, "--timeline", "t.html", "--trace", "t.json", "--json"))
        cls.events = json.loads((cls.place / "t.json").read_text())["traceEvents"]
        cls.page_path = cls.place / "t.html"

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


class AComparison(Running):
    """The page against the same comparison's JSON."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        how = ["-i", "in", "-r", "gaussian_blur:2,sobel", "--images", "6", "--runs", "2", "--source-delay", "30ms"]
        what = ["--backends", "cpu,software,gpu", "--schedules", "sequential,overlapped", "--loads", "waiting", "-j", "2"]
        cls.run_program("compare", *how, *what, "--json", "c.json", "--report", "c.html")
        cls.document = json.loads((cls.place / "c.json").read_text())
        cls.load = cls.document["loads"][0]
        cls.ran = [run for run in cls.load["runs"] if run["figures"]]
        cls.page_path = cls.place / "c.html"

    def test_sentences_and_bars(self):
        page = self.open(self.page_path)
        self.assertEqual(text(page.locator(".verdict")), self.document["verdict"][0])
        told = [text(item) for item in page.locator(".lessons li").all()]
        self.assertEqual(told, self.document["verdict"][1:] + self.load["lessons"])
        rows = page.locator(".speed .bar-row[data-run]").all()
        self.assertEqual(len(rows), len(self.ran))
        for run, row in zip(self.ran, rows):
            figures = run["figures"]
            self.assertEqual(row.get_attribute("data-run"), f"{run['schedule']}, {run['backend']}")
            self.assertEqual(text(row.locator(".bar-label b")), amount(figures["images_per_second"]))
            self.assertEqual(row.locator(".dot").count(), 2)
        for run in self.load["runs"]:
            if run["unavailable"]:
                self.assertIn(run["unavailable"], text(page.locator(".speed")))
        self.assertEqual(text(page.locator(".command code")), self.document["command"])
        self.check_silence()

    def test_a_timeline_for_each_run_and_what_was_waited_for(self):
        page = self.open(self.page_path)
        figures = page.locator(".timeline").all()
        self.assertEqual(len(figures), len(self.ran))
        for run, figure in zip(self.ran, figures):
            caption = text(figure.locator("figcaption"))
            self.assertIn(f"{run['schedule']} {run['backend']}", caption)
            self.assertIn(seconds(run["timeline"]["wall_seconds"]), caption)
            shares = [percent(run["figures"][share]) for share in ("working", "waiting")]
            self.assertIn(f"working {shares[0]}, waiting {shares[1]}", caption)
        # The one worker of the first run waits for its first file from the beginning.
        self.assertEqual((self.ran[0]["schedule"], self.ran[0]["backend"]), ("sequential", "cpu"))
        canvas = page.locator("canvas.lanes").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 78, box["y"] + 4)
        first = min(self.ran[0]["timeline"]["spans"], key=lambda span: span["start"])
        self.assertEqual(first["stage"], "read")
        self.assertGreater(first["end"] - first["start"], 30_000)
        told = text(page.locator("#tip"))
        self.assertIn(f"read: {seconds((first['end'] - first['start']) / 1e6)}", told)
        self.assertIn(self.ran[0]["timeline"]["images"][first["image"]], told)
        self.check_silence()

    def test_pixels_and_pictures(self):
        page = self.open(self.page_path)
        compared = [run["pixels"] for run in self.ran if run["pixels"]]
        page.locator("#pixels summary").evaluate_all("(all) => all.forEach((summary) => summary.click())")
        rows = page.locator("#pixels tbody tr").all()
        self.assertEqual(len(rows), len(compared))
        for pixels, row in zip(compared, rows):
            cells = [text(cell) for cell in row.locator("td").all()]
            self.assertEqual(cells[0], pixels["against"])
            self.assertTrue(cells[2].startswith(amount(pixels["largest"]) + " level"), cells)
            self.assertEqual(cells[6], f"{pixels['ssim']:.5f}")
        for image in page.locator(".stage img").all():
            self.assertTrue(image.evaluate("(image) => image.complete && image.naturalWidth > 0"))
        self.check_silence()

    def test_all_sizes_and_colours(self):
        for scheme in ["light", "dark"]:
            for size in SIZES:
                with self.subTest(scheme=scheme, size=size):
                    page = self.open(self.page_path, scheme, size)
                    self.check_width(page)
                    self.keep(page, f"compare-{scheme}-{size}")
                    self.check_silence()
