import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { unknownValue } from "../../../provider/plan/unknown";
import {
  holdsSecret,
  markedLike,
  secret,
  sendable,
  unmarked,
  withCredentialsMarked,
} from "../../../provider/pulumi/plugin/values";

/** What the engine sends for a secret. */
const sent = (value: unknown): unknown => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(unknownValue),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("host", "password", "connection", "x"), tie("value")),
    tie("value").map(sent),
  ),
}));

describe("values with marks", () => {
  it("keep their marks when they are given back", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const once = markedLike(unmarked(value), value);
        assert.deepEqual(unmarked(once), unmarked(value));
        assert.deepEqual(markedLike(unmarked(once), once), once);
        assert.equal(holdsSecret(unmarked(value)), false);
      }),
    );
  });

  it("are marked as the engine does it, inside of lists and as a whole list", () => {
    const leaf = { hosts: [{ host: "a", connection: { password: sent("p") } }, "b"] };
    assert.deepEqual(markedLike(unmarked(leaf), leaf), leaf);
    const whole = { hosts: sent(["a", sent("b")]) };
    assert.deepEqual(unmarked(whole), { hosts: ["a", "b"] });
    assert.deepEqual(markedLike({ hosts: ["a", "b"] }, whole), { hosts: sent(["a", "b"]) });
  });

  it("mark further items of a list that holds secrets", () => {
    assert.deepEqual(markedLike(["a", "b"], [sent("a")]), [sent("a"), sent("b")]);
    assert.deepEqual(markedLike(["a", "b"], ["a"]), ["a", "b"]);
  });

  it("mark every credential once, and neither unknown nor absent ones", () => {
    const given = {
      password: "p",
      passphrase: sent("q"),
      privateKey: unknownValue,
      passwordEnv: "P",
      proxyCommand: "x %h",
      jumpHosts: [{ connection: { password: "r" } }],
      nested: { password: null },
    };
    assert.deepEqual(withCredentialsMarked(given), {
      ...given,
      password: sent("p"),
      proxyCommand: sent("x %h"),
      jumpHosts: [{ connection: { password: sent("r") } }],
    });
    assert.deepEqual(secret(sent("x")), sent("x"));
  });

  it("are sent without undefined fields", () => {
    assert.deepEqual(sendable({ a: undefined, b: [undefined, { c: undefined }], d: null }), {
      b: [null, {}],
      d: null,
    });
  });
});
