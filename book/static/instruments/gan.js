// Fakes slid across the data: the best detective, the divergence, and both slopes of the forger.
// Its Python twin is lecture_utils/figures/instruments/gan.py.
import { scaleLinear } from "d3-scale";
import { minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

const T = Array.from({ length: 901 }, (_, i) => i / 100);
const EVEN = T.map((t, i) =>
  Math.exp((-t * t) / 2 - 0.5 * Math.log(2 * Math.PI)) / 100 / (i ? 1 : 2));

const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
const logit = (x, shift, sd) => ((x - shift) / sd) ** 2 / 2 - (x * x) / 2 + Math.log(sd);

/** A sum over the grid; what rounding loses is carried along (Kahan). */
function sum(f) {
  let total = 0, lost = 0;
  T.forEach((t, i) => {
    const term = EVEN[i] * f(t) - lost;
    const next = total + term;
    lost = next - total - term;
    total = next;
  });
  return total;
}

/** D* at the center of the fakes, the divergence, and the slopes of both losses in the shift. */
export function compute({ shift, sd }) {
  const logD = (x) => -softplus(-logit(x, shift, sd));
  const logNotD = (x) => -softplus(logit(x, shift, sd));
  const mean = (f, at, wide) => sum((t) => f(at + wide * t) + f(at - wide * t) + 2 * Math.log(2));
  const slope = (f) => sum((t) => t * (f(shift + sd * t) - f(shift - sd * t))) / sd;
  return {
    fake: 1 / (1 + Math.exp((shift * shift) / 2 - Math.log(sd))),
    jsd: (mean(logD, 0, 1) + mean(logNotD, shift, sd)) / 2,
    minmax: slope(logNotD),
    other: -slope(logD),
  };
}

const PICTURE = 220, BARS = 96, TOP = 34, BASE = 26, REACH = 10;
const GRID = Array.from({ length: 401 }, (_, i) => -REACH + (i * 2 * REACH) / 400);
const bell = (x, m, s) => Math.exp(-(((x - m) / s) ** 2) / 2) / (s * Math.sqrt(2 * Math.PI));

function mount(place, prepared) {
  const { ranges } = prepared;
  const [shiftInput, shiftOutput] = slider(place, "shift", ranges.shift, 0.05, prepared.shift);
  const [sdInput, sdOutput] = slider(place, "sd", ranges.sd, 0.05, prepared.sd);
  const { picture, stage, readout, say } = panel(
    place, "the two slopes of the generator",
    [row("fakes at", shiftInput, shiftOutput), row("width of q", sdInput, sdOutput)],
    { height: PICTURE + BARS },
  );
  let width = 0;

  function update() {
    const shift = Number(shiftInput.value), sd = Number(sdInput.value);
    const now = compute({ shift, sd });
    tell(shiftInput, shiftOutput, minus(shift.toFixed(2)));
    tell(sdInput, sdOutput, sd.toFixed(2));
    readout.textContent =
      `At the center of the fakes D* = ${now.fake.toPrecision(2)}. JSD = ${now.jsd.toFixed(4)} ` +
      `of at most 0.6931 nats. Slope of log(1 − D*) in the shift: ` +
      `${minus(now.minmax.toFixed(4))}; of −log D*: ${minus(now.other.toFixed(3))}.`;
    picture.setAttribute(
      "aria-label",
      `Data at 0 and fakes at ${minus(shift.toFixed(2))}. ${readout.textContent}`,
    );
    if (width) draw(shift, sd, now);
    return readout.textContent;
  }

  function draw(shift, sd, now) {
    const x = scaleLinear([-REACH, REACH], [0, width]);
    const y = scaleLinear([0, 1.05], [PICTURE - BASE, TOP]).clamp(true);
    const path = (f) =>
      "M" + GRID.map((g) => `${x(g).toFixed(1)},${y(f(g)).toFixed(1)}`).join("L");
    const hill = (m, s, color) =>
      svg("path", {
        d: `${path((g) => bell(g, m, s))}L${width},${y(0)}L0,${y(0)}Z`,
        style: `fill:var(--${color});fill-opacity:.3;stroke:var(--${color})`,
      });
    const left = 104, size = scaleLinear([0, 8.5], [0, width - left - 84]).clamp(true);
    const bar = (top, words, value, color) => [
      text(0, top + 17, words, "ink", "start"),
      svg("rect", {
        x: left, y: top, width: Math.max(size(Math.abs(value)), 1), height: 24,
        style: `fill:var(--${color})`,
      }),
      text(left + size(Math.abs(value)) + 8, top + 17, minus(value.toFixed(4)), "ink", "start"),
    ];
    picture.setAttribute("width", width);
    picture.replaceChildren(
      hill(0, 1, "likelihood"), hill(shift, sd, "adversarial"),
      svg("path", {
        d: path((g) => Math.exp(-softplus(-logit(g, shift, sd)))),
        style: "fill:none;stroke:var(--ink);stroke-width:2",
      }),
      svg("path", { d: `M0,${y(0)}H${width}`, style: "stroke:var(--edge)" }),
      ...[-8, -4, 0, 4, 8].map((v) => text(x(v), PICTURE - 8, minus(String(v)), "soft")),
      text(0, 18, "blue: data", "likelihood", "start"),
      text(width / 2, 18, "orange: fakes", "adversarial"),
      text(width, 18, "line: D*", "ink", "end"),
      ...bar(PICTURE + 8, "log(1 − D*)", now.minmax, "slate"),
      ...bar(PICTURE + 46, "−log D*", now.other, "adversarial"),
    );
  }

  const changed = () => say(update());
  for (const input of [shiftInput, sdInput]) input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("gan", compute, mount);
