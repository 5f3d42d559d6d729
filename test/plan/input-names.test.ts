import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import { undrainInputTypes } from "../../provider/plan/schema/host-undrain";
import { inputTypes } from "../../provider/plan/schema/inputs";
import type { FieldTypes, Type } from "../../provider/plan/schema/type";

const provider = resolve(__dirname, "..", "..", "provider");

/** Every input: its path, the last name of that, and its words if it is one of some. */
function allInputs(fields: FieldTypes, above = ""): readonly Input[] {
  return Object.entries(fields).flatMap(([name, { type }]) => {
    const path = `${above}${name}`;
    return [
      { path, name, words: wordsOf(type) },
      ...objectsIn(type).flatMap((inner) => allInputs(inner, path === "hosts" ? "" : `${path}.`)),
    ];
  });
}

interface Input {
  readonly path: string;
  readonly name: string;
  readonly words: readonly string[];
}

function objectsIn(type: Type): readonly FieldTypes[] {
  if (type.kind === "object") return [type.fields];
  if (type.kind === "alias") return objectsIn(type.of);
  if (type.kind === "list" || type.kind === "record") return objectsIn(type.item);
  return type.kind === "union" ? type.of.flatMap(objectsIn) : [];
}

function wordsOf(type: Type): readonly string[] {
  if (type.kind === "boolean") return ["true", "false"];
  return type.kind === "enum" ? type.words : [];
}

/** Matches the name of an input: a path, a name in camel case, or a name with a value. */
const inputName = new RegExp(
  `(?<![\\w.])(?:${[
    ...new Set(
      [...allInputs(inputTypes), ...allInputs(undrainInputTypes)].flatMap(({ path, name, words }) => [
        ...(path.includes(".") ? [path.replaceAll(".", "\\.")] : []),
        ...(/[A-Z]/u.test(name) ? [name] : []),
        ...words.map((word) => `${name}(?:: | is | to | )"?${word}"?`),
      ]),
    ),
  ].join("|")})(?![\\w])`,
  "u",
);

/** The sentences of a source that name an input outside backticks. */
function bareNames(source: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text?.includes(" ") && inputName.test(text.replace(/`[^`]*`/gu, "…"))) found.push(text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true));
  return found;
}

/** The text of a string or a template, with … for each value in it. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
}

/** All sources but the command, which names options, and the assets of the page, which are no messages. */
const files = readdirSync(provider, { recursive: true, encoding: "utf8" })
  .map((name) => name.split(sep).join("/"))
  .filter((name) => name.endsWith(".ts") && !name.startsWith("cli/") && name !== "report/html/assets.ts");

describe("a message of the core", () => {
  it("is found when it names an input outside backticks", () => {
    for (const source of [
      '"must be shorter than gracePeriod"',
      "`Cannot log off ${count} sessions: limits.sessionsPerHost allows ${limit}`",
      '"set console: true to allow it"',
      "'set algorithms to \"legacy\"'",
      "`the password was rejected (${`connection.user of ${host}`})`",
    ])
      assert.equal(bareNames(source).length, 1, source);
    for (const source of [
      '"must be shorter than `warn.gracePeriod`"',
      "`\\`limits.sessions\\` allows ${limit}`",
      '"gracePeriod"',
      '"the connection is closed"',
    ])
      assert.deepEqual(bareNames(source), []);
    assert.ok(files.length > 100, `${files.length} files`);
  });

  // What an option looks like in the help of the command is no message.
  const isOption = (text: string): boolean => text.startsWith("--");
  for (const file of files) {
    it(`names inputs in backticks in provider/${file}`, () => {
      const found = bareNames(readFileSync(join(provider, file), "utf8"));
      assert.deepEqual(
        found.filter((text) => !isOption(text)),
        [],
      );
    });
  }
});
