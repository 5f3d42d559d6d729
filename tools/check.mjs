import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/** `npm run check`: runs all checks to completion, then lists those that failed. */

const root = fileURLToPath(new URL("..", import.meta.url));

/** Called by path, because the older compilers for tests also provide a `tsc`, and npm links an arbitrary one. */
const tsc = "node_modules/typescript/bin/tsc";

/** @type {readonly (readonly [what: string, command: string])[]} */
const checks = [
  ["format", "prettier --check --log-level warn ."],
  ["lint", "eslint --max-warnings 0 ."],
  ["types", `node ${tsc} --noEmit -p tsconfig.json`],
  ["types of tools", `node ${tsc} -p tools/tsconfig.check.json`],
  ["dead code", "knip"],
  ["links", "remark --quiet --frail --no-stdout . .github/**/*.md"],
  [
    "spelling",
    "cspell lint --no-progress --cache --cache-strategy content --cache-location node_modules/.cache/cspell",
  ],
  ["package", "publint --strict"],
  // The old resolution (`node10`) ignores `exports`, so it cannot find the subpath. Pulumi's own template uses it, but programs
  // import only the class, by `main` and `types`; the subpath is loaded at run time.
  ["package types", "attw --pack . --profile node16 --quiet"],
  ["import rule", "node --import=tsx --test --test-reporter=dot test/import-rule.test.ts"],
];

/** @param {string} command @returns {Promise<number>} */
function run(command) {
  const [program = "", ...args] = command.split(" ");
  const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "inherit", "inherit"],
      // Only Windows needs a shell, for .cmd files. No argument comes from outside.
      shell: process.platform === "win32",
    });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

await setUp({ log: (line) => console.error(line) });
const failed = [];
for (const [what, command] of checks) {
  const startedAt = Date.now();
  const code = await run(command);
  console.error(
    `check: ${what}: ${code === 0 ? "ok" : `failed (${command})`} (${Math.round((Date.now() - startedAt) / 1000)} s)`,
  );
  if (code !== 0) failed.push(what);
}
if (failed.length > 0) {
  console.error(`check: ${failed.length} of ${checks.length} failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
