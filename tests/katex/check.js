// Standard input: a JSON array of {latex, display}. Standard output: a JSON array of {latex, message}, the refused ones.
import katex from "katex";
import { readFileSync } from "node:fs";

const refused = [];
for (const { latex, display } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    katex.renderToString(latex, { displayMode: display, strict: "error", throwOnError: true });
  } catch (error) {
    refused.push({ latex, message: error.message });
  }
}
process.stdout.write(JSON.stringify(refused));
