import assert from "node:assert/strict";
import { it } from "node:test";
import { utils } from "ssh2";
import { testKey } from "../../ssh/scripted-server";
import { createKeyPair } from "./keys";

// ssh2's generator corrupts about three in a thousand Ed25519 keys, which occasionally failed a test run.
it("createKeyPair and testKey make only keys that can be parsed", () => {
  for (let made = 0; made < 2000; made++) {
    for (const text of [createKeyPair().privateKey, testKey(`key ${made}`).privateText])
      assert.ok(!(utils.parseKey(text) instanceof Error), text);
  }
});
