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

/** A connection that sets nothing, with the defaults that reached the host. */
const direct = {
  client: "builtin",
  port: 22,
  jumpHosts: [],
  sshConfig: false,
  strictHostKeyChecking: "yes",
  algorithms: "default",
};

describe("a host that is kept for its drain", () => {
  it("follows the program's hosts and can be told apart from them", () => {
    const given = { hosts: ["x", "y"], totals: { hosts: 2 } };
    const inputs = withHostsKept({ hosts: ["y"] }, given, ["x:22"]);
    assert.deepEqual(inputs, { hosts: ["y", { host: "x", connection: direct }] });
    const outputs = { ...inputs, totals: { hosts: 1 } };
    assert.deepEqual(withoutHostsKept(outputs), { ...outputs, hosts: ["y"] });
    assert.deepEqual(withoutHostsKept({ hosts: ["y", "x"] }), { hosts: ["y", "x"] });
  });

  it("keeps how it was reached, with the defaults of that time, whatever the connection is now", () => {
    const now = { port: 5, jumpHosts: ["gate"], sshConfig: true, strictHostKeyChecking: "no" };
    assert.deepEqual(kept("a", {}, now), { host: "a", connection: direct });
    // Here the port may come from ssh_config.
    const { client, jumpHosts, strictHostKeyChecking, algorithms } = direct;
    const connection = { client, jumpHosts, sshConfig: true, strictHostKeyChecking, algorithms };
    assert.deepEqual(kept("a", { sshConfig: true }, { sshConfig: true, port: 5 }), { host: "a", connection });
    // The machine's own ssh reads ssh_config unless it is told not to.
    const openssh = { client: "openssh" };
    assert.deepEqual(kept("a", openssh, {}), { host: "a", connection: { ...connection, ...openssh } });
  });

  it("keeps neither the login nor a secret of the shared connection", () => {
    const before = { user: "u", password: "p", privateKeyFile: "id", knownHosts: "x" };
    assert.deepEqual(kept("a", before, before), { host: "a", connection: { ...direct, knownHosts: "x" } });
  });

  it("keeps no proxy command, and takes that of the program instead of connecting directly", () => {
    const { client, port, sshConfig, strictHostKeyChecking, algorithms } = direct;
    const rest = { client, port, sshConfig, strictHostKeyChecking, algorithms };
    const proxyCommand = "secret %h";
    assert.deepEqual(kept("a", { proxyCommand }, {}), { host: "a", connection: rest });
    const own = { host: "a", connection: { proxyCommand } };
    assert.deepEqual(kept(own, { jumpHosts: ["gate"] }, {}), { host: "a", connection: rest });
    const jumpHosts = ["next", { host: "gate", connection: { proxyCommand } }];
    assert.deepEqual(kept("a", { jumpHosts }, {}), { host: "a", connection: rest });
  });

  it("takes the proxy command of the program after further updates too", () => {
    const connection = { proxyCommand: "secret %h" };
    const first = { hosts: ["x", "a"], connection, totals: { hosts: 2 } };
    const once = withHostsKept({ hosts: ["x"], connection }, first, ["a:22"]);
    const twice = withHostsKept({ hosts: ["x"] }, { ...once, connection: {}, totals: { hosts: 1 } }, [
      "a:22",
    ]);
    assert.deepEqual(twice["hosts"], once["hosts"]);
  });

  it("stays without a proxy command if it was reached without one", () => {
    const { client, strictHostKeyChecking, algorithms } = direct;
    const rest = { client, sshConfig: true, strictHostKeyChecking, algorithms, proxyCommand: "none" };
    const connection = { sshConfig: true, proxyCommand: "none" };
    assert.deepEqual(kept("a", connection, {}), { host: "a", connection: rest });
    const own = { host: "a", connection: { proxyCommand: "none" } };
    const shared = { sshConfig: true, jumpHosts: ["gate"] };
    assert.deepEqual(kept(own, shared, {}), { host: "a", connection: rest });
  });

  it("keeps the previous connection's fields, overridden by its own", () => {
    const before = { port: 2222, knownHosts: "x", strictHostKeyChecking: "accept-new", algorithms: "legacy" };
    const now = { port: 22, knownHosts: "y", strictHostKeyChecking: "yes" };
    assert.deepEqual(kept("u@a", before, now), { host: "u@a", connection: { ...direct, ...before } });
    const own = { host: "a", platform: "linux", connection: { port: 5, user: "own", password: "p" } };
    assert.deepEqual(kept(own, before, now), {
      host: "a",
      platform: "linux",
      connection: { ...direct, ...before, port: 5, user: "own" },
    });
  });

  it("does not change when it is kept once more", () => {
    const once = kept("a", { port: 2222, knownHosts: "x" }, { port: 23, knownHosts: "y" });
    assert.deepEqual(kept(once, { port: 23, knownHosts: "y" }, { port: 24 }), once);
  });

  it("keeps its jump hosts and their fields, without their secrets", () => {
    const gate = { host: "gate", user: "g", connection: { password: "p", algorithms: "legacy" } };
    const before = { knownHostsFile: "old", jumpHosts: [gate, "next"], port: 5 };
    const { sshConfig, strictHostKeyChecking, algorithms } = direct;
    const shared = { sshConfig, strictHostKeyChecking, algorithms, knownHostsFile: "old" };
    assert.deepEqual(kept("a", before, { knownHostsFile: "new", port: 6 }), {
      host: "a",
      connection: {
        client: "builtin",
        ...shared,
        port: 5,
        jumpHosts: [
          { host: "gate", user: "g", connection: { ...shared, algorithms: "legacy" } },
          { host: "next", connection: shared },
        ],
      },
    });
  });

  it("trusts no more host keys than before: the connection's keys are not added to its own", () => {
    const own = { host: "a", connection: { knownHostsFile: "own" } };
    assert.deepEqual(kept(own, { knownHosts: "x" }, { knownHosts: "y" }), {
      host: "a",
      connection: { ...direct, knownHostsFile: "own" },
    });
    const before = { knownHosts: "x", knownHostsFile: "f" };
    assert.deepEqual(kept("a", before, { knownHosts: "y", knownHostsFile: "f" }), {
      host: "a",
      connection: { ...direct, ...before },
    });
  });

  it("keeps the connection's host key only if it was the host's own", () => {
    const olds = { hosts: ["b", "a"], connection: { hostKey: "key of b" }, totals: { hosts: 1 } };
    assert.deepEqual(withHostsKept({ hosts: ["c"] }, olds, ["a:22", "b:22"]), {
      hosts: [
        "c",
        { host: "b", connection: { ...direct, hostKey: "key of b" } },
        { host: "a", connection: direct },
      ],
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
    const connection = { ...direct, port: 5 };
    assert.deepEqual((hosts as readonly unknown[])[7], { host: "h7", connection });
  });
});
