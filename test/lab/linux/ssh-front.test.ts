import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { linuxBackend } from "../../../provider/backend/linux/backend";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { clientKey } from "../lab";
import { linuxHostsPossible } from "./linux-host";
import { startLinuxSshHost } from "./ssh-front";

const skip = linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh";

describe("a fake Linux host behind SSH", { skip }, () => {
  it("answers our commands, and drops a connection whose session ends", async () => {
    const front = await startLinuxSshHost({ sessions: [{ user: "alice", tty: "pts/0" }] });
    const host: Host = {
      label: `${front.address}:${front.port}`,
      address: front.address,
      port: front.port,
      user: "root",
      login: { privateKeys: [{ from: "value", value: clientKey.privateKey }] },
      hostKeys: { pinned: [], knownHosts: front.knownHosts, strict: "yes" },
      jumpHosts: [],
      algorithms: "default",
      keepaliveMs: 0,
      connectTimeoutMs: 5000,
    };
    const backend = linuxBackend(host);
    const connection = await openSsh({ baseFolder: tmpdir(), env: {} }).connect(
      host,
      new AbortController().signal,
    );
    const { commands, parse } = backend.list();
    const sessions = parse([await connection.exec(commands[0] ?? "", { timeoutMs: 5000 })]);
    assert.deepEqual(
      sessions.map(({ user, own }) => [user, own]),
      [
        ["alice", false],
        ["root", true],
      ],
    );
    const own = sessions.find((session) => session.own);
    assert.ok(own);
    await assert.rejects(
      connection.exec(backend.logOff(own).command, { timeoutMs: 5000 }),
      (error) => error instanceof LogoffError && error.code === "connection-lost",
    );
    await connection.close();
    await front.close();
  });
});
