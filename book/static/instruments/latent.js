// A map of codes: move over it, and a small decoder, computed in the page, draws what it sees there.
// Its Python twin is lecture_utils/figures/instruments/latent.py.
import { scaleLinear } from "d3-scale";
import { minus, onWidth, panel, register, row, slider, svg, tell, text } from "./_instrument.js";

/** Nothing overflows, and nothing cancels. */
function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

/** The probability of every pixel to be on: layers with SiLU between them, a sigmoid at the end. */
export function compute({ z, layers }) {
  let values = z;
  layers.forEach(({ weight, bias }, number) => {
    const input = number ? values.map((x) => x * sigmoid(x)) : values;
    values = weight.map((line, i) => line.reduce((sum, w, j) => sum + w * input[j], 0) + bias[i]);
  });
  return { pixels: values.map(sigmoid) };
}

const GAP = 28, BELOW = 30;

const signed = (x) => minus(x.toFixed(2));

function mount(place, settings) {
  const { layers, codes, labels, side, start, reach, step, neighbors } = settings;
  const range = [-reach, reach];
  const [first, firstOutput] = slider(place, "first", range, step, start[0]);
  const [second, secondOutput] = slider(place, "second", range, step, start[1]);
  const { picture, stage, readout, say } = panel(
    place, "a map of codes and their pictures",
    [row("first number", first, firstOutput), row("second number", second, secondOutput)],
    { style: "touch-action:pan-y;cursor:crosshair;user-select:none" },
  );
  let width = 0, map = null, mark = null, cells = [];

  /** The labels of the nearest codes, the most frequent first. */
  function nearby(z) {
    const far = codes.map(([x, y], i) => [(x - z[0]) ** 2 + (y - z[1]) ** 2, i]);
    far.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const counts = new Map();
    for (const [, i] of far.slice(0, neighbors)) {
      counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]).map(([l, n]) => `${l} (${n})`).join(", ");
  }

  function update() {
    const z = [Number(first.value), Number(second.value)];
    tell(first, firstOutput, signed(z[0]));
    tell(second, secondOutput, signed(z[1]));
    const { pixels } = compute({ z, layers });
    const ink = pixels.reduce((a, b) => a + b, 0);
    readout.textContent =
      `At z = (${signed(z[0])}, ${signed(z[1])}) the decoder expects ${ink.toFixed(1)} ` +
      `pixels of ink. The nearest codes belong to: ${nearby(z)}.`;
    picture.setAttribute("aria-label", readout.textContent);
    if (map) {
      mark.replaceChildren(...cross(z));
      cells.forEach((cell, i) => { cell.style.fillOpacity = pixels[i].toFixed(3); });
    }
    return readout.textContent;
  }

  const cross = ([x, y]) => {
    const [low, high] = [map.x(-reach), map.x(reach)];
    const line = "stroke:var(--adversarial);stroke-opacity:.5";
    return [
      svg("path", { d: `M${low},${map.y(y)}H${high}`, style: line }),
      svg("path", { d: `M${map.x(x)},${map.y(reach)}V${map.y(-reach)}`, style: line }),
      svg("circle", { cx: map.x(x), cy: map.y(y), r: 6, style: "fill:var(--adversarial)" }),
    ];
  };

  function draw() {
    const beside = width >= 480;
    const size = beside ? Math.min(320, (width - GAP) * 0.54) : Math.min(320, width);
    const shown = beside ? Math.min(size, width - size - GAP) : Math.min(220, width);
    map = {
      x: scaleLinear([-reach, reach], [0, size]), y: scaleLinear([-reach, reach], [size, 0]),
    };
    const inside = codes.map((c, i) => [c, labels[i]])
      .filter(([c]) => Math.max(...c.map(Math.abs)) < reach * 0.97);
    const left = beside ? size + GAP : 0;
    const top = beside ? 0 : size + BELOW + 8;
    const cell = shown / side;
    cells = Array.from({ length: side * side }, (_, i) => svg("rect", {
      x: left + (i % side) * cell, y: top + Math.floor(i / side) * cell,
      width: cell + 0.3, height: cell + 0.3, style: "fill:var(--ink)",
    }));
    mark = svg("g");
    picture.setAttribute("width", width);
    picture.setAttribute("height", (beside ? size : top + shown) + (beside ? BELOW : 4));
    picture.replaceChildren(
      svg("rect", {
        x: 0.5, y: 0.5, width: size - 1, height: size - 1, "data-map": "",
        style: "fill:var(--paper);stroke:var(--edge)",
      }),
      ...inside.map(([[x, y], label]) =>
        text(map.x(x), map.y(y) + 4, label, "latent", "middle", 12)),
      mark,
      text(size / 2, size + 20, "→ first number, ↑ second number", "soft", "middle", 14),
      svg("rect", {
        x: left + 0.5, y: top + 0.5, width: shown - 1, height: shown - 1,
        style: "fill:none;stroke:var(--edge)",
      }),
      ...cells,
    );
  }

  const changed = () => say(update());
  for (const input of [first, second]) input.addEventListener("input", changed);

  /** A pointer on the map moves both sliders. */
  function point(event) {
    const box = picture.getBoundingClientRect();
    const x = map.x.invert(event.clientX - box.left), y = map.y.invert(event.clientY - box.top);
    if (Math.max(Math.abs(x), Math.abs(y)) > reach * 1.02) return;
    first.value = x;
    second.value = y;
    changed();
  }
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    point(event);
  });
  picture.addEventListener("pointermove", (event) => { if (event.buttons) point(event); });

  onWidth(stage, (w) => { width = w - 2; draw(); update(); });
  update();
}

register("latent", compute, mount);
