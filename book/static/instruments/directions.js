// Forward and reverse divergence of one bell from two bumps: p is an even mixture of N(-a, 1) and
// N(a, 1), q = N(mean, sd^2). Its Python twin is lecture_utils/figures/instruments/directions.py.
import { scaleLinear } from "d3-scale";
import { announcer, html, onWidth, register, row, svg } from "./_instrument.js";

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
const STEP = 18 / 360;
const NODES = Array.from({ length: 361 }, (_, i) => -9 + STEP * i);
const WEIGHTS = NODES.map((t) => (Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI)) * STEP);

function logP(x, a) {
  const u = -0.5 * (x - a) ** 2, v = -0.5 * (x + a) ** 2, top = Math.max(u, v);
  return top + Math.log1p(Math.exp(Math.min(u, v) - top)) - Math.log(2) - HALF_LOG_2PI;
}

/** The mean of log p over N(center, width^2). */
const meanLogP = (center, width, a) =>
  WEIGHTS.reduce((sum, w, i) => sum + w * logP(center + width * NODES[i], a), 0);

/** Both divergences, and the best bell of the forward one. */
export function compute({ a, mean, sd }) {
  const negativeEntropy = meanLogP(a, 1, a); // by symmetry one bump is enough
  const variance = 1 + a ** 2;
  const qOfP = -HALF_LOG_2PI - Math.log(sd) - (variance + mean ** 2) / (2 * sd ** 2);
  return {
    forward: negativeEntropy - qOfP,
    reverse: -HALF_LOG_2PI - Math.log(sd) - 0.5 - meanLogP(mean, sd, a),
    forward_sd: Math.sqrt(variance),
    least_forward: negativeEntropy + HALF_LOG_2PI + 0.5 * Math.log(variance) + 0.5,
  };
}

const TOP = 24, HILLS = 160, FOOT = 26, BAR = 20, GAP = 46, MOST = 4;
const X = Array.from({ length: 300 }, (_, i) => -9 + (18 * i) / 299);

/** Two digits, with a true minus sign and without a negative zero. */
function short(value) {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "−");
}

function mount(place, { a, mean, sd, separations, means, widths }) {
  const slider = (name, [min, max], value) => {
    const input = html("input", {
      type: "range", id: `${place.id}-${name}`, min, max, step: 0.05, autocomplete: "off",
    });
    input.value = value;
    return [input, html("output", { for: input.id })];
  };
  const [aInput, aOutput] = slider("a", separations, a);
  const [meanInput, meanOutput] = slider("mean", means, mean);
  const [sdInput, sdOutput] = slider("sd", widths, sd);
  const height = HILLS + FOOT + 2 * GAP + 8;
  const picture = svg("svg", { role: "img", height, style: "display:block" });
  const stage = html("div", { class: "instrument-stage" }, picture);
  const readout = html("p", { class: "xp-cap instrument-readout" });
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Instrument: both divergences between two bumps and one bell");
  place.append(
    row("bumps at ±", aInput, aOutput), row("mean of q", meanInput, meanOutput),
    row("width of q", sdInput, sdOutput), stage, readout,
  );
  const say = announcer(place);
  let width = 0;

  function update() {
    const [at, m, s] = [aInput, meanInput, sdInput].map((input) => Number(input.value));
    const now = compute({ a: at, mean: m, sd: s });
    for (const [input, output, value] of [
      [aInput, aOutput, at], [meanInput, meanOutput, m], [sdInput, sdOutput, s],
    ]) {
      output.textContent = short(value);
      input.setAttribute("aria-valuetext", output.textContent);
    }
    readout.textContent =
      `Forward, KL(p‖q): ${short(now.forward)} nats. Reverse, KL(q‖p): ${short(now.reverse)} ` +
      `nats. The least forward value, ${short(now.least_forward)}, is at mean 0 and width ` +
      `${short(now.forward_sd)}.`;
    picture.setAttribute(
      "aria-label",
      `Two bumps at plus and minus ${short(at)}; a bell with mean ${short(m)} and width ` +
        `${short(s)}. ${readout.textContent}`,
    );
    if (width) draw(at, m, s, now);
    return readout.textContent;
  }

  function text(x, y, words, color, anchor = "start") {
    return svg("text", {
      x, y, "text-anchor": anchor,
      style: `fill:var(--${color});font:400 15px var(--sans,sans-serif)`,
    }, words);
  }

  function draw(at, m, s, now) {
    const x = scaleLinear([-9, 9], [0, width]);
    const y = scaleLinear([0, 0.6], [HILLS - TOP, 0]); // a narrow bell is cut off at the top
    const points = (f) => X.map((v) => `${x(v).toFixed(1)},${y(f(v)).toFixed(1)}`).join("L");
    const bell = (v) => Math.exp(-0.5 * ((v - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
    const t = scaleLinear([0, MOST], [4, width - 4]).clamp(true);
    const top = HILLS + FOOT;
    const bars = [
      ["likelihood", now.forward, `forward KL(p‖q) ${short(now.forward)}`],
      ["adversarial", now.reverse, `reverse KL(q‖p) ${short(now.reverse)}`],
    ];
    picture.setAttribute("width", width);
    picture.replaceChildren(
      svg("path", { d: `M0,${HILLS}H${width}`, style: "stroke:var(--edge)" }),
      ...[-6, -3, 0, 3, 6].map((v) => text(x(v), HILLS + 17, String(v).replace("-", "−"), "soft", "middle")),
      svg(
        "svg",
        { y: TOP, width, height: HILLS - TOP },
        svg("path", {
          d: `M0,${HILLS - TOP}L${points((v) => Math.exp(logP(v, at)))}L${width},${HILLS - TOP}Z`,
          style: "fill:var(--line);stroke:none",
        }),
        svg("path", { d: `M${points(bell)}`, style: "fill:none;stroke:var(--latent);stroke-width:2" }),
      ),
      text(2, 15, "p (gray)", "soft"),
      text(width - 2, 15, "q (line)", "latent", "end"),
      ...bars.flatMap(([role, value, words], i) => [
        text(4, top + i * GAP + 17, words + (value > MOST ? " →" : ""), "ink"),
        svg("rect", {
          x: t(0), y: top + i * GAP + 22, width: t(value) - t(0), height: BAR,
          style: `fill:var(--${role})`,
        }),
      ]),
      svg("path", {
        d: `M${t(now.least_forward)},${top + 20}V${top + 24 + BAR}`,
        style: "stroke:var(--ink);stroke-width:2;stroke-dasharray:3 3",
      }),
    );
  }

  const changed = () => say(update());
  for (const input of [aInput, meanInput, sdInput]) input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("directions", compute, mount);
