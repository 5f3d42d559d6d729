/** The TypeScript of the documents: whole programs, and fields of the arguments of a resource. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { check } from "../../provider/pulumi/dynamic/provider";
import { checkout, installedFolder } from "../pulumi/dynamic/built-package";
import type { Block, Problem } from "./blocks";

const patchStep = join(checkout, "examples", "pre-patch", "patch.ts");

/** Whether a block is a whole program, and not fields of an object. */
export function isProgram({ code }: Block): boolean {
  return /^import\b/mu.test(code);
}

/** The program of a block, and the line of it that the block begins in. */
function sourceOf(block: Block): { readonly text: string; readonly from: number } {
  if (isProgram(block)) return { text: block.code, from: 0 };
  const before = [
    'import * as pulumi from "@pulumi/pulumi";',
    'import { SessionLogoff } from "pulumi-session-logoff";',
    "declare const config: pulumi.Config;",
    'export const resource = new SessionLogoff("pre-patch", {',
    ...missingFields(block.code),
  ];
  return { text: `${before.join("\n")}\n${block.code}\n});\n`, from: before.length };
}

/** What the fields need to be complete. */
function missingFields(code: string): readonly string[] {
  const file = ts.createSourceFile("fields.ts", `({\n${code}\n})`, ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const [statement] = file.statements;
  if (statement !== undefined && ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    const object = ts.isParenthesizedExpression(expression) ? expression.expression : expression;
    if (ts.isObjectLiteralExpression(object))
      for (const field of object.properties) if (field.name !== undefined) names.add(field.name.getText());
  }
  return [
    ...(names.has("hosts") ? [] : ['hosts: ["rdsh01"],']),
    ...(names.has("sessions") ? [] : ["sessions: { all: true },"]),
  ];
}

/** Checks the types of all blocks at once. */
export function typeProblems(blocks: readonly Block[]): readonly Problem[] {
  const { folder, remove } = installedFolder();
  try {
    copyFileSync(patchStep, join(folder, "patch.ts"));
    const sources = new Map(
      blocks.map(
        (block, index) => [join(folder, `block-${index}.ts`), { block, ...sourceOf(block) }] as const,
      ),
    );
    for (const [file, { text }] of sources) writeFileSync(file, text);
    const program = ts.createProgram([...sources.keys()], {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      moduleDetection: ts.ModuleDetectionKind.Force,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(checkout, "node_modules", "@types")],
    });
    return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, "\n");
      const source = file === undefined ? undefined : sources.get(file.fileName);
      if (file === undefined || source === undefined) return { file: file?.fileName ?? "", line: 0, message };
      const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
      return { file: source.block.file, line: source.block.line + Math.max(0, line - source.from), message };
    });
  } finally {
    remove();
  }
}

/** Has the provider check the fields of a block, as a preview does. */
export async function fieldProblems(block: Block): Promise<readonly Problem[]> {
  const problem = (message: string): Problem => ({ file: block.file, line: block.line, message });
  let given: unknown;
  try {
    const script = javaScript(`({\n${missingFields(block.code).join("\n")}\n${block.code}\n})`);
    const value = (): string => "value";
    const config = { get: value, getSecret: value, require: value, requireSecret: value };
    // Through JSON, because the objects of another context have other prototypes.
    given = JSON.parse(JSON.stringify(runInNewContext(script, { config, process: { env: {} } })));
  } catch (error) {
    return [problem(String(error))];
  }
  const { failures } = await check({}, given as Readonly<Record<string, unknown>>);
  return failures.map(({ reason }) => problem(reason));
}

/** A program as Node runs it. */
export function javaScript(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
    },
  }).outputText;
}
