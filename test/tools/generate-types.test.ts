import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import Ajv2020 from "ajv/dist/2020";
import { object, optional, typesOf } from "../../provider/plan/schema/field";
import { flag, line, recordOf } from "../../provider/plan/schema/shape";
import { jsonSchema } from "../../tools/generate/json-schema";
import { argumentTypes, namedTypes } from "../../tools/generate/typescript";
import { everyInput } from "../plan/schema/every-input";
import { everyUndrainInput } from "../plan/schema/every-undrain-input";

const root = join(__dirname, "..", "..");
const name = optional("A name.", line("a name"));
const inner = object("InnerArgs", "What is shared.", { name });
const first = typesOf({ inner: optional("It.", inner) });

describe("the declarations of arguments", () => {
  it("import a type that another resource declares", () => {
    const own = object("OwnArgs", "What is not shared.", { inner: optional("It.", inner) });
    const second = typesOf({ own: optional("It.", own), more: optional("More.", inner) });
    const text = argumentTypes("Second", second, { inputs: first, module: "./first" });
    assert.match(text, /^import type \{ InnerArgs \} from "\.\/first";$/mu);
    assert.doesNotMatch(text, /interface InnerArgs/u);
    for (const declared of ["OwnArgs", "SecondArgs", "SecondInputs"])
      assert.match(text, new RegExp(`export interface ${declared} `, "u"));
    assert.match(text, /readonly own: pulumi\.Output<pulumi\.Unwrap<SecondArgs\["own"\]>>;/u);
  });

  it("import nothing where nothing is shared", () => {
    const text = argumentTypes("Second", typesOf({ name }), { inputs: first, module: "./first" });
    assert.doesNotMatch(text, /\.\/first/u);
  });

  it("write a record with inputs as its values", () => {
    const text = argumentTypes("One", typesOf({ by: optional("It.", recordOf(line("a name"), "names")) }));
    assert.match(text, /by\?: pulumi\.Input<Readonly<Record<string, pulumi\.Input<string>>> \| undefined>;/u);
  });

  it("are refused if two resources have different types of one name", () => {
    const other = typesOf({ inner: optional("It.", object("InnerArgs", "Another.", {})) });
    assert.throws(() => namedTypes(first, other), /Two types are named InnerArgs/u);
    assert.deepEqual([...namedTypes(first, first).keys()], ["InnerArgs"]);
  });
});

describe("the JSON Schema of inputs", () => {
  it("allows more fields in an open object only", () => {
    const schemaOf = (isOpen: boolean): unknown => {
      const one = object("OneArgs", "One.", { is: optional("Is.", flag) }, isOpen ? { isOpen } : {});
      const by = optional("It.", recordOf(one, "objects"));
      return JSON.parse(jsonSchema("One", typesOf({ by })));
    };
    const accepts = (isOpen: boolean, by: unknown): boolean =>
      new Ajv2020().compile(schemaOf(isOpen) as object)({ by });
    assert.ok(accepts(true, { a: { is: true, more: 1 } }));
    assert.ok(!accepts(false, { a: { is: true, more: 1 } }));
    assert.ok(!accepts(true, { a: { is: 1 } }));
    assert.ok(!accepts(true, ["a"]));
  });

  for (const [file, every] of [
    ["inputs.schema.json", everyInput],
    ["undrain-inputs.schema.json", everyUndrainInput],
  ] as const)
    it(`${file} accepts arguments that set every field, and no other field`, () => {
      const schema = JSON.parse(readFileSync(join(root, "schema", file), "utf8")) as object;
      const validate = new Ajv2020().compile(schema);
      for (const args of every) {
        assert.ok(validate(args), JSON.stringify(validate.errors));
        assert.ok(!validate({ ...args, other: 1 }));
      }
    });
});
