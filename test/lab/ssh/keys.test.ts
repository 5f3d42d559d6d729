import assert from "node:assert/strict";
import { it } from "node:test";
import { utils } from "ssh2";
import { testKey } from "../../ssh/scripted-server";
import { createKeyPair } from "./keys";

// ssh2's generator spoils about three Ed25519 keys in a thousand, which failed a run of all tests now and then.
it("makes no key that cannot be read", () => {
  for (let made = 0; made < 2000; made++) {
    for (const text of [createKeyPair().privateKey, testKey(`key ${made}`).privateText])
      assert.ok(!(utils.parseKey(text) instanceof Error), text);
  }
});
