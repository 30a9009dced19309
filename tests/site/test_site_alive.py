"""What moves or answers in a page: sliders, instruments, quizzes, hints, reasons."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_instruments import GRIDS, same
from test_site_pages import PAGES

from lecture_utils.exercises import get
from lecture_utils.exercises.model import ChoiceExercise, NumberExercise
from lecture_utils.figures.instruments import twin

ROOT = Path(__file__).resolve().parent.parent.parent


def uses(site: Path, name: str, what: str) -> bool:
    """Whether a page holds a piece of markup: without it a test has nothing to say about it."""
    return what in (site / name).read_text(encoding="utf8")


def picture(place) -> str:
    """What a figure shows now."""
    return place.evaluate(
        "e => (e.querySelector('svg')?.outerHTML ?? '') + (e.querySelector('img')?.src ?? '')"
    )


def click_right_end(page, slider) -> None:
    """Move a slider to its largest value with the mouse."""
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.click(box["x"] + box["width"] - 4, middle)


@pytest.mark.parametrize("name", PAGES)
def test_sliders_move_their_figures_by_mouse_and_keyboard(visit, site, name):
    """Each slider of `explore` and of each instrument."""
    if not (uses(site, name, 'class="xp"') or uses(site, name, 'class="instrument')):
        return
    page = visit(name).page
    places = page.locator(".xp, .instrument").all()
    assert places
    for place in places:
        place.scroll_into_view_if_needed()
        sliders = place.locator('input[type="range"]').all()
        assert sliders, "an interactive figure without a slider"
        for slider in sliders:
            slider.focus()
            page.keyboard.press("Home")
            first = picture(place)
            for _ in range(5):  # a fine slider may need more than one step to be seen
                page.keyboard.press("ArrowRight")
            assert picture(place) != first, "the keys moved nothing"
            page.keyboard.press("Home")
            assert picture(place) == first
            spoken = slider.get_attribute("aria-valuetext")
            click_right_end(page, slider)
            assert picture(place) != first, "the mouse moved nothing"
            assert slider.get_attribute("aria-valuetext") != spoken
            label = page.locator(f'label[for="{slider.get_attribute("id")}"]')
            assert label.inner_text().strip()


@pytest.mark.parametrize("name", PAGES)
def test_every_frame_of_a_slider_figure_is_another_picture(visit, site, name):
    if not uses(site, name, 'class="xp"'):
        return
    page = visit(name).page
    for place in page.locator(".xp").all():
        for slider in place.locator('input[type="range"]').all():
            seen = set()
            values = int(slider.get_attribute("max")) + 1
            for value in range(values):
                slider.fill(str(value))
                seen.add(picture(place))
            assert len(seen) == values


@pytest.mark.parametrize("name", PAGES)
def test_instruments_compute_what_their_twins_compute(visit, site, name):
    """The bundle that the page really loads, in the browser, against Python."""
    if not uses(site, name, 'class="instrument'):
        return
    page = visit(name).page
    names = page.eval_on_selector_all(
        ".instrument", "all => [...new Set(all.map((e) => e.dataset.instrument))]"
    )
    for instrument in names:
        grid = GRIDS[instrument]
        computed = page.evaluate(
            "([name, grid]) => grid.map((s) => window.instruments[name].compute(s))",
            [instrument, grid],
        )
        for settings, values in zip(grid, computed, strict=True):
            assert same(values, twin(instrument)(**settings)), (instrument, settings)


def quizzes(page) -> list:
    return page.locator("fieldset.qz").all()


@pytest.mark.parametrize("name", PAGES)
def test_quizzes_answer_each_option_and_remember_the_last(visit, site, name):
    if not uses(site, name, 'class="qz"'):
        return
    page = visit(name).page
    assert quizzes(page)
    for quiz in quizzes(page):
        exercise = get(quiz.get_attribute("data-quiz"))
        if isinstance(exercise, ChoiceExercise):
            try_all_options(quiz, exercise)
        elif isinstance(exercise, NumberExercise):
            try_numbers(page, quiz, exercise)
        else:
            pytest.fail(f"{exercise.id} is no question")
    page.reload(wait_until="load")
    for quiz in quizzes(page):
        exercise = get(quiz.get_attribute("data-quiz"))
        if isinstance(exercise, ChoiceExercise):
            assert quiz.locator("input:checked").count() == 1
            assert quiz.locator(".qz-fb:visible").count() == 1
        else:
            assert quiz.locator('input[type="text"]').input_value()
            assert quiz.locator("output").inner_text().startswith("Correct.")


def try_all_options(quiz, exercise: ChoiceExercise) -> None:
    for letter, option in exercise.lettered.items():
        quiz.locator(f'input[value="{letter}"]').check()
        shown = quiz.locator(".qz-fb:visible")
        assert shown.count() == 1
        verdict = shown.inner_text()
        assert verdict.startswith("Correct." if option.right else "Not this one.")
        assert len(verdict) > len("Not this one.") + 10, "an option without feedback of its own"
        assert quiz.locator("output").text_content() == shown.text_content()


def try_numbers(page, quiz, exercise: NumberExercise) -> None:
    field, said = quiz.locator('input[type="text"]'), quiz.locator("output")

    def answer(text: str) -> str:
        field.fill(text)
        field.press("Enter")
        field.blur()
        return said.inner_text()

    for wrong in exercise.wrong:
        assert answer(repr(float(wrong.value))).startswith("Not this one."), wrong
    assert not answer("what?").startswith(("Correct.", "Not this one."))
    assert answer(f"({exercise.truth!r}) * 1").startswith("Correct.")


@pytest.mark.parametrize("name", PAGES)
def test_hints_unfold_one_after_the_other_and_solutions_are_correct(visit, site, name):
    if not uses(site, name, 'class="answers'):
        return
    page = visit(name).page
    for box in page.locator(".answers").all():
        hints = box.locator("details.hint").all()
        assert hints, "an exercise without a hint"
        for earlier, later in zip(hints, hints[1:], strict=False):
            assert earlier.is_visible() and not later.is_visible()
            earlier.locator("summary").click()
            assert later.is_visible()
        solution = box.locator("details.solution")
        assert not solution.locator("pre").is_visible()
        solution.locator("summary").focus()
        page.keyboard.press("Enter")
        assert solution.locator("pre").is_visible()
        assert solution.locator(".ck-ok").is_visible()
    assert page.locator(".cell.tag_check .cell_output").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_one_button_opens_all_reasons_of_a_derivation(visit, site, name):
    if not uses(site, name, 'class="deriv'):
        return
    page = visit(name).page
    for derivation in page.locator(".deriv:has(details)").all():
        button = derivation.locator("xpath=following-sibling::div[1]").get_by_role("button")
        button.click()
        assert derivation.locator("details:not([open])").count() == 0
        button.click()
        assert derivation.locator("details[open]").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_mark_leads_to_its_check_and_back(visit, site, name):
    if not uses(site, name, 'class="eqv'):
        return
    page = visit(name).page
    mark = page.locator("a.eqv").first
    mark.focus()
    assert mark.locator(".tip").is_visible()
    page.keyboard.press("Enter")
    target = page.locator(":target")
    assert "vf" in target.get_attribute("class").split()
    target.locator("a.vf-eq").click()
    assert page.locator(":target").get_attribute("id").startswith("equation-")


def test_the_cover_picture_moves_and_can_be_stopped(visit, site):
    name = PAGES[0]
    if not uses(site, name, 'class="pic"'):
        return
    page = visit(name).page  # reduced motion is asked for: it starts as a still
    bytes_now = "document.querySelector('.pic canvas').toDataURL()"
    still = page.evaluate(bytes_now)
    button = page.locator(".pic .play")
    assert button.inner_text() == "Play"
    button.click()
    page.wait_for_function(f"old => {bytes_now} !== old", arg=still)
    button.click()
    assert button.inner_text() == "Play"
    page.locator(".pic-bar label", has_text="Pixel by pixel").click()
    assert "square" in page.locator(".pic figcaption").inner_text()
