import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inOptionWords } from "../../../provider/cli/arguments/problem-names";
import { inputTypes } from "../../../provider/plan/schema/inputs";
import type { FieldTypes, InputOption, Type } from "../../../provider/plan/schema/type";

/** Every option, with the path of its input. */
function withOptions(fields: FieldTypes, above = ""): readonly (readonly [string, InputOption])[] {
  return Object.entries(fields).flatMap(([name, { type, option }]) => [
    ...(option === undefined ? [] : [[`${above}${name}`, option] as const]),
    ...objectsIn(type).flatMap((inner) => withOptions(inner, `${above}${name}.`)),
  ]);
}

/** The objects that a value may be, but not those in a list. */
function objectsIn(type: Type): readonly FieldTypes[] {
  if (type.kind === "object") return [type.fields];
  if (type.kind === "alias") return objectsIn(type.of);
  return type.kind === "union" ? type.of.flatMap(objectsIn) : [];
}

describe("inOptionWords", () => {
  const inputs = withOptions(inputTypes);

  it("finds the options", () => assert.ok(inputs.length > 30));

  for (const [path, { name, kind, sets = "true" }] of inputs) {
    it(`says --${name} for ${path}`, () => {
      assert.equal(inOptionWords(`raise \`${path}\`, or`), `raise --${name}, or`);
      const isFlag = kind === "flag";
      const value = isFlag ? sets : "some-value";
      assert.equal(inOptionWords(`use \`${path}: ${value}\``), `use --${name}${isFlag ? "" : ` ${value}`}`);
    });
  }

  for (const [message, expected] of [
    ["`ifStuck: reset` or `atDeadline: fail`", "--stuck reset or --wait-only"],
    ["`limits` and `warn`", "--limit and --warn"],
    ["`connection.password`", "--password-env"],
    ["`platform: linux`", "--platform linux"],
    ["`connection.strictHostKeyChecking: no`", "StrictHostKeyChecking no in ssh_config"],
    ["`mode: ensure`, `timeouts.command`", "mode: ensure, timeouts.command"],
    ["`drain: until-restart`", "--drain until-restart"],
    ["`drain: until-destroy`", "--drain until-undrain"],
    ['its mode is still "until-destroy"', 'its mode is still "until-undrain"'],
    ["until-destroy: `drain` needs root", "until-undrain: --drain needs root"],
    ["until-destroyed hosts", "until-destroyed hosts"],
    ["the host said `users` and `constructor`", "the host said `users` and `constructor`"],
  ] as const) {
    it(`says ${expected} for ${message}`, () => assert.equal(inOptionWords(message), expected));
  }
});
