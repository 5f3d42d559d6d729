import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../provider/base/errors";
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

  it("suggests the timeout if hosts did not answer a password, and the credentials if they rejected it", async () => {
    const guard = passwordGuard();
    for (const host of ["h1", "h2", "h3"])
      (await guard.claim(host, "admin", "pw", never)).settle("unanswered");
    const silence = await guard.claim("h4", "admin", "pw", never).catch((thrown: unknown) => thrown);
    assert.ok(silence instanceof Error);
    const rejected = failed("auth-rejected", `Cannot log in to "h5": rejected: password`);
    const lines = hintsFor([failed("auth-rejected", silence.message), rejected]);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /--timeout-connect/u);
    assert.match(lines[1] ?? "", /check --user/u);
  });

  it("gives none for a changed host key if known_hosts is not involved", () => {
    const line = (message: string): readonly string[] => hintsFor([failed("host-key-changed", message)]);
    assert.deepEqual(line('Cannot trust "a:22": its key x is not the pinned one (y)'), []);
    assert.deepEqual(line("is not the one that was accepted before and could not be written down"), []);
    assert.match(line('Cannot trust "a:22": its key x differs from known_hosts:3')[0] ?? "", /known_hosts/u);
  });

  it("suggests legacy algorithms only if the host offers one", () => {
    const line = (message: string): readonly string[] => hintsFor([failed("no-common-algorithm", message)]);
    assert.deepEqual(line("the host offers mlkem768x25519-sha256; enable one of ours on the host"), []);
    assert.match(line('the host offers x; set algorithms to "legacy"')[0] ?? "", /--legacy-algorithms/u);
  });
});
