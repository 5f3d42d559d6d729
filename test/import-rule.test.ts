import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve, sep } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";

/** The words in the rules that are not folders of provider/ but external modules. */
const modules: Readonly<Record<string, RegExp>> = {
  node: /^node:/,
  "iconv-lite": /^iconv-lite$/,
  ssh2: /^ssh2$/,
  sdk: /^@pulumi\/pulumi(\/(?!proto\/)|$)/,
  grpc: /^@grpc\/grpc-js$|^google-protobuf\/|^@pulumi\/pulumi\/proto\//,
  // The serialized providers load their code by the package's own name.
  itself: /^pulumi-session-logoff\/(provider|host-undrain)$/,
};

/**
 * What the files of each folder may import besides each other; see ARCHITECTURE.md for why.
 * A subfolder has its own rule only if that is narrower.
 */
const rules: Readonly<Record<string, string>> = {
  index: "base plan report pulumi/resource pulumi/undrain pulumi/dynamic",
  connection: "base",
  base: "",
  files: "base node",
  plan: "base connection session",
  session: "base",
  backend: "base connection session iconv-lite",
  report: "base connection session",
  run: "base connection plan session backend report",
  ssh: "base connection files node ssh2",
  openssh: "base connection files ssh node",
  clients: "base connection ssh openssh",
  local: "base connection node",
  "pulumi/common": "base plan report pulumi/process pulumi/progress",
  "pulumi/resource": "base connection plan session report run pulumi/common pulumi/process pulumi/progress",
  "pulumi/undrain": "base plan report run pulumi/common pulumi/process pulumi/progress",
  "pulumi/progress": "base session report pulumi/process",
  "pulumi/process": "base connection clients files report run node sdk",
  "pulumi/dynamic":
    "base plan report pulumi/common pulumi/resource pulumi/undrain pulumi/progress pulumi/process node sdk itself",
  "pulumi/plugin":
    "base plan report pulumi/common pulumi/resource pulumi/undrain pulumi/progress pulumi/process node grpc",
  cli: "base connection clients files plan session report run ssh local node",
};

const root = resolve(__dirname, "..");
/** The most files that a reader can take in at once; ARCHITECTURE.md gives the reason for a folder that needs more. */
const mostFiles = 14;

/** Every source relative to provider/, without its extension: `ssh/open-ssh`. */
const files = readdirSync(join(root, "provider"), { recursive: true, encoding: "utf8" })
  .map((name) => name.split(sep).join(posix.sep))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -".ts".length));

/** The imports of a file: other sources as in `files`, everything else as written. */
function importsOf(file: string): readonly string[] {
  return ts
    .preProcessFile(readFileSync(join(root, "provider", `${file}.ts`), "utf8"), true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith(".") ? posix.join(dirname(file), fileName) : fileName,
    );
}

function isIn(folder: string, file: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

/** The folder with the rule for a file. */
function ruleOf(file: string): string | undefined {
  return Object.keys(rules).find((folder) => isIn(folder, file));
}

function mayImport(folder: string, imported: string): boolean {
  const allowed = (rules[folder] ?? "").split(" ").filter((word) => word !== "");
  return [folder, ...allowed].some((word) => modules[word]?.test(imported) ?? isIn(word, imported));
}

describe("the import rule", () => {
  it("finds the sources", () => {
    assert.ok(files.length > 100, `${files.length} files`);
    assert.ok(importsOf("run/rollout").includes("run/host/visit"));
    assert.ok(!mayImport("base", "plan/plan") && mayImport("run", "base/errors"));
  });

  for (const file of files) {
    it(`holds in provider/${file}.ts`, () => {
      const folder = ruleOf(file);
      assert.ok(folder, `${file} is in no folder that has a rule: add it here and in ARCHITECTURE.md`);
      const wrong = importsOf(file).filter((imported) => !mayImport(folder, imported));
      assert.deepEqual(wrong, [], `${folder} may import: ${rules[folder] ?? ""}`);
    });
  }

  it("names only folders and modules that exist", () => {
    const words = Object.entries(rules).flatMap(([folder, allowed]) => [folder, ...allowed.split(" ")]);
    const unknown = words.filter(
      (word) => word !== "" && !(word in modules) && !files.some((file) => isIn(word, file)),
    );
    assert.deepEqual(unknown, []);
  });
});

describe("the sources", () => {
  it("have no import cycles", () => {
    const importsByFile = new Map(
      files.map((file) => [file, importsOf(file).filter((imported) => files.includes(imported))]),
    );
    const done = new Set<string>();
    const circleFrom = (file: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return undefined;
      const circle = (importsByFile.get(file) ?? [])
        .map((imported) => circleFrom(imported, [...path, file]))
        .find((found) => found !== undefined);
      done.add(file);
      return circle;
    };
    const circles = files.flatMap((file) => circleFrom(file, [])?.join(" → ") ?? []);
    assert.deepEqual(circles, []);
  });

  it(`are in folders of at most ${mostFiles} files, except index.ts and connection.ts`, () => {
    const folders = new Map<string, number>();
    for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
    const large = [...folders].filter(([, count]) => count > mostFiles);
    assert.deepEqual(large, []);
    assert.deepEqual(files.filter((file) => !file.includes("/")).sort(), ["connection", "index"]);
  });
});
