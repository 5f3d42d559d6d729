import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { violationsIn } from "./journal-kills/invariants";
import { builtMain, playOut } from "./journal-kills/runs";
import { scenarioOf } from "./journal-kills/scenario";
import { tellStory } from "./journal-kills/tell";

/** Seeds to play again, separated by commas. Default: new ones. */
const given = process.env["SESSION_LOGOFF_KILL_SEEDS"];
const seeds = given?.split(",").map(Number) ?? Array.from({ length: 10 }, () => randomInt(2 ** 31));

const skip = process.platform === "win32" ? "a Windows process cannot be killed by a signal" : false;

describe("a run that is killed at any moment and resumed", { skip, concurrency: 2 }, () => {
  for (const seed of seeds)
    it(`keeps every promise (SESSION_LOGOFF_KILL_SEEDS=${seed})`, async () => {
      assert.ok(existsSync(builtMain), "the command is not built");
      const story = await playOut(scenarioOf(seed));
      const violations = violationsIn(story);
      assert.deepEqual(violations, [], `${tellStory(story)}\nSESSION_LOGOFF_KILL_SEEDS=${seed}`);
    });
});
