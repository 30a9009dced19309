// The picture of the cover: faces drawn by rules from a few genes (nothing is learned here), and
// four ways to bring them about. One way for each attempt of the book, and one for the bridge.

const SIZE = 96; // pixels of one face
const ROUND = 9000; // milliseconds from one set of faces to the next
const START = 0.93; // the moment at which a still picture shows the whole passage

const SKIN = ["#f7d9c0", "#eab98f", "#c98a5b", "#96603a", "#643d24"];
const HAIR = ["#231c1c", "#523322", "#8b5a2e", "#d9b25a", "#b8502a", "#a9a9ad"];
const BACK = ["#dbe7ee", "#e3ead9", "#eee4d6", "#e6dfec", "#ebdcda", "#d8e6e2"];
const SHIRT = ["#2f5fa8", "#3e8a68", "#c7503f", "#7b5aa0", "#e2ac3c", "#eceff2"];
const EYES = ["#40617f", "#4d6b45", "#5a3b24"];
// Genes that flip; all others are lengths and angles, and glide.
const FLIPS = ["hair", "style", "mouth", "glasses", "shirt", "back", "beard", "skin", "eye"];
const STYLES = { bald: 0, short: 1, long: 2, curly: 3, bun: 4 };
const MOUTHS = { smile: 0, calm: 1, laugh: 2, oh: 3 };

// --- chance ------------------------------------------------------------------------------------

/** Uniform numbers in [0, 1) from a seed (mulberry32): everybody sees the same faces. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = uniform(8);
const pick = (list) => list[Math.floor(random() * list.length)];
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function drawGenes() {
  return {
    skin: pick(SKIN),
    hair: pick(HAIR),
    back: pick(BACK),
    shirt: pick(SHIRT),
    eye: pick(EYES),
    style: pick(Object.values(STYLES)),
    mouth: pick(Object.values(MOUTHS)),
    glasses: random() < 0.3,
    beard: random() < 0.22,
    width: 0.5 + 0.1 * random(),
    height: 0.6 + 0.1 * random(),
    apart: 0.19 + 0.07 * random(),
    eyeSize: 0.075 + 0.03 * random(),
    brow: (random() - 0.5) * 0.12,
    gaze: (random() - 0.5) * 0.05,
    tilt: (random() - 0.5) * 0.16,
  };
}

/** The genes on the way from p to q: lengths glide, the others flip one after the other. */
function between(p, q, t) {
  const genes = {};
  for (const name of Object.keys(p)) {
    const turn = FLIPS.indexOf(name);
    if (turn < 0) genes[name] = p[name] + t * (q[name] - p[name]);
    else genes[name] = t > (turn + 1) / (FLIPS.length + 1) ? q[name] : p[name];
  }
  return genes;
}

// --- one face ----------------------------------------------------------------------------------

const darker = (color, factor) => "#" + [1, 3, 5].map((i) =>
  Math.round(parseInt(color.slice(i, i + 2), 16) * factor).toString(16).padStart(2, "0")).join("");

function ellipse(g, x, y, a, b, color) {
  g.fillStyle = color;
  g.beginPath();
  g.ellipse(x, y, a, b, 0, 0, 2 * Math.PI);
  g.fill();
}

/** Clip to an ellipse (and to the half plane below `from`) while `paint` runs. */
function inside(g, a, b, paint) {
  g.save();
  g.beginPath();
  g.ellipse(0, 0, a, b, 0, 0, 2 * Math.PI);
  g.clip();
  paint();
  g.restore();
}

/** Paint a face on a square context; coordinates run from -1 to 1. */
function paintFace(g, f) {
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.fillStyle = f.back;
  g.fillRect(0, 0, SIZE, SIZE);
  g.translate(SIZE / 2, SIZE * 0.53);
  g.scale(SIZE / 2, SIZE / 2);
  ellipse(g, 0, 1.12, 0.74, 0.42, f.shirt);
  g.rotate(f.tilt);
  paintHairBehind(g, f);
  g.fillStyle = darker(f.skin, 0.84);
  g.fillRect(-0.15, 0.4, 0.3, 0.42);
  for (const side of [-1, 1]) ellipse(g, side * f.width, 0.04, 0.085, 0.12, darker(f.skin, 0.95));
  ellipse(g, 0, 0, f.width, f.height, f.skin);
  if (f.beard) paintBeard(g, f);
  if (f.style !== STYLES.bald) paintHairInFront(g, f);
  for (const side of [-1, 1]) paintEye(g, f, side);
  if (f.glasses) {
    g.beginPath();
    g.moveTo(-f.apart + 0.165, -0.08);
    g.lineTo(f.apart - 0.165, -0.08);
    g.stroke();
  }
  ellipse(g, 0, 0.12, 0.065, 0.05, darker(f.skin, 0.84));
  paintMouth(g, f);
}

function paintHairBehind(g, f) {
  if (f.style === STYLES.long) ellipse(g, 0, 0.1, f.width * 1.3, f.height * 1.2, darker(f.hair, 0.82));
  if (f.style === STYLES.curly) ellipse(g, 0, -0.18, f.width * 1.45, f.height * 1.1, f.hair);
  if (f.style === STYLES.bun) ellipse(g, 0, -0.8, 0.22, 0.19, f.hair);
}

function paintBeard(g, f) {
  inside(g, f.width, f.height, () => {
    g.beginPath();
    g.rect(-1, 0.14, 2, 1);
    g.clip();
    g.fillStyle = f.hair;
    g.beginPath();
    g.rect(-1, -1, 2, 2);
    g.ellipse(0, 0.12, f.width * 0.76, 0.4, 0, 0, 2 * Math.PI);
    g.fill("evenodd");
    for (const side of [-1, 1]) ellipse(g, side * 0.1, 0.245, 0.125, 0.05, f.hair);
  });
}

function paintHairInFront(g, f) {
  inside(g, f.width * 1.07, f.height * 1.07, () => {
    g.fillStyle = f.hair;
    g.beginPath();
    if (f.style === STYLES.long) {
      g.rect(-1, -1, 2, 1.3);
      g.clip();
      g.beginPath();
      g.rect(-1, -1, 2, 2);
      g.ellipse(0.08, 0.2, f.width * 0.92, f.height * 0.8, 0, 0, 2 * Math.PI);
      g.fill("evenodd");
      return;
    }
    g.moveTo(-1, -1);
    g.lineTo(1, -1);
    g.lineTo(1, -0.2);
    g.quadraticCurveTo(0.2, f.style === STYLES.short ? -0.5 : -0.36, -0.15, -0.38);
    g.quadraticCurveTo(-0.5, -0.34, -1, -0.1);
    g.fill();
  });
}

function paintEye(g, f, side) {
  const x = side * f.apart;
  ellipse(g, x, -0.06, f.eyeSize, f.eyeSize * 1.1, "#fff");
  ellipse(g, x + f.gaze, -0.055, f.eyeSize * 0.66, f.eyeSize * 0.72, f.eye);
  ellipse(g, x + f.gaze, -0.055, f.eyeSize * 0.36, f.eyeSize * 0.4, "#111");
  ellipse(g, x + f.gaze - 0.02, -0.085, 0.016, 0.016, "#fff");
  g.lineCap = "round";
  g.strokeStyle = darker(f.hair, 0.8);
  g.lineWidth = 0.05;
  g.beginPath();
  g.moveTo(x - 0.1, -0.24 - side * f.brow);
  g.lineTo(x + 0.1, -0.24 + side * f.brow);
  g.stroke();
  if (f.glasses) {
    g.strokeStyle = "#2c2f3a";
    g.lineWidth = 0.038;
    g.beginPath();
    g.arc(x, -0.055, 0.165, 0, 2 * Math.PI);
    g.stroke();
  }
}

function paintMouth(g, f) {
  g.strokeStyle = f.beard ? "#5b2026" : darker(f.skin, 0.48);
  g.lineWidth = 0.055;
  g.beginPath();
  if (f.mouth === MOUTHS.smile) {
    g.arc(0, 0.2, 0.2, 0.5, 2.64);
    g.stroke();
  } else if (f.mouth === MOUTHS.calm) {
    g.arc(0, 0.08, 0.3, 1.1, 2.04);
    g.stroke();
  } else if (f.mouth === MOUTHS.laugh) {
    g.fillStyle = "#7a1f2b";
    g.arc(0, 0.29, 0.19, 0, Math.PI);
    g.fill();
    g.fillStyle = "#fff";
    g.fillRect(-0.15, 0.29, 0.3, 0.05);
  } else {
    ellipse(g, 0, 0.37, 0.07, 0.085, "#7a1f2b");
  }
}

// --- four ways ---------------------------------------------------------------------------------

const ease = (t) => t * t * (3 - 2 * t);
const clamp = (t) => Math.max(0, Math.min(1, t));

/** Ways to fill `out`, the bytes of a face's image, at moment t in [0, 1] of its passage.
 *  `from` and `to` are the bytes of two faces, `noise(k, c)` fixed normal noise. */
const WAYS = {
  /* Variance preserving noise, there and back; another face comes home. */
  noise(out, { from, to, noise }, t) {
    const back = t > 0.5;
    const level = ease(clamp(back ? 2 - 2 * t : 2 * t)) * (Math.PI / 2);
    const face = back ? to : from;
    const [keep, blur] = [Math.cos(level), 44 * Math.sin(level)];
    for (let k = 0; k < out.length; k += 4) {
      for (let c = 0; c < 3; c++) {
        out[k + c] = 150 + keep * (face[k + c] - 150) + blur * noise(k, c);
      }
    }
  },

  /* One square after another, each given all the squares before it. */
  pixel(out, { from }, t) {
    const side = 8;
    const across = SIZE / side;
    const done = Math.floor(t * 1.12 * across * across);
    for (let k = 0; k < out.length; k += 4) {
      const p = k >> 2;
      const square = Math.floor(p / SIZE / side) * across + Math.floor((p % SIZE) / side);
      const drawing = square === done && t > 0;
      for (let c = 0; c < 3; c++) {
        if (drawing) out[k + c] = [31, 98, 200][c];
        else out[k + c] = square < done ? from[k + c] : 226 + c * 3;
      }
    }
  },

  /* A forger gets sharper, round by round; a rim means: caught. */
  duel(out, { from }, t) {
    const round = clamp(t * 1.15) * 6;
    const block = [32, 24, 16, 8, 4, 1, 1][Math.floor(round)];
    const caught = round < 5 && round % 1 < 0.35;
    const middle = (x) => Math.min(SIZE - 1, Math.floor(x / block) * block + (block >> 1));
    for (let k = 0; k < out.length; k += 4) {
      const y = Math.floor((k >> 2) / SIZE);
      const x = (k >> 2) % SIZE;
      const rim = caught && Math.min(x, y, SIZE - 1 - x, SIZE - 1 - y) < 4;
      const source = (middle(y) * SIZE + middle(x)) * 4;
      for (let c = 0; c < 3; c++) out[k + c] = rim ? [168, 80, 42][c] : from[source + c];
    }
  },
};

// --- the picture -------------------------------------------------------------------------------

/** Bring the cover's picture to life. With reduced motion it starts as a still. */
export function mountPicture(figure) {
  const canvas = figure.querySelector("canvas");
  const button = figure.querySelector(".play");
  const caption = figure.querySelector("figcaption");
  const columns = matchMedia("(max-width: 640px)").matches ? 6 : 12;
  const rows = 4;
  const count = columns * rows;
  const screen = canvas.getContext("2d");
  canvas.width = columns * SIZE;
  canvas.height = rows * SIZE;
  const tile = document.createElement("canvas");
  tile.width = tile.height = SIZE;
  const brush = tile.getContext("2d", { willReadFrequently: true });
  const image = screen.createImageData(SIZE, SIZE);
  image.data.fill(255);

  const noisePool = Float32Array.from({ length: SIZE * SIZE * 12 }, normal);
  const newFace = () => {
    const genes = drawGenes();
    paintFace(brush, genes);
    return { genes, bytes: brush.getImageData(0, 0, SIZE, SIZE).data };
  };
  const faces = Array.from({ length: count }, () => {
    const shift = Math.floor(random() * SIZE * SIZE * 8);
    // Noise in blocks of 4 x 4 pixels, so that it reads at any size.
    const noise = (k, c) => {
      const y = Math.floor((k >> 2) / SIZE);
      const x = (k >> 2) % SIZE;
      return noisePool[(shift + (y >> 2) * SIZE * 3 + (x >> 2) * 3 + c) % noisePool.length];
    };
    return { here: newFace(), next: newFace(), noise, round: 0 };
  });

  let way = "noise";
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let visible = true;
  let moment = START;
  let lastFrame = 0;

  // The passage runs over the columns, so that a still shows all of it from left to right.
  const lag = (i) => ((i % columns) / (columns - 1)) * 0.86 + Math.floor(i / columns) * 0.012;

  function draw() {
    faces.forEach((face, i) => {
      const at = moment - lag(i);
      const round = Math.floor(at);
      const t = clamp((at - round) / 0.78); // a face moves for part of a round, then rests
      if (round > face.round) {
        face.round = round;
        face.here = way === "noise" || way === "code" ? face.next : newFace();
        face.next = newFace();
      }
      const [x, y] = [(i % columns) * SIZE, Math.floor(i / columns) * SIZE];
      if (way === "code") {
        paintFace(brush, between(face.here.genes, face.next.genes, t));
        screen.drawImage(tile, x, y);
        return;
      }
      const given = { from: face.here.bytes, to: face.next.bytes, noise: face.noise };
      WAYS[way](image.data, given, t);
      screen.putImageData(image, x, y);
    });
  }

  function step(now) {
    if (!playing || !visible) {
      lastFrame = 0;
      return;
    }
    if (lastFrame) moment += (now - lastFrame) / ROUND;
    lastFrame = now;
    draw();
    requestAnimationFrame(step);
  }

  function start() {
    lastFrame = 0;
    requestAnimationFrame(step);
  }

  function showState() {
    button.setAttribute("aria-pressed", String(playing));
    button.textContent = playing ? "Pause" : "Play";
  }

  button.addEventListener("click", () => {
    playing = !playing;
    showState();
    if (playing) start();
  });
  figure.querySelectorAll("input").forEach((input) => input.addEventListener("change", () => {
    way = input.value;
    caption.textContent = input.dataset.text;
    moment = Math.floor(moment) + 1 + (playing ? 0 : START);
    faces.forEach((face) => { face.round = Math.floor(moment); });
    draw();
  }));
  new IntersectionObserver(([entry]) => {
    const appeared = entry.isIntersecting && !visible;
    visible = entry.isIntersecting;
    if (appeared && playing) start();
  }).observe(canvas);

  button.hidden = false;
  showState();
  draw();
  if (playing) start();
  canvas.dataset.ready = "1";
}
