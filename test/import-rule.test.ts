import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve, sep } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";

/** The rule of ARCHITECTURE.md: what a file of each area may import. `node:` stands for every module of Node. */
interface Rule {
  /** The first rule whose pattern a file's path matches is its rule. */
  readonly files: RegExp;
  readonly mayImport: readonly RegExp[];
}

const pure = /^provider\/(errors|connection|plan|duration|decode-text)$|^provider\/(session|report|plan)\//;
const rules: readonly Rule[] = [
  { files: /^provider\/index$/, mayImport: [/^provider\//] },
  { files: /^provider\/(errors|connection|decode-text)$/, mayImport: [] },
  { files: /^provider\/duration$/, mayImport: [/^provider\/errors$/] },
  { files: /^provider\/session\//, mayImport: [/^provider\/(errors|connection)$/, /^provider\/session\//] },
  {
    files: /^provider\/report\//,
    mayImport: [/^provider\/(errors|connection|duration)$/, /^provider\/(session|report)\//],
  },
  { files: /^provider\/plan(\/|$)/, mayImport: [pure, /^zod$/] },
  { files: /^provider\/async$/, mayImport: [/^provider\/errors$/, /^node:(events|timers\/promises)$/] },
  {
    files: /^provider\/backend\//,
    mayImport: [/^provider\/(errors|connection)$/, /^provider\/(session|backend)\//, /^iconv-lite$/],
  },
  { files: /^provider\/(window|waves)$/, mayImport: [pure] },
  { files: /^provider\/report-files$/, mayImport: [pure, /^node:/] },
  {
    files:
      /^provider\/(host-run|rollout|session-limit|run-warnings|relay|undrain-run)$|^provider\/host-run\//,
    mayImport: [
      pure,
      /^provider\/(async|window|waves|relay|host-run|session-limit|run-warnings)$/,
      /^provider\/(host-run|backend)\//,
    ],
  },
  {
    files: /^provider\/ssh\//,
    mayImport: [/^provider\/(errors|connection|async|decode-text)$/, /^provider\/ssh\//, /^ssh2$/, /^node:/],
  },
  {
    files: /^provider\/local\//,
    mayImport: [/^provider\/(errors|connection|async)$/, /^provider\/local\//, /^node:/],
  },
  {
    files: /^provider\/cli\//,
    mayImport: [
      pure,
      /^provider\/(async|rollout|undrain-run|report-files)$/,
      // --check and --undrain ask a host a question or two outside of a run.
      /^provider\/(backend\/detect|host-run\/link|relay)$/,
      /^provider\/cli\//,
      /^provider\/(ssh|local)\/connect$/,
      /^provider\/local\/system-command$/,
      /^node:/,
    ],
  },
  {
    files: /^provider\/pulumi\//,
    mayImport: [
      pure,
      /^provider\/(async|rollout|undrain-run|report-files)$/,
      /^provider\/pulumi\//,
      /^provider\/ssh\/connect$/,
      /^@pulumi\/pulumi/,
      /^node:/,
      // The serialized provider loads its code by the package's own name.
      /^pulumi-session-logoff\/provider$/,
    ],
  },
];

const root = resolve(__dirname, "..");

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)).split(sep).join(posix.sep))
    .filter((file) => file.endsWith(".ts"));
}

function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(root, file), "utf8"), true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith(".") ? posix.join(dirname(file), fileName) : fileName,
    );
}

describe("the import rule", () => {
  const files = filesBelow("provider");

  it("sees the source", () => {
    assert.ok(files.length > 10);
    assert.ok(importsOf("provider/rollout.ts").includes("provider/host-run"));
  });

  for (const file of files) {
    it(`holds in ${file}`, () => {
      const rule = rules.find(({ files: pattern }) => pattern.test(file.replace(/\.ts$/, "")));
      assert.ok(rule, `${file} belongs to no area: give it a rule here and in ARCHITECTURE.md`);
      for (const imported of importsOf(file)) {
        assert.ok(
          rule.mayImport.some((pattern) => pattern.test(imported)),
          `${file} must not import "${imported}"`,
        );
      }
    });
  }

  it("lets only ssh/ import ssh2", () => {
    const users = files.filter((file) => importsOf(file).includes("ssh2"));
    assert.deepEqual(
      users.filter((file) => !file.startsWith("provider/ssh/")),
      [],
    );
  });

  it("keeps production code from importing tests and tools", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).filter((name) => /^(test|tools|examples)\//.test(name)),
    );
    assert.deepEqual(wrong, []);
  });
});
