import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withHostsKept, withoutHostsKept } from "../../../provider/pulumi/resource/kept-hosts";

type Connection = Readonly<Record<string, unknown>>;

/** The entry that is kept of a host, after the shared connection has become another. */
function kept(entry: unknown, before: Connection, now: Connection): unknown {
  const olds = { hosts: ["x", entry], connection: before, totals: { hosts: 2 } };
  const { hosts } = withHostsKept({ hosts: ["x"], connection: now }, olds, ["a:22"]);
  assert.ok(Array.isArray(hosts) && hosts.length === 2 && hosts[0] === "x");
  return (hosts as readonly unknown[])[1];
}

describe("a host that is kept for its drain", () => {
  it("follows the hosts of the program, and can be told from them", () => {
    const given = { hosts: ["x", "y"], totals: { hosts: 2 } };
    const inputs = withHostsKept({ hosts: ["y"] }, given, ["x:22"]);
    assert.deepEqual(inputs, { hosts: ["y", "x"] });
    const outputs = { ...inputs, totals: { hosts: 1 } };
    assert.deepEqual(withoutHostsKept(outputs), { ...outputs, hosts: ["y"] });
    assert.deepEqual(withoutHostsKept({ hosts: ["y", "x"] }), { hosts: ["y", "x"] });
  });

  it("stays as it was given while the connection does, except for a changed login or secret", () => {
    const gate = { host: "gate", connection: { password: "p1" } };
    const before = { user: "u", password: "p", knownHosts: "x", jumpHosts: [gate], sshConfig: null };
    const now = { ...before, user: "v", jumpHosts: [{ connection: { password: "p2" }, host: "gate" }] };
    assert.equal(kept("a", before, now), "a");
    assert.equal(kept("a", { port: 22 }, { algorithms: "default", jumpHosts: [] }), "a");
  });

  it("keeps the fields of the previous connection below its own", () => {
    const before = { port: 2222, knownHosts: "x", strictHostKeyChecking: "accept-new", algorithms: "legacy" };
    const now = { port: 22, knownHosts: "y", strictHostKeyChecking: "yes" };
    assert.deepEqual(kept("u@a", before, now), { host: "u@a", connection: before });
    const own = { host: "a", platform: "linux", connection: { port: 5, user: "own", password: "p" } };
    assert.deepEqual(kept(own, before, now), {
      host: "a",
      platform: "linux",
      connection: { ...before, port: 5, user: "own" },
    });
  });

  it("keeps the defaults of the previous connection", () => {
    const now = { port: 5, jumpHosts: ["gate"], sshConfig: true, strictHostKeyChecking: "no" };
    const direct = { port: 22, jumpHosts: [], sshConfig: false, strictHostKeyChecking: "yes" };
    assert.deepEqual(kept("a", {}, now), { host: "a", connection: direct });
    // There ssh_config may have said it.
    assert.deepEqual(kept("a", { sshConfig: true }, { sshConfig: true, port: 5 }), "a");
  });

  it("keeps its jump hosts and their fields, without their secrets", () => {
    const gate = { host: "gate", user: "g", connection: { password: "p", algorithms: "legacy" } };
    const before = { knownHostsFile: "old", jumpHosts: [gate, "next"], port: 5 };
    assert.deepEqual(kept("a", before, { knownHostsFile: "new", port: 6 }), {
      host: "a",
      connection: {
        knownHostsFile: "old",
        port: 5,
        jumpHosts: [
          { host: "gate", user: "g", connection: { knownHostsFile: "old", algorithms: "legacy" } },
          { host: "next", connection: { knownHostsFile: "old" } },
        ],
      },
    });
  });

  it("trusts no more host keys than before: those of the connection are not added to its own", () => {
    const own = { host: "a", connection: { knownHostsFile: "own" } };
    assert.deepEqual(kept(own, { knownHosts: "x" }, { knownHosts: "y" }), own);
    const before = { knownHosts: "x", knownHostsFile: "f" };
    assert.deepEqual(kept("a", before, { knownHosts: "y", knownHostsFile: "f" }), {
      host: "a",
      connection: before,
    });
  });

  it("keeps the connection's host key only if that was its own", () => {
    const olds = { hosts: ["b", "a"], connection: { hostKey: "key of b" }, totals: { hosts: 1 } };
    assert.deepEqual(withHostsKept({ hosts: ["c"] }, olds, ["a:22", "b:22"]), {
      hosts: ["c", { host: "b", connection: { hostKey: "key of b" } }, "a"],
    });
  });

  it("does not keep known hosts that would make the state too large", () => {
    const names = Array.from({ length: 100 }, (_, index) => `h${index}`);
    const olds = { hosts: names, connection: { knownHosts: "x".repeat(100_000), port: 5 } };
    const { hosts } = withHostsKept(
      { hosts: [] },
      olds,
      names.map((name) => `${name}:22`),
    );
    assert.deepEqual((hosts as readonly unknown[])[7], { host: "h7", connection: { port: 5 } });
  });
});
