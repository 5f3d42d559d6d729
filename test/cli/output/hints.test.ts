import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../provider/base/errors";
import { inOptionWords } from "../../../provider/cli/arguments/problem-names";
import { hintsFor } from "../../../provider/cli/output/hints";
import { passwordGuard } from "../../../provider/ssh/login/password-guard";

const never = new AbortController().signal;
const failed = (code: ErrorCode, message: string): { error: { code: ErrorCode; message: string } } => ({
  error: { code, message },
});

describe("hintsFor", () => {
  it("gives one line per kind of failure, in order of appearance", () => {
    const hosts = [
      failed("session-stuck", "a"),
      {},
      failed("host-key-unknown", "b"),
      failed("session-stuck", "c"),
      failed("aborted", "says it all"),
    ];
    assert.deepEqual(
      hintsFor(hosts).map((line) => line.replace(/:.*/u, "")),
      ["session-stuck", "host-key-unknown"],
    );
  });

  it("gives none if hosts did not answer a password, since the message says what to do", async () => {
    const guard = passwordGuard();
    for (const host of ["h1", "h2", "h3"])
      (await guard.claim(host, "admin", "pw", never)).settle("unanswered");
    const silence = await guard.claim("h4", "admin", "pw", never).catch((thrown: unknown) => thrown);
    assert.ok(silence instanceof Error);
    assert.match(inOptionWords(silence.message), /raise --timeout-connect$/u);
    const rejected = failed("auth-rejected", `Cannot log in to "h5": rejected: password`);
    const lines = hintsFor([failed("auth-rejected", silence.message), rejected]);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /check --user/u);
  });

  it("gives none where every message says what to do", () => {
    assert.deepEqual(hintsFor([failed("host-key-changed", "a"), failed("no-common-algorithm", "b")]), []);
  });
});
