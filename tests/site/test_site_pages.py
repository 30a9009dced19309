"""Every page in a real browser: quiet, self-contained, accessible, and no wider than a phone."""

from __future__ import annotations

from pathlib import Path

import execution
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    path.relative_to(ROOT).with_suffix(".html").as_posix() for path in execution.pages(ROOT)
]
MOST_BYTES = 1_500_000

VIOLATIONS = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const result = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return result.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.html.slice(0, 200)}\\n    ${(node.any[0] ?? node.all[0])?.message ?? ""}`));
}"""

WIDER_THAN_THE_SCREEN = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => {
    for (let e = element.parentElement; e; e = e.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  };
  return [...document.querySelectorAll(".bd-article-container *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.right > width + 1 && !scrolls(element)
      && !element.closest(".sr, .tip, mjx-assistive-mml, .visually-hidden");
  }).map((element) => element.outerHTML.slice(0, 150));
}"""


@pytest.mark.parametrize("name", [*PAGES, "search.html"])
def test_page_is_quiet_and_asks_nothing_of_other_sites(visit, name):
    seen = visit(name)
    seen.page.wait_for_timeout(500)
    assert seen.complaints == []
    assert seen.outside == []


def test_the_front_door_leads_to_the_book(chrome, address):
    page = chrome.new_page()
    page.goto(address)
    page.wait_for_url(f"{address}{PAGES[0]}")
    page.close()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_accessibility_violation(visit, name, dark, width):
    seen = visit(name, width=width, dark=dark)
    seen.open_everything()
    seen.page.add_script_tag(path=AXE)
    violations = seen.page.evaluate(VIOLATIONS)
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(visit, name):
    seen = visit(name, width=375)
    seen.open_everything()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 375
    wide = seen.page.evaluate(WIDER_THAN_THE_SCREEN)
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("name", PAGES)
def test_formulas_stand_in_the_page_without_a_script(visit, name):
    seen = visit(name)
    state = seen.page.evaluate(
        """() => ({
          script: "MathJax" in window,
          unset: document.body.innerText.match(/\\\\\\(|\\\\\\[|\\\\begin\\{/g) ?? [],
          empty: [...document.querySelectorAll("span.math, div.math")]
            .filter((e) => !e.querySelector("mjx-container")).map((e) => e.outerHTML.slice(0, 100)),
          flat: [...document.querySelectorAll("div.math mjx-container")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 10).length,
        })"""
    )
    assert state == {"script": False, "unset": [], "empty": [], "flat": 0}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light(site, name):
    """What a page adds to the files that all pages share."""
    assert (site / name).stat().st_size < MOST_BYTES


def test_book_works_from_the_file_system(chrome, site):
    """Double-clicking a page is enough: fonts, formulas and sliders need no server."""
    page = chrome.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def failed(request):
        # What is still loading when the next page is opened is aborted; a missing file is not.
        if request.failure != "net::ERR_ABORTED":
            complaints.append((request.url, request.failure))

    page.on("requestfailed", failed)
    for name in PAGES:
        page.goto((site / name).as_uri())
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.fonts.check('16px \"Source Serif 4\"')")
    page.close()
    assert complaints == []
