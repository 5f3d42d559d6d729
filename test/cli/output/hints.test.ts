import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../provider/base/errors";
import { hintsFor } from "../../../provider/cli/output/hints";

const failed = (code: ErrorCode, message: string): { error: { code: ErrorCode; message: string } } => ({
  error: { code, message },
});

describe("hintsFor", () => {
  it("gives one line per kind of failure, in order of appearance", () => {
    const hosts = [
      failed("session-not-found", "a"),
      {},
      failed("host-key-unknown", "b"),
      failed("session-not-found", "c"),
      failed("aborted", "says it all"),
    ];
    assert.deepEqual(
      hintsFor({ hosts }).map((line) => line.replace(/:.*/u, "")),
      ["session-not-found", "host-key-unknown"],
    );
  });

  it("gives that of the run last, once", () => {
    const ended = failed("then-failed", "b").error;
    const hosts = [failed("not-back", "a"), failed("then-failed", "b")];
    const codes = hintsFor({ hosts, ended }).map((line) => line.replace(/:.*/u, ""));
    assert.deepEqual(codes, ["not-back", "then-failed"]);
    assert.equal(hintsFor({ hosts: [], ended }).length, 1);
  });

  it("names an option for each code of hosts that restart", () => {
    for (const code of ["not-back", "not-restarted", "then-failed", "drain-failed"] as const)
      assert.match(hintsFor({ hosts: [failed(code, "a")] })[0] ?? "", /--undrain/u);
  });

  it("gives none where every message says what to do", () => {
    const codes = ["host-key-changed", "host-unreachable", "auth-rejected", "session-stuck"] as const;
    assert.deepEqual(hintsFor({ hosts: codes.map((code) => failed(code, "a")) }), []);
  });
});
