// The split of a bound: reconstruction, rate and gap of a Gaussian guess about z ~ N(0, 1), when
// x = z + noise is seen. Its Python twin is lecture_utils/figures/instruments/elbo.py.
import { scaleLinear } from "d3-scale";
import { minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** KL(N(mean, sd^2) || N(center, width^2)) in nats. */
function divergence(mean, sd, center, width) {
  const ratio = (sd / width) ** 2;
  return 0.5 * (((mean - center) / width) ** 2 + ratio - 1 - Math.log(ratio));
}

/** The three terms of log p(x) = rec - rate + gap, each computed on its own. */
export function compute({ x, noise, mean, sd }) {
  const total = 1 + noise ** 2; // the variance of x
  const center = x / total, width = noise / Math.sqrt(total);
  const rec =
    -0.5 * Math.log(2 * Math.PI * noise ** 2) - ((x - mean) ** 2 + sd ** 2) / (2 * noise ** 2);
  const rate = divergence(mean, sd, 0, 1);
  return {
    rec,
    rate,
    gap: divergence(mean, sd, center, width),
    elbo: rec - rate,
    log_px: -0.5 * Math.log(2 * Math.PI * total) - x ** 2 / (2 * total),
    posterior_mean: center,
    posterior_sd: width,
  };
}

const TOP = 24, HILLS = 150, BASE = 26, BAR = 20, STEP = 46, FOOT = 30;
const Z = Array.from({ length: 300 }, (_, i) => -3.5 + (8.5 * i) / 299);

/** Two digits, with a true minus sign and without a negative zero. */
function nats(value) {
  const words = value.toFixed(2);
  return words === "-0.00" ? "0.00" : minus(words);
}

function mount(place, { x: seen, noise, mean, sd, means, widths, least }) {
  const [meanInput, meanOutput] = slider(place, "mean", means, 0.01, mean);
  const [sdInput, sdOutput] = slider(place, "sd", widths, 0.01, sd);
  const height = HILLS + BASE + 3 * STEP + FOOT;
  const { picture, stage, readout, say } = panel(
    place, "the terms of the bound for a guess q",
    [row("mean of q", meanInput, meanOutput), row("width of q", sdInput, sdOutput)], { height },
  );
  let width = 0;

  function update() {
    const m = Number(meanInput.value), s = Number(sdInput.value);
    const now = compute({ x: seen, noise, mean: m, sd: s });
    tell(meanInput, meanOutput, nats(m));
    tell(sdInput, sdOutput, nats(s));
    readout.textContent =
      `Reconstruction ${nats(now.rec)}, minus rate ${nats(now.rate)}, makes the ELBO ` +
      `${nats(now.elbo)}. Plus gap ${nats(now.gap)}, makes log p(x) = ${nats(now.log_px)} nats.`;
    picture.setAttribute(
      "aria-label",
      `Guess with mean ${nats(m)} and width ${nats(s)}; the posterior has ` +
        `${nats(now.posterior_mean)} and ${nats(now.posterior_sd)}. ${readout.textContent}`,
    );
    if (width) draw(m, s, now);
    return readout.textContent;
  }

  function draw(m, s, now) {
    const z = scaleLinear([-3.5, 5], [0, width]);
    const y = scaleLinear([0, 1.15], [HILLS - TOP, 0]); // a narrow hill is cut off at the top
    const bell = (center, sigma) => (v) =>
      Math.exp(-0.5 * ((v - center) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));
    const hill = (f, style) =>
      svg("path", {
        d: `M${Z.map((v) => `${z(v).toFixed(1)},${y(f(v)).toFixed(1)}`).join("L")}`, style,
      });
    const line = (color, dash) =>
      `fill:none;stroke:var(--${color});stroke-width:2;stroke-dasharray:${dash}`;
    const t = scaleLinear([least, 0], [4, width - 4]);
    const top = HILLS + BASE;
    const bars = [
      ["rec", 0, now.rec, `reconstruction ${nats(now.rec)}`],
      ["rate", now.rec, now.elbo, `rate: ${nats(now.rate)} down`],
      ["gap", now.elbo, now.elbo + now.gap, `gap: ${nats(now.gap)} up`],
    ];
    picture.setAttribute("width", width);
    picture.replaceChildren(
      svg("path", { d: `M0,${HILLS}H${width}`, style: "stroke:var(--edge)" }),
      ...[-2, 0, 2, 4].map((v) => text(z(v), HILLS + 17, nats(v).replace(".00", ""), "soft", "middle")),
      svg(
        "svg",
        { y: TOP, width, height: HILLS - TOP },
        hill(bell(0, 1), line("rate", "7 5")),
        hill(bell(now.posterior_mean, now.posterior_sd), line("gap", "2 4")),
        hill(bell(m, s), line("latent", "none")),
      ),
      text(2, 15, "prior (dashes)", "rate", "start"),
      text(width / 2, 15, "posterior (dots)", "gap", "middle"),
      text(width - 2, 15, "q (line)", "latent", "end"),
      ...bars.flatMap(([role, from, to, words], i) => [
        text(4, top + i * STEP + 15, words, role, "start"),
        svg("rect", {
          x: Math.min(t(from), t(to)), y: top + i * STEP + 21,
          width: Math.abs(t(to) - t(from)), height: BAR, style: `fill:var(--${role})`,
        }),
      ]),
      svg("path", {
        d: `M${t(now.log_px)},${top + 2}V${top + 3 * STEP + 2}`,
        style: "stroke:var(--ink);stroke-width:2",
      }),
      text(t(now.log_px), top + 3 * STEP + 20, `log p(x) = ${nats(now.log_px)}`, "ink", "middle"),
    );
  }

  const changed = () => say(update());
  for (const input of [meanInput, sdInput]) input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("elbo", compute, mount);
