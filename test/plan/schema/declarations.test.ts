import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlanProblem } from "../../../provider/base/errors";
import { findProblems } from "../../../provider/plan/read-plan";
import { findUndrainProblems } from "../../../provider/plan/read-undrain-plan";
import { undrainInputTypes } from "../../../provider/plan/schema/host-undrain";
import { inputTypes } from "../../../provider/plan/schema/inputs";
import type { FieldTypes, Type } from "../../../provider/plan/schema/type";
import { everyInput } from "./every-input";
import { everyUndrainInput } from "./every-undrain-input";

interface Declared {
  /** Names of fields, 0 for an item of a list, and 1 for one of a record. */
  readonly path: readonly (string | 0 | 1)[];
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
      return below(type.item, [...path, 1]);
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

/** The values at a path; a list has one for each of its items. */
function valuesAt(value: unknown, [step, ...rest]: Declared["path"]): readonly unknown[] {
  if (step === undefined) return value === undefined ? [] : [value];
  if (step === 0) return Array.isArray(value) ? value.flatMap((item) => valuesAt(item, rest)) : [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const fields = value as Readonly<Record<string, unknown>>;
  return step === 1
    ? Object.values(fields).flatMap((item) => valuesAt(item, rest))
    : valuesAt(fields[step], rest);
}

/** A copy of a value with another one at every place of a path. */
function withAt(value: unknown, [step, ...rest]: Declared["path"], other: unknown): unknown {
  if (step === undefined) return value === undefined ? undefined : other;
  if (step === 0) return Array.isArray(value) ? value.map((item) => withAt(item, rest, other)) : value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (step === 1)
    return Object.fromEntries(
      Object.entries(fields).map(([name, item]) => [name, withAt(item, rest, other)]),
    );
  if (!(step in fields)) return value;
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

const name = ({ path }: Declared): string => path.join(".").replaceAll(".0", "[]").replaceAll(".1", ".*");

interface Resource {
  readonly inputs: FieldTypes;
  readonly every: readonly unknown[];
  readonly find: (input: unknown) => readonly PlanProblem[];
  /** Fields that the example cannot set. */
  readonly refused: readonly string[];
}

const resources: Readonly<Record<string, Resource>> = {
  SessionLogoff: { inputs: inputTypes, every: everyInput, find: findProblems, refused: [] },
  HostUndrain: {
    inputs: undrainInputTypes,
    every: everyUndrainInput,
    find: findUndrainProblems,
    refused: ["hosts[].server"],
  },
};

for (const [resource, { inputs, every, find, refused }] of Object.entries(resources)) {
  describe(`a declaration of an input of ${resource}`, () => {
    it("agrees with its reader on arguments that set every field", () => {
      for (const args of every) assert.deepEqual(find(args), []);
    });

    for (const one of fieldsOf(inputs, []).filter((field) => !refused.includes(name(field)))) {
      it(`${name(one)} has values of its type in the example`, () => {
        const values = every.flatMap((args) => valuesAt(args, one.path));
        assert.ok(values.length > 0, "the example does not set it: add it to every-input.ts");
        for (const value of values) assert.ok(hasForm(one.type, value), JSON.stringify(value));
      });

      const wrong = [true, 1.5, "\u0007", {}, [[]]].filter((value) => !hasForm(one.type, value));
      for (const value of wrong) {
        it(`${name(one)} is refused as ${JSON.stringify(value)}`, () => {
          const problems = every.flatMap((args) => {
            if (valuesAt(args, one.path).length === 0) return [];
            return [find(withAt(args, one.path, value))];
          });
          for (const found of problems) assert.notDeepEqual(found, []);
        });
      }
    }

    it("has a doc that is a sentence", () => {
      const undocumented = Object.entries(inputs).filter(([, { doc }]) => !/^[A-Z`].*\.$/su.test(doc));
      assert.deepEqual(
        undocumented.map(([name]) => name),
        [],
      );
    });

    it("says what a change of a top-level input does", () => {
      for (const [name, { onChange }] of Object.entries(inputs)) assert.ok(onChange, name);
    });
  });
}
