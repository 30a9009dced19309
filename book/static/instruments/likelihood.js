// A coin's likelihood beside its log-likelihood.
// Its Python twin is lecture_utils/figures/instruments/likelihood.py.
import { scaleLinear } from "d3-scale";
import { minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** log p of the days; 0 log 0 is 0: what never happened costs nothing. */
function logLikelihood(snowy, clear, theta) {
  const snow = snowy ? snowy * Math.log(theta) : 0;
  return snow + (clear ? clear * Math.log1p(-theta) : 0);
}

/** Likelihood (0 where no number of 64 bits is as small) and log-likelihood, here and at the top. */
export function compute({ snowy, clear, theta }) {
  const best = snowy / (snowy + clear);
  const here = logLikelihood(snowy, clear, theta);
  const there = logLikelihood(snowy, clear, best);
  return {
    log_likelihood: here,
    likelihood: Math.exp(here),
    best,
    best_log_likelihood: there,
    best_likelihood: Math.exp(there),
  };
}

const PANEL = 200, TOP = 34, BOTTOM = 40, GAP = 36, SIDE = 8;
const GRID = Array.from({ length: 400 }, (_, i) => (i + 0.5) / 400);

/** 0.0022 as "2.2e−3", with a true minus sign. */
function number(x) {
  if (x === 0 || x >= 1e-3) return String(Number(x.toPrecision(2)));
  return minus(x.toExponential(1));
}

const nats = (x) => minus(x.toFixed(1));

function mount(place, { choices, days, snowy, theta, range, depth }) {
  const [daysInput, daysOutput] =
    slider(place, "days", [0, choices.length - 1], 1, choices.indexOf(days));
  const [snowyInput, snowyOutput] = slider(place, "snowy", [0, 10], 1, snowy);
  const [thetaInput, thetaOutput] = slider(place, "theta", range, 0.01, theta);
  const { picture, stage, readout, say } = panel(place, "likelihood against log-likelihood", [
    row("days", daysInput, daysOutput),
    row("snowy of ten", snowyInput, snowyOutput),
    row("θ", thetaInput, thetaOutput),
  ]);
  let width = 0;

  function update() {
    const n = choices[daysInput.value];
    const snow = (n / 10) * Number(snowyInput.value);
    const t = Number(thetaInput.value);
    const now = compute({ snowy: snow, clear: n - snow, theta: t });
    tell(daysInput, daysOutput, String(n));
    tell(snowyInput, snowyOutput, snowyInput.value);
    tell(thetaInput, thetaOutput, t.toFixed(2));
    const zero = now.likelihood === 0 ? " (too small for your machine)" : "";
    readout.textContent =
      `${snow} of ${n} days with snow. At θ = ${t.toFixed(2)}: likelihood ` +
      `${number(now.likelihood)}${zero}, log-likelihood ${nats(now.log_likelihood)} nats. ` +
      `Best: θ = ${now.best.toFixed(2)}, with ${number(now.best_likelihood)} and ` +
      `${nats(now.best_log_likelihood)} nats.`;
    picture.setAttribute("aria-label", readout.textContent);
    if (width) draw(n, snow, t, now);
    return readout.textContent;
  }

  function draw(n, snow, t, now) {
    const beside = width >= 540;
    const across = beside ? (width - GAP) / 2 : width;
    const logs = GRID.map((g) => logLikelihood(snow, n - snow, g));
    const height = beside ? PANEL : 2 * PANEL;
    const tall = now.best_likelihood;
    const note = tall === 0 ? "0 everywhere" : `top ${number(tall)}`;
    picture.setAttribute("width", width);
    picture.setAttribute("height", height);
    picture.replaceChildren(
      ...plot(0, 0, across, {
        title: "likelihood", note, low: 0, high: tall || 1, values: logs.map(Math.exp),
        at: t, value: now.likelihood, best: now.best,
      }),
      ...plot(beside ? across + GAP : 0, beside ? 0 : PANEL, across, {
        title: "log-likelihood", note: `from −${depth * n} to 0 nats`,
        low: -depth * n, high: 0, values: logs, at: t, value: now.log_likelihood, best: now.best,
      }),
    );
  }

  function plot(left, top, across, { title, note, low, high, values, at, value, best }) {
    const x = scaleLinear([0, 1], [left + SIDE, left + across - SIDE]);
    const y = scaleLinear([low, high], [top + PANEL - BOTTOM, top + TOP]).clamp(true);
    const points = GRID.map((g, i) => [g, values[i]]).filter(([, v]) => v >= low);
    const path = points.map(([g, v]) => `${x(g).toFixed(1)},${y(v).toFixed(1)}`).join("L");
    const base = top + PANEL - BOTTOM;
    return [
      svg("path", { d: `M${x(0)},${base}H${x(1)}`, style: "stroke:var(--edge)" }),
      svg("path", {
        d: `M${x(best)},${base}V${top + TOP}`,
        style: "stroke:var(--edge);stroke-dasharray:2 4",
      }),
      ...[0, 0.5, 1].map((tick) =>
        text(x(tick), base + 18, String(tick), "soft", ["start", "middle", "end"][tick * 2])),
      text(x(0.25), base + 18, "θ", "soft", "middle"),
      svg("path", { d: `M${path}`, style: "fill:none;stroke:var(--likelihood);stroke-width:2" }),
      svg("circle", { cx: x(at), cy: y(value), r: 5, style: "fill:var(--adversarial)" }),
      text(x(0), top + 16, title, "ink", "start"),
      text(x(1), top + 16, note, "soft", "end"),
    ];
  }

  const changed = () => say(update());
  for (const input of [daysInput, snowyInput, thetaInput]) input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("likelihood", compute, mount);
