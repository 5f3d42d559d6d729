import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withHostsKept, withoutHostsKept } from "../../../provider/pulumi/resource/kept-hosts";

type Connection = Readonly<Record<string, unknown>>;

/** The kept entry of a host after the shared connection changes. */
function kept(entry: unknown, before: Connection, now: Connection): unknown {
  const olds = { hosts: ["x", entry], connection: before, totals: { hosts: 2 } };
  const { hosts } = withHostsKept({ hosts: ["x"], connection: now }, olds, ["a:22"]);
  assert.ok(Array.isArray(hosts) && hosts.length === 2 && hosts[0] === "x");
  return (hosts as readonly unknown[])[1];
}

describe("a host that is kept for its drain", () => {
  it("follows the program's hosts and can be told apart from them", () => {
    const given = { hosts: ["x", "y"], totals: { hosts: 2 } };
    const inputs = withHostsKept({ hosts: ["y"] }, given, ["x:22"]);
    assert.deepEqual(inputs, { hosts: ["y", "x"] });
    const outputs = { ...inputs, totals: { hosts: 1 } };
    assert.deepEqual(withoutHostsKept(outputs), { ...outputs, hosts: ["y"] });
    assert.deepEqual(withoutHostsKept({ hosts: ["y", "x"] }), { hosts: ["y", "x"] });
  });

  it("keeps its entry as given unless the connection changes in more than login or secrets", () => {
    const gate = { host: "gate", connection: { password: "p1" } };
    const before = { user: "u", password: "p", knownHosts: "x", jumpHosts: [gate], sshConfig: null };
    const now = { ...before, user: "v", jumpHosts: [{ connection: { password: "p2" }, host: "gate" }] };
    assert.equal(kept("a", before, now), "a");
    assert.equal(kept("a", { port: 22 }, { algorithms: "default", jumpHosts: [] }), "a");
  });

  it("keeps the previous connection's fields, overridden by its own", () => {
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

  it("keeps the previous connection's defaults", () => {
    const now = { port: 5, jumpHosts: ["gate"], sshConfig: true, strictHostKeyChecking: "no" };
    const direct = { port: 22, jumpHosts: [], sshConfig: false, strictHostKeyChecking: "yes" };
    assert.deepEqual(kept("a", {}, now), { host: "a", connection: direct });
    // Here the port may come from ssh_config.
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

  it("trusts no more host keys than before: the connection's keys are not added to its own", () => {
    const own = { host: "a", connection: { knownHostsFile: "own" } };
    assert.deepEqual(kept(own, { knownHosts: "x" }, { knownHosts: "y" }), own);
    const before = { knownHosts: "x", knownHostsFile: "f" };
    assert.deepEqual(kept("a", before, { knownHosts: "y", knownHostsFile: "f" }), {
      host: "a",
      connection: before,
    });
  });

  it("keeps the connection's host key only if it was the host's own", () => {
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
