import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Connection, Host } from "../../../provider/connection";
import { createLinuxHost, linuxHostsPossible, systemdNologin, type LinuxHost } from "./linux-host";

const ask = "cat /proc/sys/kernel/random/boot_id";

function oneHost(t: TestContext): { host: LinuxHost; connect: () => Promise<Connection> } {
  const host = createLinuxHost({ sessions: [{ user: "alice" }, { user: "bob" }] });
  t.after(() => host.close());
  return { host, connect: () => host.connect({} as Host, new AbortController().signal) };
}

async function read(connection: Connection): Promise<string> {
  return Buffer.from((await connection.exec(ask, { timeoutMs: 10_000 })).stdout).toString();
}

describe("a Linux host that restarts", { skip: !linuxHostsPossible }, () => {
  it("has another boot ID in the file that Linux has for it", async (t) => {
    const { host, connect } = oneHost(t);
    const before = await read(await connect());
    assert.match(before, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/u);
    assert.equal(before, `${host.bootId()}\n`);
    host.restart();
    const after = await read(await connect());
    assert.equal(after, `${host.bootId()}\n`);
    assert.notEqual(after, before);
  });

  it("has no sessions and no processes, and counts sessions from the beginning", (t) => {
    const { host } = oneHost(t);
    const isAlive = host.start("0::/system.slice/cron.service");
    host.restart();
    assert.deepEqual([host.sessions(), host.hasProcesses("1"), isAlive()], [[], false, false]);
    assert.equal(host.logon({ user: "carol" }), "1");
  });

  it("keeps /etc/nologin, but nothing in /run", (t) => {
    const { host } = oneHost(t);
    host.writeFile("/run/nologin", systemdNologin);
    host.writeFile("/etc/nologin", "closed by somebody\n");
    host.restart();
    assert.deepEqual([host.files("/run"), host.file("/etc/nologin")], [[], "closed by somebody\n"]);
    host.writeFile("/run/nologin", systemdNologin);
    assert.match(host.file("/run/nologin") ?? "", /^System is booting up\. .*\n$/u);
  });

  it("has lost our connections, whose end touches no new session", async (t) => {
    const { host, connect } = oneHost(t);
    const connection = await connect();
    host.restart();
    for (const user of ["alice", "bob", "carol"]) host.logon({ user });
    await assert.rejects(
      read(connection),
      (error) => error instanceof LogoffError && error.code === "connection-lost",
    );
    await connection.close();
    assert.deepEqual(host.sessions(), ["1", "2", "3"]);
  });
});
