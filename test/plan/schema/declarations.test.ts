import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findProblems } from "../../../provider/plan/read-plan";
import { inputTypes } from "../../../provider/plan/schema/inputs";
import type { FieldTypes, Type } from "../../../provider/plan/schema/type";
import { everyInput } from "./every-input";

interface Declared {
  /** Names of fields, and 0 for an item of a list. */
  readonly path: readonly (string | 0)[];
  readonly type: Type;
}

/** Every field and item, however deep. */
function below(type: Type, path: Declared["path"]): readonly Declared[] {
  switch (type.kind) {
    case "object":
      return fieldsOf(type.fields, path);
    case "list":
      return below(type.item, [...path, 0]);
    case "record":
      return below(type.item, [...path, "*"]);
    case "union":
      return type.of.flatMap((one) => below(one, path));
    case "alias":
      return below(type.of, path);
    case "string":
    case "number":
    case "integer":
    case "boolean":
    case "any":
    case "enum":
      return [];
  }
}

function fieldsOf(fields: FieldTypes, path: Declared["path"]): readonly Declared[] {
  return Object.entries(fields).flatMap(([name, { type }]) => [
    { path: [...path, name], type },
    ...below(type, [...path, name]),
  ]);
}

const declared = fieldsOf(inputTypes, []);

/** The values at a path; a list has one for each of its items. */
function valuesAt(value: unknown, [step, ...rest]: Declared["path"]): readonly unknown[] {
  if (step === undefined) return value === undefined ? [] : [value];
  if (step === 0) return Array.isArray(value) ? value.flatMap((item) => valuesAt(item, rest)) : [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return valuesAt((value as Readonly<Record<string, unknown>>)[step], rest);
}

/** A copy of a value with another one at every place of a path. */
function withAt(value: unknown, [step, ...rest]: Declared["path"], other: unknown): unknown {
  if (step === undefined) return value === undefined ? undefined : other;
  if (step === 0) return Array.isArray(value) ? value.map((item) => withAt(item, rest, other)) : value;
  if (typeof value !== "object" || value === null || Array.isArray(value) || !(step in value)) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: withAt(fields[step], rest, other) };
}

/** Whether a value has the form that a type declares. */
function hasForm(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "string":
    case "boolean":
    case "number":
      return typeof value === type.kind;
    case "integer":
      return Number.isInteger(value);
    case "enum":
      return type.words.some((word) => word === value);
    case "list":
      return Array.isArray(value);
    case "record":
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "union":
      return type.of.some((one) => hasForm(one, value));
    case "alias":
      return hasForm(type.of, value);
  }
}

const name = ({ path }: Declared): string => path.join(".").replaceAll(".0", "[]");

describe("a declaration of an input", () => {
  it("agrees with its reader on arguments that set every field", () => {
    for (const args of everyInput) assert.deepEqual(findProblems(args), []);
  });

  for (const one of declared) {
    it(`${name(one)} has values of its type in the example`, () => {
      const values = everyInput.flatMap((args) => valuesAt(args, one.path));
      assert.ok(values.length > 0, "the example does not set it: add it to every-input.ts");
      for (const value of values) assert.ok(hasForm(one.type, value), JSON.stringify(value));
    });

    const wrong = [true, 1.5, "\u0007", {}, [[]]].filter((value) => !hasForm(one.type, value));
    for (const value of wrong) {
      it(`${name(one)} is refused as ${JSON.stringify(value)}`, () => {
        const problems = everyInput.flatMap((args) => {
          if (valuesAt(args, one.path).length === 0) return [];
          return [findProblems(withAt(args, one.path, value))];
        });
        for (const found of problems) assert.notDeepEqual(found, []);
      });
    }
  }

  it("has a doc that is a sentence", () => {
    const undocumented = Object.entries(inputTypes).filter(([, { doc }]) => !/^[A-Z`].*\.$/su.test(doc));
    assert.deepEqual(
      undocumented.map(([name]) => name),
      [],
    );
  });

  it("says what a change of a top-level input does", () => {
    for (const [name, { onChange }] of Object.entries(inputTypes)) assert.ok(onChange, name);
  });
});
