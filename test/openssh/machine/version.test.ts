import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Host } from "../../../provider/connection";
import { isAtLeast, parseVersion, requireVersion } from "../../../provider/openssh/machine/version";
import { hostOf } from "../../ssh/scripted-server";

const place = { address: "rdsh01", port: 22 };
const key = { login: { privateKeys: [] }, hostKeys: { pinned: [], strict: "yes" } } as const;
const fingerprint = `SHA256:${"A".repeat(43)}`;

describe("parseVersion", () => {
  for (const [output, text, major, minor] of [
    [
      "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n",
      "OpenSSH_9.2p1 Debian-2+deb12u10",
      9,
      2,
    ],
    ["OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017\n", "OpenSSH_7.4p1", 7, 4],
    ["OpenSSH_for_Windows_8.1p1, LibreSSL 3.0.2\r\n", "OpenSSH_for_Windows_8.1p1", 8, 1],
    ["OpenSSH_10.0p2, LibreSSL 3.3.6\n", "OpenSSH_10.0p2", 10, 0],
  ] as const)
    it(`reads ${text}`, () => assert.deepEqual(parseVersion(output), { text, major, minor }));

  it("refuses another program", () => {
    assert.equal(parseVersion("Dropbear v2022.83\n"), undefined);
    assert.equal(parseVersion("plink: Release 0.78\n"), undefined);
  });
});

describe("isAtLeast", () => {
  it("compares numbers and not text", () => {
    const ten = parseVersion("OpenSSH_10.0p1")!;
    assert.ok(isAtLeast(ten, 8, 5) && isAtLeast(ten, 10, 0) && !isAtLeast(ten, 10, 1));
  });
});

describe("requireVersion", () => {
  const cases: readonly (readonly [string, Partial<Host>, string, string | undefined])[] = [
    ["a key", key, "OpenSSH_7.4p1", undefined],
    ["a key", key, "OpenSSH_7.3p1", "`connection.client: openssh` needs OpenSSH 7.4"],
    ["accept-new", { ...key, hostKeys: { pinned: [], strict: "accept-new" } }, "OpenSSH_7.6p1", undefined],
    [
      "accept-new",
      { ...key, hostKeys: { pinned: [], strict: "accept-new" } },
      "OpenSSH_7.5p1",
      "needs OpenSSH 7.6",
    ],
    ["a password", { hostKeys: key.hostKeys }, "OpenSSH_8.4p1", undefined],
    ["a password", { hostKeys: key.hostKeys }, "OpenSSH_8.3p1", "a password needs OpenSSH 8.4"],
    [
      "a fingerprint",
      { ...key, hostKeys: { pinned: [fingerprint], strict: "yes" } },
      "OpenSSH_8.5p1",
      undefined,
    ],
    [
      "a fingerprint",
      { ...key, hostKeys: { pinned: [fingerprint], strict: "yes" } },
      "OpenSSH_8.4p1",
      "needs OpenSSH 8.5",
    ],
    [
      "a pinned key",
      { ...key, hostKeys: { pinned: ["ssh-ed25519 AAAA"], strict: "yes" } },
      "OpenSSH_7.4p1",
      undefined,
    ],
  ];
  for (const [what, changes, text, problem] of cases)
    it(`${problem === undefined ? "allows" : "refuses"} ${what} with ${text}`, () => {
      const version = parseVersion(text)!;
      const check = (): void => requireVersion(hostOf(place, changes), version);
      if (problem === undefined) assert.doesNotThrow(check);
      else
        assert.throws(check, (error: Error & { code?: string }) => {
          assert.equal(error.code, "plan-invalid");
          assert.ok(error.message.includes(problem) && error.message.includes(text), error.message);
          return error.message.includes("ssh -V");
        });
    });
});
