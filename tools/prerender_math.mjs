// Typeset every formula of a built site, so that its pages need no mathematics script:
//   node tools/prerender_math.mjs SITE NODE_MODULES CACHE < macros.json
// Formulas become MathJax's CHTML with assistive MathML; SITE/_static/mathjax.css holds the rules
// in use. CACHE (a JSON file) remembers formulas, so that a second build typesets only new ones.
import fs from "node:fs";
import path from "node:path";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const [site, nodeModules, cacheFile] = process.argv.slice(2);
const macros = JSON.parse(fs.readFileSync(0, "utf8") || "{}");
const require = createRequire(path.resolve(nodeModules, "here.js"));
const version = require("mathjax/package.json").version;
const FONTS = "mathjax/fonts";

// --- formulas --------------------------------------------------------------------------------

let engine = null;

/** MathJax, started when the first new formula is met. */
async function mathjax() {
  engine ??= await require("mathjax").init({
    loader: { load: ["input/tex-full", "output/chtml", "a11y/assistive-mml"] },
    tex: {
      macros,
      packages: { "[-]": ["noerrors", "noundefined"] },
      formatError: (_, error) => { throw error; },
    },
    chtml: { fontURL: FONTS, adaptiveCSS: false },
  });
  return engine;
}

const cache = fs.existsSync(cacheFile) ? JSON.parse(fs.readFileSync(cacheFile, "utf8")) : {};
const used = {};
const macrosText = JSON.stringify(macros);

const plain = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"')
  .replace(/&#(?:39|x27);/g, "'").replace(/&amp;/g, "&");

async function typeset(tex, display) {
  const key = createHash("sha256").update([version, macrosText, display, tex].join("\0")).digest("hex");
  if (!(key in used)) {
    used[key] = cache[key];
    if (used[key] === undefined) {
      const { startup } = await mathjax();
      used[key] = startup.adaptor.outerHTML(startup.document.convert(tex, { display, end: 1000 }));
    }
  }
  return used[key];
}

// --- pages -----------------------------------------------------------------------------------

// With the brackets and the punctuation that must not part from it at the end of a line.
const INLINE = /([(\[“‘]*<span class="math notranslate nohighlight">)\\\(([\s\S]*?)\\\)(<\/span>(?:[.,;:!?)\]”’%]|&#8217;)*)/g;
const BLOCK = /(<div class="math notranslate nohighlight"[^>]*>[\s\S]*?)\\\[([\s\S]*?)\\\](\s*<\/div>)/g;
const SCRIPT = /<script[^>]*mathjax[^>]*><\/script>\s*|<script>window\.MathJax = [\s\S]*?<\/script>\s*/gi;

const errors = [];
let formulas = 0;

async function replaceAll(text, pattern, display, page) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, before, tex, after] = match;
    formulas += 1;
    let html = "";
    try {
      html = await typeset(plain(tex).trim(), display);
    } catch (error) {
      errors.push(`${page}: ${error.message}\n    ${plain(tex).trim().slice(0, 200)}`);
    }
    const alone = display || (before.startsWith("<") && after.endsWith(">"));
    const [open, close] = alone ? ["", ""] : ['<span class="together">', "</span>"];
    parts.push(text.slice(end, match.index), open, before, html, after, close);
    end = match.index + whole.length;
  }
  return parts.join("") + text.slice(end);
}

const pages = fs.readdirSync(site, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".html")).map((name) => path.join(site, name));
for (const file of pages) {
  const source = fs.readFileSync(file, "utf8");
  const page = path.relative(site, file);
  let text = await replaceAll(source, BLOCK, true, page);
  text = await replaceAll(text, INLINE, false, page);
  text = text.replace(SCRIPT, "");
  if (text.includes("<mjx-container")) {
    const up = path.relative(path.dirname(file), site).split(path.sep).join("/") || ".";
    text = text.replace("</head>", `<link rel="stylesheet" href="${up}/_static/mathjax.css"></head>`);
  }
  if (text !== source) fs.writeFileSync(file, text);
}

// --- style sheet and fonts in use ------------------------------------------------------------

/** The whole style sheet of CHTML, from the cache when no formula was new. */
async function fullStyle() {
  const key = `css ${version}`;
  if (cache[key] === undefined) {
    const { startup } = await mathjax();
    cache[key] = startup.adaptor.textContent(engine.chtmlStylesheet());
  }
  used[key] = cache[key];
  return cache[key];
}

if (formulas && !errors.length) {
  const glyphs = new Set();
  for (const html of Object.values(used)) {
    for (const [glyph] of html.matchAll(/\bmjx-c[0-9A-F]+\b/g)) glyphs.add(glyph);
  }
  // A rule; its strings may hold braces of their own.
  const RULE = /[^{}]*\{(?:"(?:\\.|[^"\\])*"|[^{}"])*\}/g;
  const style = (await fullStyle()).replace(RULE, (rule) => {
    const glyph = rule.match(/\.(mjx-c[0-9A-F]+)\b[^{]*\{/);
    return glyph && !glyphs.has(glyph[1]) ? "" : rule;
  });
  const target = path.join(site, "_static", FONTS);
  fs.mkdirSync(target, { recursive: true });
  const origin = path.join(nodeModules, "mathjax/es5/output/chtml/fonts/woff-v2");
  for (const [, name] of style.matchAll(/\/([\w-]+\.woff)/g)) {
    fs.copyFileSync(path.join(origin, name), path.join(target, name));
  }
  fs.writeFileSync(path.join(site, "_static/mathjax.css"), style.replace(/\n\s*/g, "\n"));
}
fs.mkdirSync(path.dirname(cacheFile), { recursive: true });
fs.writeFileSync(cacheFile, JSON.stringify(used));
if (errors.length) {
  console.error(`${errors.length} formulas cannot be typeset:\n${errors.join("\n")}`);
  process.exit(1);
}
console.log(JSON.stringify({ formulas, pages: pages.length }));
