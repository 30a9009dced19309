// The page's script: small comforts, none of which the content needs.
//   derivations   one button opens or folds all reasons
//   quizzes       an answer is remembered in this browser (the widgets work by themselves)
//   wide things   formulas, code and tables that scroll sideways can be reached by keyboard
//   print         everything folded is opened, but for hints and solutions
// The picture of the cover has a file of its own.
import { mountPicture } from "./cover.js";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- derivations -------------------------------------------------------------------------------

function addUnfoldAll(derivation) {
  const reasons = all("details", derivation);
  if (!reasons.length) return;
  const bar = document.createElement("div");
  const button = document.createElement("button");
  bar.className = "deriv-bar";
  button.className = "btn-plain";
  button.type = "button";
  const allOpen = () => reasons.every((reason) => reason.open);
  const label = () => {
    button.textContent = allOpen() ? "Fold all reasons" : "Unfold all reasons";
  };
  button.addEventListener("click", () => {
    const open = !allOpen();
    reasons.forEach((reason) => { reason.open = open; });
  });
  reasons.forEach((reason) => reason.addEventListener("toggle", label));
  label();
  bar.append(button);
  derivation.after(bar);
}

// --- quizzes -----------------------------------------------------------------------------------

// Storage may be forbidden (private windows, some file:// pages): then nothing is remembered.
function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* not remembered */ }
}

function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function mountQuiz(quiz) {
  const key = `quiz:${quiz.dataset.quiz}`;
  const choices = all('input[type="radio"]', quiz);
  const number = quiz.querySelector('input[type="text"]');
  const before = recall(key);
  const chosen = choices.find((choice) => choice.value === before);
  if (chosen) {
    chosen.checked = true;
    quiz.dispatchEvent(new Event("change")); // shows the feedback
    quiz.querySelector("output").textContent = ""; // but is not read aloud on arrival
  } else if (number && before) {
    number.value = before;
    number.dispatchEvent(new Event("change", { bubbles: true }));
  }
  quiz.addEventListener("change", (event) => remember(key, event.target.value ?? ""));
}

// --- wide things -------------------------------------------------------------------------------

const WIDE = "div.math > mjx-container, .bd-article pre, .pst-scrollable-table-container";

function markWide() {
  all(WIDE).forEach((element) => {
    const more = element.scrollWidth > element.clientWidth + 2;
    element.classList.toggle("more", more);
    if (more) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  });
}

// --- start -------------------------------------------------------------------------------------

all(".deriv").forEach(addUnfoldAll);
all(".qz").forEach(mountQuiz);
all(".pic").forEach(mountPicture);

markWide();
addEventListener("resize", markWide);
addEventListener("load", markWide);
document.fonts?.ready.then(markWide);
// Inside a folded part nothing has a width: look again when it opens.
document.addEventListener("toggle", markWide, true);

addEventListener("beforeprint", () => {
  all(".bd-article details:not(.answers *)").forEach((details) => { details.open = true; });
});
