// Reads a list of {where, tex, display} from standard input and typesets each formula with KaTeX
// (VS Code) and MathJax (JupyterLab, Colab). Prints a line for each one that is refused.
import { readFileSync } from "node:fs";
import katex from "katex";
import mathjax from "mathjax";

const formulas = JSON.parse(readFileSync(0, "utf8"));
const engine = await mathjax.init({
  loader: { load: ["input/tex-full", "output/svg"] },
  tex: { packages: { "[-]": ["noundefined", "noerrors"] } }, // they hide mistakes
});
const refuse = (who, { where, tex }, why) => console.log(`${where}: ${who}: ${why}: ${tex}`);

for (const formula of formulas) {
  const { tex, display } = formula;
  try {
    katex.renderToString(tex, { displayMode: display, strict: false });
  } catch (error) {
    refuse("KaTeX", formula, error.message);
  }
  const html = engine.startup.adaptor.outerHTML(engine.tex2svg(tex, { display }));
  if (html.includes("merror")) {
    refuse("MathJax", formula, html.match(/data-mjx-error="([^"]*)"/)?.[1] ?? "error");
  }
}
console.log(`${formulas.length} formulas`);
