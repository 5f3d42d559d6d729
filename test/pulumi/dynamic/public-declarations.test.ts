import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { before, describe, it } from "node:test";
import ts from "typescript";
import { build, checkout } from "./built-package";

interface Manifest {
  readonly types: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The declarations that a program reads: those of every export and their imports. */
function publicDeclarations(): ReadonlyMap<string, ts.SourceFile> {
  const { types, exports } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as Manifest;
  const entries = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.types]));
  const found = new Map<string, ts.SourceFile>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022);
    found.set(file, source);
    for (const name of importedBy(source))
      if (name.startsWith(".")) visit(join(dirname(file), `${name}.d.ts`));
  };
  for (const entry of [types, ...entries]) visit(join(checkout, entry));
  return found;
}

function importedBy(source: ts.SourceFile): readonly string[] {
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(source.text, true, true);
  return [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => fileName);
}

/** Imports and exports such as `{ type A }`, which TypeScript supports since 4.5. */
function typeModifiers(node: ts.Node): readonly string[] {
  const here = (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) && node.isTypeOnly;
  const below: string[] = [];
  ts.forEachChild(node, (child) => void below.push(...typeModifiers(child)));
  return here ? [node.name.text, ...below] : below;
}

describe("the public declarations", () => {
  let declarations: ReadonlyMap<string, ts.SourceFile>;
  before(async () => {
    await build();
    declarations = publicDeclarations();
  });

  it("are found", () => {
    const names = [...declarations.keys()].map((file) => relative(join(checkout, "dist", "provider"), file));
    for (const name of ["index.d.ts", "pulumi/dynamic/args.d.ts", "pulumi/dynamic/provider.d.ts"])
      assert.ok(names.includes(join(name)), `${name} is missing in ${names.join()}`);
  });

  it("import nothing but the SDK", () => {
    const packages = [...declarations.values()].flatMap(importedBy).filter((name) => !name.startsWith("."));
    assert.deepEqual([...new Set(packages)], ["@pulumi/pulumi"]);
  });

  it("have no type modifier in an import or export", () => {
    for (const [file, source] of declarations) assert.deepEqual(typeModifiers(source), [], file);
  });
});
