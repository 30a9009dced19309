// Joint table: two yes-or-no variables, made of p(x) and the two p(y | x); all else follows.
// Its Python twin is lecture_utils/figures/instruments/joint.py.
import { scaleLinear } from "d3-scale";
import { html, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** The table p(x, y), both marginals, and p(x | y); null where p(y) is 0. */
export function compute({ px, py_x }) {
  const joint = [
    [px * py_x[0], px * (1 - py_x[0])],
    [(1 - px) * py_x[1], (1 - px) * (1 - py_x[1])],
  ];
  const py = [0, 1].map((y) => joint[0][y] + joint[1][y]);
  return {
    joint,
    px: [px, 1 - px],
    py,
    px_y: joint.map((cells) => cells.map((p, y) => (py[y] > 0 ? p / py[y] : null))),
  };
}

const HEIGHT = 290, TOP = 26, BOTTOM = 30, GAP = 3;
const percent = (p) => (p === null ? "undefined" : `${(100 * p).toFixed(1)} %`);

function mount(place, { x, y, px, py_x, range }) {
  const made = [
    slider(place, "px", range, 0.01, px),
    slider(place, "first", [0, 1], 0.01, py_x[0]),
    slider(place, "second", [0, 1], 0.01, py_x[1]),
  ];
  const sliders = made.map(([input]) => input), outputs = made.map(([, output]) => output);
  const labels = [`p(${x[0]})`, `p(${y[0]} | ${x[0]})`, `p(${y[0]} | ${x[1]})`];
  const body = html("tbody");
  const head = ["", y[0], y[1], "p(x)"].map((name) => html("th", { scope: "col" }, name));
  const numbers = html(
    "table", { class: "table instrument-numbers" },
    html("thead", {}, html("tr", {}, ...head)), body,
  );
  const { picture, stage, say } = panel(
    place, "the joint table, its margins and conditionals",
    sliders.map((s, i) => row(labels[i], s, outputs[i])), { height: HEIGHT },
    html("div", { style: "overflow-x:auto;margin-top:1rem" }, numbers),
  );
  let width = 0;

  function update() {
    const [p, first, second] = sliders.map((s) => Number(s.value));
    const now = compute({ px: p, py_x: [first, second] });
    sliders.forEach((s, i) => tell(s, outputs[i], Number(s.value).toFixed(2)));
    const line = (name, values) =>
      html("tr", {}, html("th", { scope: "row" }, name), ...values.map((v) => html("td", {}, v)));
    body.replaceChildren(
      ...x.map((name, i) => line(name, [...now.joint[i], now.px[i]].map(percent))),
      line("p(y)", [...now.py.map(percent), "100.0 %"]),
      ...x.map((name, i) => line(`p(${name} | y)`, [...now.px_y[i].map(percent), ""])),
    );
    const words =
      `p(${x[0]}) ${percent(p)}, p(${y[0]}) ${percent(now.py[0])}, ` +
      `p(${y[0]} | ${x[0]}) ${percent(first)}, p(${x[0]} | ${y[0]}) ${percent(now.px_y[0][0])}.`;
    picture.setAttribute("aria-label", `Four areas for the four cells of the table. ${words}`);
    if (width) draw(now, [first, second]);
    return words;
  }

  function draw(now, heights) {
    const slice = Math.min(120, width / 4), space = Math.min(90, width / 6);
    const across = scaleLinear([0, 1], [0, width - slice - space]);
    const up = scaleLinear([0, 1], [HEIGHT - BOTTOM, TOP]);
    // One area, and its name where there is room for it.
    const area = (left, right, low, high, color, name, ink) => {
      const [w, h] = [right - left - GAP, up(low) - up(high) - GAP];
      const box = svg("rect", {
        x: left + GAP / 2, y: up(high) + GAP / 2, width: Math.max(w, 0), height: Math.max(h, 0),
        style: `fill:var(--${color})`,
      });
      const fits = h > 20 && w > 8.5 * name.length;
      return fits ? [box, text((left + right) / 2, (up(low) + up(high)) / 2 + 5, name, ink)] : [box];
    };
    const colors = ["likelihood", "slate"];
    const edges = [across(0), across(now.px[0]), across(1)];
    const marks = x.flatMap((name, i) => [
      ...area(edges[i], edges[i + 1], 0, heights[i], colors[i], percent(now.joint[i][0]), "paper"),
      ...area(edges[i], edges[i + 1], heights[i], 1, "line", percent(now.joint[i][1]), "ink"),
    ]);
    const right = across(1);
    const named = x.flatMap((name, i) => {
      const wide = edges[i + 1] - edges[i] > 8.5 * name.length;
      return wide ? [text((edges[i] + edges[i + 1]) / 2, HEIGHT - 8, name, "soft")] : [];
    });
    const share = now.px_y[0][0];
    const cut = share === null
      ? [text(width - slice / 2, HEIGHT / 2, "nothing", "soft")]
      : [
        ...area(width - slice, width, 0, share, colors[0], percent(share), "paper"),
        ...area(width - slice, width, share, 1, colors[1], percent(1 - share), "paper"),
      ];
    const arrow = `M${right + 12},${HEIGHT / 2}H${width - slice - 14}m-7,-6l8,6l-8,6`;
    picture.setAttribute("width", width);
    picture.replaceChildren(
      ...marks, ...named, ...cut,
      svg("path", { d: arrow, style: "fill:none;stroke:var(--soft);stroke-width:1.5" }),
      text(0, 15, `colored: ${y[0]}, gray: ${y[1]}`, "soft", "start"),
      text(width, 15, `p(x | ${y[0]})`, "soft", "end"),
      text(width - slice / 2, HEIGHT - 8, y[0], "soft"),
    );
  }

  sliders.forEach((s) => s.addEventListener("input", () => say(update())));
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("joint", compute, mount);
