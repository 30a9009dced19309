// A face of genes: what the pixels that are seen say about each gene, by listing all genotypes.
// Its Python twin is lecture_utils/figures/instruments/genes.py.
import { html, onWidth, panel, register, row, slider, svg, text } from "./_instrument.js";

/** The posterior over all genotypes, given the pixels that are seen, and what follows from it.
 *
 * `pixels` holds for each pixel [the genes it depends on, its chance of ink for each setting of
 * them, in the order of counting]. Noise turns a pixel over with that probability.
 */
export function compute({ prior, pixels, x, seen, noise }) {
  const size = prior.length;
  // log p(z, seen pixels) for each genotype; gene 0 is the first bit of the number
  const scores = Array.from({ length: 2 ** size }, (_, z) =>
    prior.reduce((sum, p, g) => sum + Math.log(bit(z, g, size) ? p : 1 - p), 0));
  pixels.forEach(([genes, ink], d) => {
    if (!seen[d]) return; // summed out: its two chances add to 1
    const logs = ink.map((p) => {
      const on = p + noise - 2 * p * noise;
      return Math.log(x[d] ? on : 1 - on);
    });
    scores.forEach((_, z) => {
      scores[z] += logs[genes.reduce((at, g) => 2 * at + bit(z, g, size), 0)];
    });
  });
  const top = Math.max(...scores);
  const weights = scores.map((s) => Math.exp(s - top));
  const total = weights.reduce((a, b) => a + b, 0);
  const share = weights.map((w) => w / total);
  return {
    genes: prior.map((_, g) => share.reduce((sum, p, z) => sum + p * bit(z, g, size), 0)),
    entropy: share.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0),
    best: Math.max(...share),
    evidence: total * Math.exp(top),
  };
}

const bit = (z, g, size) => (z >> (size - 1 - g)) & 1;

/** Numbers in [0, 1) from a seed, the same in every browser and in Python ("mulberry32"). */
export function dice(seed, count) {
  let a = seed;
  return Array.from({ length: count }, () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  });
}

const ROW = 25, FACE = 196, NAMES = 78, NUMBER = 50;
const percent = (p) => {
  const digits = p < 0.1 || p > 0.9 ? 1 : 0;
  const text = (100 * p).toFixed(digits);
  return p > 0.9995 ? "> 99.9 %" : p < 0.0005 ? "< 0.1 %" : `${text} %`;
};

function mount(place, { genes, prior, side, paper, pixels, covers, person, noise, photos }) {
  const size = genes.length;
  const box = (group, name, checked) => {
    const field = html("input", {
      type: "checkbox", id: `${place.id}-${group}-${name}`, autocomplete: "off",
      style: "flex:none;min-width:0;width:1.1rem",
    });
    field.checked = checked;
    return [field, html(
      "label",
      { for: field.id, style: "display:inline-flex;gap:.4rem;align-items:center" },
      field,
      name,
    )];
  };
  const group = (words, boxes) => html(
    "div",
    {
      class: "xp-row", role: "group", "aria-label": words,
      style: "flex-wrap:wrap;gap:.1rem .95rem",
    },
    html("span", { style: "flex:0 0 4.6rem;color:var(--soft)" }, words),
    ...boxes.map(([, label]) => label),
  );
  const geneBoxes = genes.map((name, g) => box("gene", name, person[g] === 1));
  const coverBoxes = Object.keys(covers).map((name) => box("cover", name, false));
  const [noiseInput, output] = slider(place, "noise", [0, 0.4], 0.01, noise);
  const photo = html(
    "select",
    { id: `${place.id}-photo`, autocomplete: "off" },
    ...Array.from({ length: photos }, (_, i) => html("option", { value: i + 1 }, String(i + 1))),
  );
  const { picture, stage, readout, say } = panel(
    place, "the posterior of eight genes, given a face", [
      group("genes", geneBoxes), group("covered", coverBoxes), row("noise", noiseInput, output),
      row("photo number", photo),
    ],
  );
  let width = 0;

  function update() {
    const z = geneBoxes.map(([field]) => (field.checked ? 1 : 0));
    const hidden = coverBoxes.flatMap(([field], i) =>
      field.checked ? [Object.values(covers)[i]] : []);
    const flip = +noiseInput.value;
    const tosses = dice(+photo.value, side * side);
    const face = tosses.map((u) => u < paper + flip - 2 * paper * flip);
    pixels.forEach(([d, of, ink]) => {
      const p = ink[of.reduce((at, g) => 2 * at + z[g], 0)];
      face[d] = tosses[d] < p + flip - 2 * p * flip;
    });
    const covered = (d) => hidden.some(([top, bottom, left, right]) => {
      const [r, c] = [Math.floor(d / side), d % side];
      return top <= r && r < bottom && left <= c && c < right;
    });
    const now = compute({
      prior,
      pixels: pixels.map(([, of, ink]) => [of, ink]),
      x: pixels.map(([d]) => (face[d] ? 1 : 0)),
      seen: pixels.map(([d]) => !covered(d)),
      noise: flip,
    });
    output.textContent = `${Math.round(100 * flip)} %`;
    noiseInput.setAttribute("aria-valuetext", `${output.textContent} of the pixels turned over`);
    const open = genes.flatMap((name, g) =>
      now.genes[g] > 0.01 && now.genes[g] < 0.99 ? [`${name} ${percent(now.genes[g])}`] : []);
    readout.textContent =
      (open.length ? `Open: ${open.join(", ")}. ` : "Every gene is at least 99 % sure. ") +
      `The posterior's entropy is ${now.entropy.toFixed(2)} nats; its best genotype has ` +
      `${percent(now.best)}.`;
    picture.setAttribute("aria-label", `A face and what it says about its genes. ${readout.textContent}`);
    if (width) draw(z, face, hidden, now);
    return readout.textContent;
  }

  function draw(z, face, hidden, now) {
    const stacked = width < 430;
    const left = stacked ? 0 : FACE + 28, top = stacked ? FACE + 16 : 6;
    const start = left + NAMES, end = width - NUMBER - 14;
    const bar = Math.max(end - start, 40), cell = FACE / side;
    const ink = face.flatMap((on, d) => (on
      ? [`M${(d % side) * cell},${Math.floor(d / side) * cell}h${cell}v${cell}h${-cell}z`] : []));
    picture.setAttribute("width", width);
    picture.setAttribute("height", stacked ? top + ROW * size + 6 : Math.max(FACE, top + ROW * size) + 6);
    picture.replaceChildren(
      // a picture keeps its white card in the dark
      svg("rect", { width: FACE, height: FACE, style: "fill:#fff;stroke:var(--line)" }),
      svg("path", { d: ink.join(""), style: "fill:#1c2128" }),
      ...hidden.map(([a, b, c, d]) => svg("rect", {
        x: c * cell, y: a * cell, width: (d - c) * cell, height: (b - a) * cell,
        style: "fill:#dfe2e8;stroke:#828997",
      })),
      ...genes.flatMap((name, g) => {
        const y = top + ROW * g, p = now.genes[g];
        return [
          text(start - 8, y + 16, name, z[g] ? "ink" : "soft", "end"),
          svg("rect", {
            x: start, y: y + 3, width: bar, height: ROW - 8, style: "fill:none;stroke:var(--line)",
          }),
          svg("rect", {
            x: start, y: y + 3, width: bar * p, height: ROW - 8, style: "fill:var(--latent)",
          }),
          svg("path", {
            d: `M${start + bar * prior[g]},${y}v${ROW - 2}`,
            style: "stroke:var(--edge);stroke-width:2.5",
          }),
          svg("circle", { // the truth: right end if the gene is on, left end if it is off
            cx: start + bar * z[g], cy: y + ROW / 2 - 1, r: 4.5,
            style: "fill:var(--adversarial);stroke:var(--paper)",
          }),
          text(width - 2, y + 16, percent(p), "ink", "end"),
        ];
      }),
    );
  }

  const changed = () => say(update());
  [...geneBoxes, ...coverBoxes].forEach(([field]) => field.addEventListener("change", changed));
  noiseInput.addEventListener("input", changed);
  photo.addEventListener("change", changed);
  onWidth(stage, (w) => { width = w; update(); });
  update();
}

register("genes", compute, mount);
