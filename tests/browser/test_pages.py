"""Pages that `cargo nextest run --test it reports` keeps, in a real browser."""

import re

from axe_playwright_python.sync_playwright import Axe

from support import SHOTS, SIZES, Browsing, amount, contrast, fills, kept, text


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
                    self.check_width(page)
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
