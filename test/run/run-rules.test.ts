import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve, sep } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";

/**
 * The state of a host is plain data that is written in one place at a time: nothing is deleted from it, and no callback changes a
 * variable of the function around it, which would be lost between two visits.
 */
const root = resolve(__dirname, "../..");
const folder = "provider/run";

/** Every source below provider/run, relative to the root. */
const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
  .map((name) => posix.join(folder, name.split(sep).join(posix.sep)))
  .filter((name) => name.endsWith(".ts"));

/** The breaches of the rules in a source, each as `file:line what`. */
function breachesIn(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const checker = programOf(source).getTypeChecker();
  const breaches: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    breaches.push(`${file}:${line + 1} ${what}`);
  };
  const check = (node: ts.Node): void => {
    if (ts.isDeleteExpression(node)) report(node, node.getText());
    for (const variable of assignedBy(node)) {
      const declaration = symbolOf(variable, checker)?.declarations?.[0];
      if (declaration !== undefined && functionAround(declaration) !== functionAround(variable))
        report(variable, `assigns ${variable.text} of the function around it`);
    }
    ts.forEachChild(node, check);
  };
  check(source);
  // A default value in a pattern looks like an assignment of its own.
  return [...new Set(breaches)];
}

/** A program of one source without its imports, which is enough to find the declarations of variables. */
function programOf(source: ts.SourceFile): ts.Program {
  const options = { noLib: true, noResolve: true, types: [], target: ts.ScriptTarget.Latest };
  return ts.createProgram([source.fileName], options, {
    getSourceFile: (name) => (name === source.fileName ? source : undefined),
    fileExists: (name) => name === source.fileName,
    readFile: () => undefined,
    getDefaultLibFileName: () => "",
    getCurrentDirectory: () => "",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile: () => undefined,
  });
}

function symbolOf(variable: ts.Identifier, checker: ts.TypeChecker): ts.Symbol | undefined {
  return ts.isShorthandPropertyAssignment(variable.parent)
    ? checker.getShorthandAssignmentValueSymbol(variable.parent)
    : checker.getSymbolAtLocation(variable);
}

/** The innermost function, or the source outside all functions. */
function functionAround(node: ts.Node): ts.Node {
  const isAround = (one: ts.Node): boolean =>
    ts.isFunctionLike(one) || ts.isClassStaticBlockDeclaration(one) || ts.isSourceFile(one);
  return ts.findAncestor(node.parent, isAround) ?? assert.fail("a node outside a source");
}

/** The variables, not the properties, that a node itself assigns. */
function assignedBy(node: ts.Node): readonly ts.Identifier[] {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const { FirstAssignment, LastAssignment } = ts.SyntaxKind;
    return kind >= FirstAssignment && kind <= LastAssignment ? variablesIn(node.left) : [];
  }
  if (ts.isPostfixUnaryExpression(node)) return variablesIn(node.operand);
  if (ts.isPrefixUnaryExpression(node)) {
    const { operator, operand } = node;
    const changes = operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
    return changes ? variablesIn(operand) : [];
  }
  const isLoop = ts.isForOfStatement(node) || ts.isForInStatement(node);
  return isLoop && !ts.isVariableDeclarationList(node.initializer) ? variablesIn(node.initializer) : [];
}

/** The variables in the target of an assignment, which may be a pattern. */
function variablesIn(target: ts.Node): readonly ts.Identifier[] {
  if (ts.isIdentifier(target)) return [target];
  if (ts.isParenthesizedExpression(target) || ts.isNonNullExpression(target))
    return variablesIn(target.expression);
  if (ts.isAsExpression(target) || ts.isSatisfiesExpression(target)) return variablesIn(target.expression);
  if (ts.isSpreadElement(target) || ts.isSpreadAssignment(target)) return variablesIn(target.expression);
  if (ts.isArrayLiteralExpression(target)) return target.elements.flatMap(variablesIn);
  if (ts.isObjectLiteralExpression(target)) return target.properties.flatMap(variablesIn);
  if (ts.isShorthandPropertyAssignment(target)) return [target.name];
  if (ts.isPropertyAssignment(target)) return variablesIn(target.initializer);
  // A default value in a pattern.
  return ts.isBinaryExpression(target) ? variablesIn(target.left) : [];
}

describe("the finder of breaches", () => {
  const lines = (...text: readonly string[]): readonly string[] => breachesIn("a.ts", text.join("\n"));

  it("finds the sources", () => {
    assert.ok(files.length > 20, `${files.length} files`);
    assert.ok(files.includes("provider/run/host/visit.ts"));
  });

  it("finds every delete", () => {
    assert.deepEqual(lines("const a: { b?: 1 } = {};", "delete a.b;", 'delete a["b"];'), [
      "a.ts:2 delete a.b",
      'a.ts:3 delete a["b"]',
    ]);
  });

  for (const assignment of [
    "v = 1",
    "v += 1",
    "v ??= 1",
    "v++",
    "--v",
    "(v) = 1",
    "[v] = [1]",
    "[...v] = [1]",
    "[v = 2] = [1]",
    "({ v } = w)",
    "({ v = 2 } = w)",
    "({ a: v } = w)",
    "({ a: [v] } = w)",
    "({ ...v } = w)",
  ]) {
    it(`finds ${assignment} in a callback`, () => {
      const breach = ["a.ts:3 assigns v of the function around it"];
      assert.deepEqual(
        lines("function f(w: any) {", "  let v: any;", `  g(() => { ${assignment}; });`, "}"),
        breach,
      );
    });
  }

  it("finds an assignment in every kind of function, however deep it is", () => {
    const found = lines(
      "let top = 0;",
      "function one(parameter: number) {",
      "  top = 1;",
      "  function two() { if (parameter) { parameter = 2; } }",
      "  const three = { three() { parameter++; } };",
      "  const four = { get four() { return (parameter = 4); } };",
      "  class Five { constructor() { parameter = 5; } }",
      "  class Six { six = () => { for (parameter of []) {} }; }",
      "  class Seven { static { parameter = 7; } }",
      "  return () => () => (parameter = 8);",
      "}",
    );
    assert.deepEqual(
      found.map((breach) => /^a\.ts:(\d+) assigns (\w+)/u.exec(breach)?.slice(1).join(" ")),
      ["3 top", ...[4, 5, 6, 7, 8, 9, 10].map((line) => `${line} parameter`)],
    );
  });

  it("allows a variable of the same function, and properties", () => {
    const found = lines(
      "let top = 0;",
      "top = 1;",
      "class One { #own = 0; two(p: { a: number }) { this.#own = 1; this.#own++; p.a = 2; p = { a: 3 }; } }",
      "function three(p: { a: number }, list: number[]) {",
      "  let v = 0;",
      "  for (const one of list) { v += one; list[v] = v; }",
      "  list.forEach((v) => { v = 1; let w = 2; w++; p.a = v; [p.a] = [w]; });",
      "  return -v + +v;",
      "}",
    );
    assert.deepEqual(found, []);
  });
});

describe("the rules of provider/run", () => {
  for (const file of files) {
    it(`hold in ${file}`, () => {
      assert.deepEqual(breachesIn(file, readFileSync(join(root, file), "utf8")), []);
    });
  }
});
