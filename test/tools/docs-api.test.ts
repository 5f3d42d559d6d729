import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { errorCodes } from "../../provider/base/errors";
import { undrainInputNames } from "../../provider/plan/schema/host-undrain";
import { inputNames } from "../../provider/plan/schema/inputs";

const root = resolve(__dirname, "..", "..");

interface Reference {
  readonly children: readonly {
    readonly name: string;
    readonly type?: {
      readonly types?: readonly { readonly value: string }[];
      readonly elementSummaries?: readonly (readonly { readonly text: string }[])[];
    };
  }[];
}

describe("npm run docs: the reference of the API", () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-docs-"));
  let printed = "";
  before(() => {
    const args = ["tools/docs.mjs", "--out", folder, "--json", join(folder, "api.json")];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    printed = stdout + stderr;
    assert.equal(status, 0, printed);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The text of a page, without white space. */
  const page = (path: string): string =>
    readFileSync(join(folder, path), "utf8")
      .replace(/<[^>]*>|\s/gu, "")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");

  it("warns of nothing", () => {
    assert.doesNotMatch(printed, /warning|error/iu);
  });

  it("shows every input", () => {
    assert.ok(inputNames.length > 10);
    for (const [resource, names] of [
      ["SessionLogoff", inputNames],
      ["HostUndrain", undrainInputNames],
    ] as const) {
      const text = page(`interfaces/${resource}Args.html`);
      for (const name of names) assert.match(text, new RegExp(`${name}\\??:Input<`, "u"));
    }
  });

  it("says of every error code what happened, why, and what to do", () => {
    const { children } = JSON.parse(readFileSync(join(folder, "api.json"), "utf8")) as Reference;
    const { types = [], elementSummaries = [] } =
      children.find(({ name }) => name === "ErrorCode")?.type ?? {};
    assert.deepEqual(
      types.map(({ value }) => value),
      errorCodes,
    );
    const text = page("types/ErrorCode.html");
    for (const [index, code] of errorCodes.entries()) {
      const summary = (elementSummaries[index] ?? []).map((part) => part.text).join("");
      const form = /^[A-Z].*\.\n\n- \*\*Why:\*\* .*\.\n- \*\*What to do:\*\* .*\.$/su;
      assert.match(summary, form, `${code} needs three parts: "${summary}"`);
      const shown = `"${code}"${summary}`.replace(/[`\s]|\*\*|^- /gmu, "");
      assert.ok(text.includes(shown), `the page lacks: ${shown}`);
    }
  });
});
