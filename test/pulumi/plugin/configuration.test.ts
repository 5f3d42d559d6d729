import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unknownValue } from "../../../provider/plan/unknown";
import {
  configurationOf,
  isConfigurationChanged,
  withConfigurationMarked,
} from "../../../provider/pulumi/plugin/configuration";
import { secret } from "../../../provider/pulumi/plugin/values";

describe("the provider's configuration", () => {
  it("has its credentials marked, whether or not the user did", () => {
    assert.deepEqual(
      withConfigurationMarked({
        user: "u",
        password: "p",
        passphrase: secret("q"),
        privateKey: unknownValue,
        version: "1.0.0",
      }),
      {
        user: "u",
        password: secret("p"),
        passphrase: secret("q"),
        privateKey: unknownValue,
        version: "1.0.0",
      },
    );
  });

  it("has changed when one of its values has, marked or not", () => {
    assert.equal(isConfigurationChanged({ password: secret("p") }, { password: "p", version: "2" }), false);
    assert.equal(isConfigurationChanged({ password: "p" }, { password: secret("q") }), true);
    assert.equal(isConfigurationChanged({ user: "u" }, {}), true);
    // The class's provider has other names; taking it over must not look like no change.
    assert.equal(isConfigurationChanged({ "session-logoff:passphrase": "p" }, { passphrase: "p" }), true);
  });

  it("of a default provider is today's", () => {
    const args = { user: "old", password: secret("old") };
    const today = JSON.stringify({ user: "new", knownHosts: "", other: "x" });
    for (const name of ["default", "default_0_2_0_http_/host"])
      assert.deepEqual(configurationOf(args, name, today), { user: "new" });
  });

  it("of an explicit provider, or without today's, is what the engine passes", () => {
    const args = { user: "u", password: secret("p"), passphrase: unknownValue, knownHosts: "" };
    const expected = { user: "u", password: "p", passphrase: unknownValue };
    assert.deepEqual(configurationOf(args, "login", JSON.stringify({ user: "new" })), expected);
    for (const today of [undefined, "{}", "no JSON", '{"other":"x"}'])
      assert.deepEqual(configurationOf(args, "default", today), expected);
  });
});
