// Temperature: the distribution of the next token, p^(1/temperature) normalized again.
// Its Python twin is lecture_utils/figures/instruments/temperature.py.
import { scaleBand, scaleLinear } from "d3-scale";
import { html, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** The distribution at a temperature, its entropy in nats, perplexity and most likely outcome. */
export function compute({ probabilities, temperature }) {
  const logs = probabilities.map(Math.log);
  const largest = Math.max(...logs); // subtracted, so that nothing overflows at low temperatures
  const weights = logs.map((l) => Math.exp((l - largest) / temperature));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const q = weights.map((w) => w / total);
  const entropy = q.reduce((sum, x) => (x > 0 ? sum - x * Math.log(x) : sum), 0);
  return {
    probabilities: q,
    entropy,
    perplexity: Math.exp(entropy),
    most_likely: q.indexOf(Math.max(...q)),
  };
}

const HEIGHT = 250, TOP = 30, BOTTOM = 30;
const percent = (x) => `${(100 * x).toFixed(1)} %`;

function mount(place, { contexts, outcomes, start, context, range }) {
  const select = html(
    "select",
    { id: `${place.id}-context`, autocomplete: "off" },
    ...Object.keys(contexts).map((name) => html("option", { value: name }, name)),
  );
  select.value = context;
  // The slider moves the logarithm: half and double are equally far from 1, which it meets exactly.
  const ends = range.map((t) => Math.log10(t).toFixed(2));
  const [input, output] = slider(place, "temperature", ends, 0.01, Math.log10(start));
  const { picture, stage, readout, say } = panel(
    place, "temperature of the next-day distribution",
    [row("the days before", select), row("temperature", input, output)], { height: HEIGHT },
  );
  let width = 0;

  function update() {
    const temperature = Math.min(range[1], Math.round(100 * 10 ** input.value) / 100);
    const given = contexts[select.value];
    const now = compute({ probabilities: given, temperature });
    const before = compute({ probabilities: given, temperature: 1 });
    tell(input, output, temperature.toFixed(2));
    readout.textContent =
      `Entropy ${now.entropy.toFixed(2)} nats (${before.entropy.toFixed(2)} at temperature 1), ` +
      `perplexity ${now.perplexity.toFixed(2)}, most likely: ${outcomes[now.most_likely]}.`;
    const chances = outcomes.map((name, i) => `${name} ${percent(now.probabilities[i])}`);
    const words = `After ${select.value}, temperature ${output.textContent}: ${chances.join(", ")}.`;
    picture.setAttribute("aria-label", `${words} ${readout.textContent}`);
    if (width) draw(now.probabilities, before.probabilities);
    return `${words} ${readout.textContent}`;
  }

  function draw(now, before) {
    const x = scaleBand(outcomes, [0, width]).paddingInner(0.2).paddingOuter(0.1);
    const y = scaleLinear([0, 1], [HEIGHT - BOTTOM, TOP]);
    const half = x.bandwidth() / 2;
    const bar = (left, p, style) =>
      svg("rect", { x: left, y: y(p), width: half - 4, height: y(0) - y(p), style });
    const marks = outcomes.flatMap((name, i) => [
      bar(x(name) + 1, before[i], "fill:none;stroke:var(--edge);stroke-width:1.5"),
      bar(x(name) + half + 3, now[i], "fill:var(--likelihood)"),
      text(x(name) + half * 1.5 + 1, y(now[i]) - 7, percent(now[i]), "ink"),
      text(x(name) + half, HEIGHT - 8, name, "soft"),
    ]);
    picture.setAttribute("width", width);
    picture.replaceChildren(
      svg("path", { d: `M0,${y(0)}H${width}`, style: "stroke:var(--edge)" }),
      ...marks,
      text(0, 15, "outline: temperature 1, filled: this temperature", "soft", "start"),
    );
  }

  const changed = () => say(update());
  select.addEventListener("change", changed);
  input.addEventListener("input", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("temperature", compute, mount);
