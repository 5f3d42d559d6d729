import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { agentPath } from "../../../provider/ssh/login/agent";
import { openSsh, type SshOptions } from "../../../provider/ssh/open-ssh";
import { sshContext } from "../../../provider/ssh/options";
import { missingAgent, startAgent } from "../real-servers";
import {
  bareOptions,
  hostOf,
  never,
  startServer,
  testKey,
  until,
  type Script,
  type TestKey,
} from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "agent-"));
after(() => rmSync(folder, { recursive: true }));

function makeKey(name: string, ...args: string[]): TestKey {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-N", "", ...args]);
  const publicText = readFileSync(`${path}.pub`, "utf8").trim();
  return { privateText: path, publicText, blob: Buffer.from(publicText.split(" ")[1]!, "base64") };
}

describe("the path of an agent", () => {
  const context = (changes: Partial<SshOptions>): ReturnType<typeof sshContext> =>
    sshContext(bareOptions(changes));
  it("is the given path, that of SSH_AUTH_SOCK, or the Windows pipe", () => {
    const home = context({ home: "/home/op", baseFolder: "/program" });
    assert.equal(agentPath("~/agent.sock", home), "/home/op/agent.sock");
    assert.equal(agentPath("agent.sock", home), "/program/agent.sock");
    assert.equal(agentPath("\\\\.\\pipe\\other-agent", home), "\\\\.\\pipe\\other-agent");
    assert.equal(agentPath("/named", context({ env: { SSH_AUTH_SOCK: "/other" } })), "/named");
    assert.equal(agentPath(true, context({ env: { SSH_AUTH_SOCK: "/other" } })), "/other");
    assert.equal(agentPath(true, context({ env: { SSH_AUTH_SOCK: "" } })), undefined);
    assert.equal(agentPath(true, context({ platform: "win32" })), "\\\\.\\pipe\\openssh-ssh-agent");
  });
});

describe("an agent", { skip: missingAgent() }, () => {
  const socket = join(folder, "socket");
  let stop: () => Promise<void>;
  let ed: TestKey;
  let rsa: TestKey;
  before(async () => {
    ed = makeKey("ed", "-t", "ed25519");
    rsa = makeKey("rsa", "-t", "rsa", "-b", "2048");
    const child = await startAgent(socket, [ed.privateText, rsa.privateText]);
    stop = async () => {
      child.kill();
      await once(child, "exit");
    };
  });
  after(() => stop());

  async function logins(
    script: Script,
    login: Host["login"],
    env = {},
    sshConfig?: string,
  ): Promise<string[]> {
    const server = await startServer(script);
    try {
      const host = hostOf(server, { login, ...(sshConfig !== undefined && { sshConfig }) });
      const connection = await openSsh(bareOptions({ env })).connect(host, never);
      await connection.close();
      return server.logins;
    } finally {
      await server.close();
    }
  }
  const seen = (key: TestKey, signed = ""): string => `publickey:${key.blob.toString("base64")}${signed}`;

  it("signs with each of its keys, in order", async () => {
    assert.deepEqual(await logins({ key: ed }, { privateKeys: [], agent: socket }), [
      "none",
      seen(ed),
      seen(ed, ":signed"),
    ]);
    const second = await logins({ key: rsa }, { privateKeys: [], agent: socket });
    assert.deepEqual(second, ["none", seen(ed), seen(rsa), seen(rsa, ":signed")]);
  });

  it("is used if SSH_AUTH_SOCK is set and no credential is", async () => {
    const offered = await logins({ key: ed }, { privateKeys: [] }, { SSH_AUTH_SOCK: socket });
    assert.equal(offered.at(-1), seen(ed, ":signed"));
  });

  it("is not used if it is forbidden", async () => {
    const forbidden = logins({ key: ed }, { privateKeys: [], agent: false }, { SSH_AUTH_SOCK: socket });
    await assert.rejects(forbidden, {
      code: "auth-unavailable",
      message: /no private key, agent or password/u,
    });
  });

  describe("with ssh_config's IdentitiesOnly", () => {
    const config = (...lines: string[]): string => {
      const path = join(folder, `config-${(configs += 1)}`);
      writeFileSync(path, [`IdentityAgent ${socket}`, ...lines].join("\n"), { mode: 0o600 });
      return path;
    };
    let configs = 0;
    const rsaOffered = (): string[] => ["none", seen(rsa), seen(rsa, ":signed")];
    const none = { privateKeys: [] };
    const fileIn = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };

    it("offers only the key whose public half is an IdentityFile, even if others may read the file", async () => {
      chmodSync(`${rsa.privateText}.pub`, 0o644);
      const path = config("IdentitiesOnly yes", `IdentityFile ${rsa.privateText}.pub`);
      assert.deepEqual(await logins({ key: rsa }, none, {}, path), rsaOffered());
    });

    it("offers only the key whose public half lies next to a missing or unusable IdentityFile", async () => {
      fileIn("gone.pub", `${rsa.publicText}\n`);
      const gone = config("IdentitiesOnly yes", `IdentityFile ${join(folder, "gone")}`);
      assert.deepEqual(await logins({ key: rsa }, none, {}, gone), rsaOffered());
      fileIn("broken.pub", `${rsa.publicText}\n`);
      const broken = config("IdentitiesOnly yes", `IdentityFile ${fileIn("broken", "no key")}`);
      assert.deepEqual(await logins({ key: rsa }, none, {}, broken), rsaOffered());
    });

    it("offers a key once if both the file and the agent have it", async () => {
      const path = config("IdentitiesOnly yes", `IdentityFile ${rsa.privateText}`);
      assert.deepEqual(await logins({ key: rsa }, none, {}, path), rsaOffered());
    });

    it("offers no key of an explicitly set agent unless it is an IdentityFile", async () => {
      const path = config(
        "IdentitiesOnly yes",
        `IdentityFile ${fileIn("other.pub", testKey("o").publicText)}`,
      );
      await assert.rejects(logins({ key: ed }, { privateKeys: [], agent: socket }, {}, path), {
        code: "auth-unavailable",
        message: /none of the agent's keys is in an IdentityFile/u,
      });
    });

    it("says that a public key needs an agent when none is named", async () => {
      const path = fileIn("unnamed", `IdentitiesOnly yes\nIdentityFile ${rsa.privateText}.pub`);
      await assert.rejects(logins({ key: rsa }, none, { SSH_AUTH_SOCK: socket }, path), {
        code: "auth-unavailable",
        message: /a public key as IdentityFile needs an agent/u,
      });
    });

    it("set to no, offers the keys of IdentityFile first, then the others", async () => {
      const path = config(`IdentityFile ${rsa.privateText}.pub`);
      assert.deepEqual(await logins({ key: ed }, none, {}, path), [
        "none",
        seen(rsa),
        seen(ed),
        seen(ed, ":signed"),
      ]);
    });
  });

  it("names its keys in a rejection", async () => {
    await assert.rejects(
      logins({ key: makeKey("no", "-t", "ed25519") }, { privateKeys: [], agent: socket }),
      (thrown: unknown) => {
        assert.ok(thrown instanceof LogoffError);
        assert.equal(thrown.code, "auth-rejected");
        assert.match(
          thrown.message,
          /rejected: publickey \(ssh-ed25519 SHA256:\S+, agent\), publickey \(ssh-rsa SHA256:\S+, agent\)/u,
        );
        return true;
      },
    );
  });
});

/** SSH_AGENT_IDENTITIES_ANSWER with one key (draft-ietf-sshm-ssh-agent 3.5). */
function identitiesAnswer(key: TestKey): Buffer {
  const field = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes]);
  return field(Buffer.concat([Buffer.from([12]), uint32(1), field(key.blob), field(Buffer.from("a key"))]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

async function untilNobodyIsConnected(server: Server): Promise<void> {
  let open = -1;
  await until(() => {
    server.getConnections((_error, count) => (open = count));
    return open === 0;
  }, "nobody is connected to the agent");
}

describe("an agent that does not answer", () => {
  it("fails at the deadline and leaves no socket open", async (t) => {
    const path = join(folder, "silent");
    const silent = createServer((socket) => socket.resume()).listen(path);
    await once(silent, "listening");
    t.after(() => silent.close());
    const server = await startServer();
    t.after(() => server.close());
    const host = hostOf(server, { login: { privateKeys: [], agent: path }, connectTimeoutMs: 200 });
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "timed-out",
      message: /agent did not list/u,
    });
    assert.equal(server.connections(), 0);
    await untilNobodyIsConnected(silent);
  });

  it("fails at the deadline even while it waits for a person to allow a signature, and leaves no socket open", async (t) => {
    const path = join(folder, "waits-for-a-person");
    const asked: number[] = [];
    const key = testKey("in the agent");
    const agent = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (request) => {
        asked.push(request[4] ?? 0);
        if (request[4] === 11) socket.write(identitiesAnswer(key));
      });
    }).listen(path);
    await once(agent, "listening");
    t.after(() => agent.close());
    const server = await startServer({ key });
    t.after(() => server.close());
    const host = hostOf(server, { login: { privateKeys: [], agent: path }, connectTimeoutMs: 300 });
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "timed-out",
      message: /timed out after 0.3 s while logging in/u,
    });
    // SSH_AGENTC_REQUEST_IDENTITIES, then SSH_AGENTC_SIGN_REQUEST
    assert.deepEqual(asked, [11, 13]);
    await untilNobodyIsConnected(agent);
    assert.equal(server.open(), 0);
  });
});
