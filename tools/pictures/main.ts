/** `npm run pictures`: runs the command against simulated hosts and draws the terminal and the report into docs/images. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawReport } from "./browser";
import { record } from "./recording";
import { description } from "./story";
import { recordingSvg, themes } from "./svg";

const images = join(__dirname, "..", "..", "docs", "images");
const file = (name: string): string => join(images, name);

async function main(): Promise<void> {
  mkdirSync(images, { recursive: true });
  console.log("Recording a run in a terminal; this takes half a minute");
  const { frames, html } = await record();
  for (const scheme of ["light", "dark"] as const)
    writeFileSync(file(`run-${scheme}.svg`), recordingSvg(frames, themes[scheme], description));
  console.log("Drawing the report");
  await drawReport(html, {
    // dave's host, which fails.
    open: "host-3",
    light: file("report-light.png"),
    dark: file("report-dark.png"),
  });
  for (const name of ["run-light.svg", "run-dark.svg", "report-light.png", "report-dark.png"])
    console.log(`docs/images/${name}  ${Math.ceil(statSync(file(name)).size / 1000)} kB`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
