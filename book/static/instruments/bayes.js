// Bayes' rule for a hypothesis that is true or not, and a clue that is there or not.
// Its Python twin is lecture_utils/figures/instruments/bayes.py.
import { scaleLinear } from "d3-scale";
import { html, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** The joint of hypothesis (yes, no) and the clue as it was found, and what follows from it. */
export function compute({ prior, if_yes, if_no, seen }) {
  const likelihood = seen ? [if_yes, if_no] : [1 - if_yes, 1 - if_no];
  const joint = [prior * likelihood[0], (1 - prior) * likelihood[1]];
  const evidence = joint[0] + joint[1];
  return {
    joint,
    evidence,
    posterior: joint[0] / evidence,
    ratio: likelihood[0] / likelihood[1],
    prior_odds: prior / (1 - prior),
    posterior_odds: joint[0] / joint[1],
  };
}

const TOP = 26, SQUARE = 170, GAP = 48, BAR = 36, HEIGHT = TOP + SQUARE + GAP + BAR + 6;
const percent = (x) => `${(100 * x).toFixed(x < 0.01 ? 2 : 1)} %`;
// Two digits of the smaller of p and 1 - p: the slider meets 10 % and 99.9 % exactly.
const tidy = (p) => (p > 0.5 ? 1 - tidy(1 - p) : +p.toPrecision(2));
const odds = (x) => // no-break spaces keep "1 : 9" in one line
  x >= 1 ? `${short(x)}\u00a0:\u00a01` : `1\u00a0:\u00a0${short(1 / x)}`;
const short = (x) => `${parseFloat(x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0))}`;

function mount(place, { examples, start }) {
  const select = html(
    "select",
    { id: `${place.id}-example`, autocomplete: "off" },
    ...Object.keys(examples).map((name) => html("option", { value: name }, name)),
  );
  const found = html("select", { id: `${place.id}-found`, autocomplete: "off" });
  const narrow = { style: "min-width:0" }; // long labels leave little room on a phone
  // The prior's slider moves the log-odds: 1 % and 0.1 % are as far apart as 1 % and 9 %.
  // The example that is shown first brings the values.
  const made = [
    slider(place, "prior", [-6.9, 6.9], 0.05, 0, narrow),
    slider(place, "yes", [0.01, 0.99], 0.01, 0.5, narrow),
    slider(place, "no", [0.01, 0.99], 0.01, 0.5, narrow),
  ];
  const fields = made.map(([input]) => input), outputs = made.map(([, output]) => output);
  const rows = fields.map((field, i) => row("", field, outputs[i]));
  const { picture, stage, readout, say } = panel(
    place, "prior and likelihoods make the posterior",
    [row("example", select), row("you find", found), ...rows], { height: HEIGHT },
  );
  let width = 0;

  function load(name) {
    const { yes, no, clue, absent, prior, if_yes, if_no } = examples[name];
    select.value = name;
    found.replaceChildren(
      html("option", { value: "1" }, clue), html("option", { value: "" }, absent),
    );
    [`p(${yes})`, `p(${clue} | ${yes})`, `p(${clue} | ${no})`].forEach((label, i) => {
      rows[i].querySelector("label").textContent = label;
    });
    fields[0].value = Math.log(prior / (1 - prior));
    fields[1].value = if_yes;
    fields[2].value = if_no;
  }

  function update() {
    const prior = tidy(1 / (1 + Math.exp(-fields[0].value)));
    const settings = {
      prior, if_yes: +fields[1].value, if_no: +fields[2].value, seen: found.value !== "",
    };
    const { yes, no } = examples[select.value];
    const now = compute(settings);
    const texts = [percent(prior), percent(settings.if_yes), percent(settings.if_no)];
    texts.forEach((words, i) => tell(fields[i], outputs[i], words));
    const what = found.selectedOptions[0].textContent;
    const [a, b] = now.joint.map((p) => short(1000 * p));
    readout.textContent =
      `Of 1000: ${yes} and ${what} ${a}, ${no} and ${what} ${b}. ` +
      `p(${yes} | ${what}) = ${percent(now.posterior)}. ` +
      `Odds ${odds(now.prior_odds)}, times ${short(now.ratio)}, make ${odds(now.posterior_odds)}.`;
    const words =
      `Belief in ${yes}: ${percent(prior)} before, ${percent(now.posterior)} after ${what}.`;
    picture.setAttribute("aria-label", `${words} ${readout.textContent}`);
    if (width) draw(settings, now, yes, no, what);
    return `${words} ${readout.textContent}`;
  }

  function draw({ prior, if_yes, if_no, seen }, now, yes, no, what) {
    const x = scaleLinear([0, 1], [1, width - 1]);
    const bottom = TOP + SQUARE, bar = bottom + GAP;
    const box = (left, right, top, height, style) =>
      svg("rect", { x: x(left), y: top, width: x(right) - x(left), height, style });
    const inside = (left, right, height, words, color) =>
      x(right) - x(left) > 8.5 * words.length
        ? [text((x(left) + x(right)) / 2, height, words, color, "middle")] : [];
    const fills = ["fill:var(--latent)", "fill:var(--edge)"];
    const column = (left, right, likelihood, fill) => {
      const height = SQUARE * likelihood;
      return [
        box(left, right, seen ? bottom - height : TOP, height, fill),
        box(left, right, TOP, SQUARE, "fill:none;stroke:var(--soft);stroke-width:1.2"),
      ];
    };
    const q = now.posterior;
    picture.setAttribute("width", width);
    picture.replaceChildren(
      text(0, 16, `${yes} ${percent(prior)}`, "latent", "start"),
      text(width - 2, 16, `${no} ${percent(1 - prior)}`, "soft", "end"),
      ...column(0, prior, seen ? if_yes : 1 - if_yes, fills[0]),
      ...column(prior, 1, seen ? if_no : 1 - if_no, fills[1]),
      text(0, bar - 10, `only ${what}:`, "soft", "start"),
      box(0, q, bar, BAR, fills[0]),
      box(q, 1, bar, BAR, fills[1]),
      ...inside(0, q, bar + 24, percent(q), "paper"),
      ...inside(q, 1, bar + 24, percent(1 - q), "paper"),
    );
  }

  const changed = () => say(update());
  select.addEventListener("change", () => { load(select.value); changed(); });
  [found, ...fields].forEach((field) =>
    field.addEventListener(field === found ? "change" : "input", changed));
  load(start);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("bayes", compute, mount);
