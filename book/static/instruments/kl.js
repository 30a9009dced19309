// One bell against two bumps: the divergence in both directions, and the best bell in each.
// Its Python twin is lecture_utils/figures/instruments/kl.py.
import { scaleLinear } from "d3-scale";
import { html, minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
const T = Array.from({ length: 1801 }, (_, i) => (i - 900) / 100);
const WEIGHTS = T.map((t) => Math.exp((-t * t) / 2 - HALF_LOG_2PI) / 100);

/** log p of an even mixture of N(-a, 1) and N(a, 1). */
function logP(x, a) {
  const near = Math.abs(x);
  const top = -((near - a) ** 2) / 2 - HALF_LOG_2PI - Math.log(2);
  return top + Math.log1p(Math.exp(-2 * a * near));
}

/** The mean of log p under N(mean, sd²); what rounding loses is carried along (Kahan). */
function meanLogP(mean, sd, a) {
  let sum = 0, lost = 0;
  T.forEach((t, i) => {
    const term = WEIGHTS[i] * logP(mean + sd * t, a) - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
  });
  return sum;
}

/** KL(p‖q) and KL(q‖p) of the bumps p and the bell q, and the best forward bell. */
export function compute({ separation, mean, sd }) {
  const a = separation;
  const entropy = -meanLogP(a, 1, a);
  const variance = 1 + a * a;
  const bestSd = Math.sqrt(variance);
  const square = (variance + mean * mean) / (2 * sd * sd);
  return {
    forward: HALF_LOG_2PI + Math.log(sd) + square - entropy,
    reverse: -meanLogP(mean, sd, a) - HALF_LOG_2PI - 0.5 - Math.log(sd),
    best_forward_sd: bestSd,
    best_forward: HALF_LOG_2PI + Math.log(bestSd) + 0.5 - entropy,
  };
}

const PICTURE = 230, BARS = 96, TOP = 12, BASE = 26, MOST = 3, REACH = 8, TALLEST = 0.54;
const GRID = Array.from({ length: 401 }, (_, i) => -REACH + (i * 2 * REACH) / 400);
const bell = (x, m, s) => Math.exp(-(((x - m) / s) ** 2) / 2 - HALF_LOG_2PI) / s;

function mount(place, prepared) {
  const { ranges, step, best_reverse: prepared_best } = prepared;
  const made = (name, by) => slider(place, name, ranges[name], by, prepared[name]);
  const [aInput, aOutput] = made("separation", step);
  const [meanInput, meanOutput] = made("mean", 0.01);
  const [sdInput, sdOutput] = made("sd", 0.01);
  const look =
    "font:inherit;padding:.15em .7em;margin-right:.6em;border:1px solid var(--edge);" +
    "border-radius:6px;background:none;color:var(--ink);cursor:pointer";
  const button = (words) => html("button", { type: "button", style: look }, words);
  const toForward = button("best forward"), toReverse = button("best reverse");
  const { picture, stage, readout, say } = panel(place, "forward and reverse divergence", [
    row("bumps at ±a, a =", aInput, aOutput),
    row("mean of q", meanInput, meanOutput),
    row("width of q", sdInput, sdOutput),
    html("div", { class: "xp-row" }, html("span", {}, "set q to the"), toForward, toReverse),
  ], { height: PICTURE + BARS });
  let width = 0;

  /** The best reverse bell at this separation, and the other local optimum, if there is one. */
  function reverseBells(a) {
    const [wide, side] = prepared_best[Math.round((a - ranges.separation[0]) / step)];
    return side && side.kl < wide.kl ? [side, wide] : [wide, side];
  }

  function update() {
    const a = Number(aInput.value), mean = Number(meanInput.value), sd = Number(sdInput.value);
    const now = compute({ separation: a, mean, sd });
    const [best, other] = reverseBells(a);
    tell(aInput, aOutput, a.toFixed(2));
    tell(meanInput, meanOutput, minus(mean.toFixed(2)));
    tell(sdInput, sdOutput, sd.toFixed(2));
    const place_of = (b) => (b.mean ? `on a bump (mean ±${b.mean.toFixed(2)})` : "in the middle");
    const second = other
      ? ` A second, local optimum stands ${place_of(other)}: ${other.kl.toFixed(3)} nats.`
      : "";
    readout.textContent =
      `Forward KL(p‖q) = ${now.forward.toFixed(3)} nats; the best bell, width ` +
      `${now.best_forward_sd.toFixed(2)} at 0, has ${now.best_forward.toFixed(3)}. ` +
      `Reverse KL(q‖p) = ${now.reverse.toFixed(3)} nats; the best bell stands ` +
      `${place_of(best)}, width ${best.sd.toFixed(2)}, and has ${best.kl.toFixed(3)}.${second}`;
    picture.setAttribute(
      "aria-label",
      `Two bumps at ±${a.toFixed(2)} and a bell at ${minus(mean.toFixed(2))} of width ` +
      `${sd.toFixed(2)}. ${readout.textContent}`,
    );
    if (width) draw(a, mean, sd, now, best, other);
    return readout.textContent;
  }

  function draw(a, mean, sd, now, best, other) {
    const x = scaleLinear([-REACH, REACH], [0, width]);
    const y = scaleLinear([0, TALLEST], [PICTURE - BASE, TOP]).clamp(true);
    const sign = mean < 0 ? -1 : 1;
    const path = (f) =>
      "M" + GRID.map((g) => `${x(g).toFixed(1)},${y(f(g)).toFixed(1)}`).join("L");
    const curve = (m, s, color, dash, thick) =>
      svg("path", {
        d: path((g) => bell(g, m, s)),
        style: `fill:none;stroke:var(--${color});stroke-width:${thick};stroke-dasharray:${dash}`,
      });
    const label = 74, value = scaleLinear([0, MOST], [label, width - 130]).clamp(true);
    const bar = (top, words, nats, least, color) => [
      text(0, top + 17, words, color, "start"),
      svg("rect", {
        x: label, y: top, width: value(nats) - label, height: 24, style: `fill:var(--${color})`,
      }),
      ...[["paper", 6], ["ink", 2]].map(([color, thick]) => // a halo keeps the mark visible
        svg("path", {
          d: `M${value(least)},${top - 4}v32`,
          style: `stroke:var(--${color});stroke-width:${thick}`,
        })),
      text(value(nats) + 8, top + 17,
        `${nats.toFixed(3)} nats${nats > MOST ? " →" : ""}`, "ink", "start"),
    ];
    picture.setAttribute("width", width);
    picture.replaceChildren(
      svg("path", {
        d: `${path((g) => Math.exp(logP(g, a)))}L${width},${y(0)}L0,${y(0)}Z`,
        style: "fill:var(--line);stroke:var(--edge);stroke-width:1",
      }),
      curve(0, now.best_forward_sd, "likelihood", "14 5", 1.6),
      ...(other ? [curve(sign * other.mean, other.sd, "latent", "1.5 4", 1.6)] : []),
      curve(sign * best.mean, best.sd, "latent", "5 4", 1.6),
      curve(mean, sd, "ink", "none", 2.4),
      svg("path", { d: `M0,${y(0)}H${width}`, style: "stroke:var(--edge)" }),
      ...[-6, -3, 0, 3, 6].map((v) =>
        text(x(v), PICTURE - 8, minus(String(v)), "soft")),
      text(0, TOP + 8, "gray: p", "soft", "start"),
      text(0, TOP + 27, "solid: your q", "ink", "start"),
      text(width, TOP + 8, "long dashes: best forward", "likelihood", "end"),
      text(width, TOP + 27, "dashes: best reverse", "latent", "end"),
      ...(other ? [text(width, TOP + 46, "dots: local optimum", "latent", "end")] : []),
      ...bar(PICTURE + 8, "forward", now.forward, now.best_forward, "likelihood"),
      ...bar(PICTURE + 46, "reverse", now.reverse, best.kl, "latent"),
    );
  }

  const changed = () => say(update());
  for (const input of [aInput, meanInput, sdInput]) input.addEventListener("input", changed);
  const put = (mean, sd) => { meanInput.value = mean; sdInput.value = sd; changed(); };
  toForward.addEventListener("click", () =>
    put(0, compute({ separation: Number(aInput.value), mean: 0, sd: 1 }).best_forward_sd));
  toReverse.addEventListener("click", () => {
    const [best] = reverseBells(Number(aInput.value));
    put((meanInput.value < 0 ? -1 : 1) * best.mean, best.sd);
  });
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("kl", compute, mount);
