import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureEngine } from "./engine/ensure.mjs";
import { setUp } from "./setup.mjs";
import { installForTests } from "./system-packages.mjs";

/**
 * `npm test [-- PATH ...]`: sets up, then runs all checks and tests. With paths, it runs only the test files at or below them,
 * without the checks. Node 20's test runner supports neither TypeScript files nor patterns, so the files are found here.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
/** @param {string} line */
const log = (line) => console.error(line);

/** @param {string} place @returns {string[]} */
function testFiles(place) {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true })
    .map((name) => join(place, String(name)))
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .sort();
}

/** @param {string} command @param {readonly string[]} args @returns {Promise<number>} */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

const places = process.argv.slice(2);
await setUp({ log });
if (places.length === 0 && (await run(process.execPath, [join(root, "tools", "check.mjs")])) !== 0)
  process.exit(1);
await installForTests({ log });
await ensureEngine({ log });
const files = (places.length === 0 ? ["test"] : places).flatMap((place) =>
  testFiles(join(root, relative(root, join(process.cwd(), place)))),
);
if (files.length === 0) {
  log(`No test file (*.test.ts) at or below ${places.join(", ")}`);
  process.exitCode = 2;
} else {
  // Tests with an engine wait for processes to end, so they run alone; the others run two at a time, which is enough for a
  // small machine.
  const withEngine = files.filter((file) => /[\\/]test[\\/](?:e2e|package)[\\/]/u.test(file));
  const others = files.filter((file) => !withEngine.includes(file));
  const codes = [];
  for (const [group, atOnce] of /** @type {const} */ ([
    [others, 2],
    [withEngine, 1],
  ])) {
    if (group.length === 0) continue;
    const options = ["--import=tsx", "--test", `--test-concurrency=${atOnce}`, "--test-reporter=spec"];
    codes.push(await run(process.execPath, [...options, ...group]));
  }
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
}
