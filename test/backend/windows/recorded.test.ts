import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import type { ExecResult } from "../../../provider/connection";
import type { SessionList } from "../../../provider/session/session";
import { encode, type CodePage } from "../../lab/languages/code-pages";
import { altered, recorded } from "./recorded";

function listOf(qwinsta: readonly string[], quser: readonly string[], codePage: number): SessionList {
  const printed = (lines: readonly string[]): ExecResult => ({
    code: 0,
    stdout: encode(lines.map((line) => `${line}\r\n`).join(""), codePage as CodePage),
    stderr: new Uint8Array(),
  });
  return windowsBackend({ label: "h:22" }, codePage)
    .list()
    .parse([printed(qwinsta), printed(quser)]);
}

describe("a published table", () => {
  for (const { from, codePage, qwinsta, quser = [], people } of recorded) {
    it(`is read exactly: ${from}`, () => {
      const sessions = listOf(qwinsta, quser, codePage);
      assert.equal(sessions.length, qwinsta.length - 1);
      const withUser = sessions.filter(({ user }) => user !== undefined);
      assert.deepEqual(
        withUser.map(({ id, name, user }) => [id, name, user]),
        people,
      );
      // A session that quser shows as well has times.
      const timed = withUser.filter(
        ({ logonTime, idleMs }) => logonTime !== undefined && idleMs !== undefined,
      );
      assert.equal(timed.length, Math.max(0, quser.length - 1));
    });
  }

  for (const [what, qwinsta] of Object.entries(altered)) {
    it(`is refused when somebody altered it: ${what}`, () => {
      assert.throws(() => listOf(qwinsta, [], 437), { code: "output-unrecognised" });
    });
  }
});
