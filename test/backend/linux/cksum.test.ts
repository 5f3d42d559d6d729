import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { cksum } from "../../../provider/backend/linux/cksum";

const hasTool = spawnSync("cksum", { input: "" }).status === 0;

describe("a checksum", () => {
  it("matches the POSIX definition", () => {
    assert.equal(cksum(Buffer.from("")), 4_294_967_295);
    assert.equal(cksum(Buffer.from("123456789")), 930_766_865);
  });

  it("matches the output of cksum", { skip: hasTool ? false : "no cksum here" }, () => {
    for (const length of [1, 255, 256, 257, 65_536, 70_001]) {
      const bytes = randomBytes(length);
      const { stdout } = spawnSync("cksum", { input: bytes });
      assert.equal(stdout.toString().trim(), `${cksum(bytes)} ${length}`);
    }
  });
});
