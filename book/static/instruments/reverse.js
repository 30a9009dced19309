// One step of a diffusion taken back: the true way, the best Gaussian, and what all steps lose.
// Its Python twin is lecture_utils/figures/instruments/reverse.py, which says what is computed.
import { scaleLinear, scaleLog } from "d3-scale";
import { html, minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

const LOG_LEFT = Math.log(4e-4); // of the data's variance, after all steps
const DATA = { humps: [1.5, 0.3], gaussian: [0, Math.sqrt(1.5 ** 2 + 0.3 ** 2)] };
const TAU = Array.from({ length: 181 }, (_, i) => (i - 90) / 10);
const WEIGHTS = TAU.map((t) => Math.exp((-t * t) / 2 - 0.5 * Math.log(2 * Math.PI)) / 10);

/** The sum of f(0), ..., f(count - 1); what rounding loses is carried along (Kahan). */
function sum(count, f) {
  let total = 0, lost = 0;
  for (let i = 0; i < count; i++) {
    const term = f(i) - lost;
    const next = total + term;
    lost = next - total - term;
    total = next;
  }
  return total;
}

const average = (f) => sum(TAU.length, (i) => WEIGHTS[i] * f(TAU[i]));
const round = (nats) => Math.floor(nats * 1e10 + 0.5) / 1e10;
const betaOf = (steps) => -Math.expm1(LOG_LEFT / steps);

/** x after t steps: humps at ± center, and their variance. */
function noisy(t, steps, data) {
  const [center, width] = DATA[data];
  const share = (LOG_LEFT * t) / steps;
  return [Math.exp(share / 2) * center, Math.exp(share) * width * width - Math.expm1(share)];
}

/** The true way back from x: weights and means of two Gaussians, and their variance. */
function kernel(x, t, steps, data) {
  const [center, before] = noisy(t - 1, steps, data);
  const [nowCenter, now] = noisy(t, steps, data);
  const beta = betaOf(steps), variance = (before * beta) / now;
  const pull = (Math.sqrt(1 - beta) * before) / now, push = (center * beta) / now;
  const weights = [-1, 1].map((sign) => 1 / (1 + Math.exp((-2 * sign * nowCenter * x) / now)));
  return {
    weights, variance,
    means: [-1, 1].map((sign) => sign * push + pull * x),
    bestMean: pull * x + (weights[1] - weights[0]) * push,
    bestVariance: variance + weights[0] * weights[1] * (2 * push) ** 2,
    apart: (2 * push) / Math.sqrt(variance),
  };
}

/** KL from the true way back to the Gaussian with its mean and variance. */
function kernelGap({ weights: [left, right], apart }) {
  if (apart === 0) return 0;
  const told = [[left, right], [right, left]].map(([one, other]) =>
    one * average((t) => Math.log(one + other * Math.exp((-apart * apart) / 2 - apart * t))));
  return round(Math.log1p(left * right * apart * apart) / 2 + told[0] + told[1]);
}

/** The mean over x after t steps of half the log by which the humps widen the way back. */
function spread(t, steps, data) {
  if (DATA[data][0] === 0) return 0; // one Gaussian
  const [beforeCenter, before] = noisy(t - 1, steps, data);
  const [center, now] = noisy(t, steps, data);
  const wider = (beforeCenter * beforeCenter * betaOf(steps)) / (before * now);
  const r = center / Math.sqrt(now);
  return average((u) => Math.log1p(wider / Math.cosh(r * (r + u)) ** 2)) / 2;
}

/** How many nats x after t steps tells about the hump that it came from. */
function told(t, steps, data) {
  const [center, variance] = noisy(t, steps, data);
  if (center === 0) return 0;
  const r = center / Math.sqrt(variance);
  return Math.log(2) - average((u) => Math.log1p(Math.exp(-2 * r * (r + u))));
}

function totalGap(steps, data) {
  const [center, width] = DATA[data];
  const d = 4e-4 * (width * width - 1), y = d / (2 + d);
  const bend = (d * d) / (2 + d) - 2 * (y ** 3 / 3 + y ** 5 / 5 + y ** 7 / 7); // d - log(1 + d)
  return sum(steps, (i) => spread(i + 1, steps, data)) +
    (bend + 4e-4 * center * center) / 2 - told(0, steps, data);
}

/** The true way back from x, the best Gaussian, and what is lost: here, in this step, in all. */
export function compute({ x, t, num_steps: steps, data }) {
  const back = kernel(x, t, steps, data);
  return {
    weights: back.weights,
    means: back.means,
    sd: Math.sqrt(back.variance),
    best_mean: back.bestMean,
    best_sd: Math.sqrt(back.bestVariance),
    here: kernelGap(back),
    step: round(
      spread(t, steps, data) - (told(t - 1, steps, data) - told(t, steps, data))),
    total: totalGap(steps, data),
  };
}

const REACH = 4, LINE = 22; // from -4 to 4; a line of text
// Bottoms of the three pictures: where x is, where it came from, all steps together.
const HERE = 92, BACK = 340, ALL = 560, HEIGHT = 604;
const GRID = Array.from({ length: 401 }, (_, i) => -REACH + (i * 2 * REACH) / 400);
const bell = (x, m, v) => Math.exp(-((x - m) ** 2) / (2 * v)) / Math.sqrt(2 * Math.PI * v);
const plain = (nats) => nats.toFixed(3);

function mount(place, prepared) {
  const { names, ranges } = prepared;
  const select = html(
    "select", { id: `${place.id}-data`, autocomplete: "off" },
    ...Object.entries(names).map(([value, words]) => html("option", { value }, words)),
  );
  select.value = prepared.data;
  const [stepsInput, stepsOutput] =
    slider(place, "steps", ranges.num_steps, 1, prepared.num_steps);
  const [tInput, tOutput] = slider(place, "t", [1, prepared.num_steps], 1, prepared.t);
  tOutput.style.minWidth = "4.6em"; // "50 of 50" moves nothing
  const [xInput, xOutput] = slider(place, "x", ranges.x, 0.05, prepared.x);
  const { picture, stage, readout, say } = panel(
    place, "one step back, and the best Gaussian",
    [
      row("data", select), row("steps in all", stepsInput, stepsOutput),
      row("take back step", tInput, tOutput), row("x after this step", xInput, xOutput),
    ],
    { height: HEIGHT },
  );
  const counts = Array.from({ length: ranges.num_steps[1] }, (_, i) => i + 1);
  const curves = Object.fromEntries(
    Object.keys(names).map((data) => [data, counts.map((n) => totalGap(n, data))]),
  );
  let width = 0;

  function update() {
    const steps = Number(stepsInput.value), data = select.value;
    tInput.max = steps; // a larger value is moved to it
    const t = Number(tInput.value), x = Number(xInput.value);
    const now = compute({ x, t, num_steps: steps, data });
    tell(stepsInput, stepsOutput, String(steps));
    tell(tInput, tOutput, `${t} of ${steps}`);
    tell(xInput, xOutput, minus(x.toFixed(2)));
    readout.textContent =
      `Step ${t}, taken back from x = ${minus(x.toFixed(2))}: the best Gaussian loses ` +
      `${plain(now.here)} nats, the KL from the true way back to it. On average over x this step ` +
      `loses ${plain(now.step)}. ${steps === 1 ? "It is the only step" : `All ${steps} steps`}: ` +
      `a gap of ${plain(now.total)} nats.`;
    picture.setAttribute("aria-label", `Data: ${names[data]}. ${readout.textContent}`);
    if (width) draw(x, t, steps, data, now);
    return readout.textContent;
  }

  function draw(x, t, steps, data, now) {
    const across = scaleLinear([-REACH, REACH], [0, width]);
    const [center, variance] = noisy(t, steps, data);
    const there = (g) => (bell(g, -center, variance) + bell(g, center, variance)) / 2;
    const truth = (g) =>
      now.weights[0] * bell(g, now.means[0], now.sd ** 2) +
      now.weights[1] * bell(g, now.means[1], now.sd ** 2);
    const best = (g) => bell(g, now.best_mean, now.best_sd ** 2);
    /** Curves in a picture from `top` to `bottom`, as high as the highest. */
    const curvesIn = (top, bottom, ...all) => {
      const most = Math.max(...all.flatMap((f) => GRID.map(f)));
      const y = scaleLinear([0, most], [bottom, top]);
      return all.map((f) =>
        "M" + GRID.map((g) => `${across(g).toFixed(1)},${y(f(g)).toFixed(1)}`).join("L"));
    };
    const gray = (d, bottom) =>
      svg("path", {
        d: `${d}L${width},${bottom}L0,${bottom}Z`,
        style: "fill:var(--line);stroke:var(--edge)",
      });
    const base = (bottom) =>
      svg("path", { d: `M0,${bottom}H${width}`, style: "stroke:var(--edge)" });
    const scale = (bottom) =>
      [-3, -1.5, 0, 1.5, 3].map((v) =>
        text(across(v), bottom + 18, minus(String(v)), "soft"));
    const [thereLine] = curvesIn(LINE + 8, HERE, there);
    const [truthLine, bestLine] = curvesIn(HERE + 86, BACK, truth, best);
    const mark = (color, left, top) =>
      svg("circle", { cx: left, cy: top, r: 6, style: `fill:var(--${color});stroke:var(--paper)` });

    const along = scaleLog([1, counts.length], [38, width - 14]);
    const y = scaleLinear([0, 1], [ALL, BACK + 96]);
    const line = (name, color) =>
      svg("path", {
        d: "M" + curves[name].map((v, i) => `${along(i + 1).toFixed(1)},${y(v).toFixed(1)}`).join("L"),
        style: `fill:none;stroke:var(--${color});stroke-width:${name === data ? 2.4 : 1.4}`,
      });
    const at = along(steps);
    picture.setAttribute("width", width);
    picture.replaceChildren(
      text(0, 16, `where x may be after ${t} step${t === 1 ? "" : "s"}`, "ink", "start"),
      gray(thereLine, HERE), base(HERE),
      svg("path", {
        d: `M${across(x)},${LINE + 8}V${HERE}`, style: "stroke:var(--latent);stroke-width:2",
      }),
      mark("latent", across(x), HERE),
      text(0, HERE + 46, `where it was one step before${t > 1 ? "" : ": data"}`, "ink", "start"),
      text(width, HERE + 46, `KL ${plain(now.here)}`, "ink", "end"),
      text(0, HERE + 68, "gray: true way back", "soft", "start"),
      text(width, HERE + 68, "line: best Gaussian", "latent", "end"),
      gray(truthLine, BACK),
      svg("path", { d: bestLine, style: "fill:none;stroke:var(--latent);stroke-width:2.4" }),
      base(BACK), ...scale(BACK),
      text(0, BACK + 54, "gap of all steps, in nats", "ink", "start"),
      text(width, BACK + 54, `two humps ${plain(curves.humps[steps - 1])}`, "gap", "end"),
      text(width, BACK + 76, `one Gaussian ${plain(curves.gaussian[steps - 1])}`, "likelihood",
        "end"),
      svg("path", {
        d: `M38,${y(0)}H${width}M38,${y(0.5)}H${width}M38,${y(1)}H${width}`,
        style: "fill:none;stroke:var(--line)",
      }),
      ...[0, 0.5, 1].map((v) => text(24, y(v) + 5, String(v), "soft", "end")),
      svg("path", { d: `M${at},${y(1)}V${y(0)}`, style: "stroke:var(--edge);stroke-dasharray:3 3" }),
      line("gaussian", "likelihood"), line("humps", "gap"),
      mark("likelihood", at, y(curves.gaussian[steps - 1])),
      mark("gap", at, y(curves.humps[steps - 1])),
      ...[1, 2, 5, 10, 20, 50].map((v) => text(along(v), ALL + 22, String(v), "soft")),
      text(width / 2, ALL + 40, "steps in all", "soft"),
    );
  }

  const changed = () => say(update());
  select.addEventListener("change", changed);
  for (const input of [stepsInput, tInput, xInput]) input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("reverse", compute, mount);
