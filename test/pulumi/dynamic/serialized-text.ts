import assert from "node:assert/strict";
import { join } from "node:path";
import { checkout, runNode } from "./built-package";

/** The text that the SDK writes into the state for `serializedProvider` of a file in dist, serialized in a process that loads it like a program. */
export async function serializedText(file: string): Promise<string> {
  const script = `
    const { serializedProvider } = require(${JSON.stringify(join(checkout, "dist/provider/pulumi/dynamic", file))});
    const { serializeFunction } = require("@pulumi/pulumi/runtime/closure/serializeClosure");
    serializeFunction(() => serializedProvider, { allowSecrets: true }).then(({ text, containsSecrets }) =>
      console.log(JSON.stringify({ text, containsSecrets })));
  `;
  const { output } = await runNode(checkout, ["-e", script]);
  const result = JSON.parse(output) as { text: string; containsSecrets: boolean };
  assert.equal(result.containsSecrets, false);
  return result.text;
}

/**
 * Configures the provider `p` of a text in a folder, and calls its methods.
 * @param methods the calls, as the text of a list
 * @returns their answers and errors
 */
export async function callText(text: string, folder: string, methods: string): Promise<readonly unknown[]> {
  const script = `
    const { createRequire } = require("node:module");
    const fromString = createRequire(${JSON.stringify(join(checkout, "package.json"))})("require-from-string");
    const p = fromString(require("node:fs").readFileSync(0, "utf8")).handler();
    const configured = p.configure({ config: { get: () => undefined } });
    const settled = ({ status, value, reason }) =>
      status === "fulfilled" ? (value ?? null) : { message: reason.message, stack: reason.stack };
    Promise.allSettled([configured, ...${methods}]).then(([, ...results]) => console.log(JSON.stringify(results.map(settled))));
  `;
  const { output, errors } = await runNode(folder, ["-e", script], text);
  assert.equal(errors, "");
  return JSON.parse(output.split("\n").at(-2) ?? "") as unknown[];
}
