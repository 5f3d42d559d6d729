/** What a client takes from ssh_config, and what no ssh_config can change. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { it } from "node:test";
import { withoutFields } from "../../provider/base/records";
import type { Host } from "../../provider/connection";
import { never, serverFor, testKey, type Script } from "../ssh/scripted-server";
import { contract, failsWith, needs, outputOf, patient, patientHost, visit } from "./contract";
import { env, fileWith, newPath } from "./scratch";

const key = testKey("login");
const none = { privateKeys: [] } as const;
const known = (port: number): Host["hostKeys"] => ({
  pinned: [],
  knownHosts: `[127.0.0.1]:${port} ${testKey("host").publicText}\n`,
  knownHostsFiles: [],
  strict: "yes",
});

/** A host of which only the name is given. */
function named(address: string, changes: Partial<Host>): Host {
  const host = patientHost({ address, port: 22 }, { login: none, ...changes });
  return withoutFields({ ...host }, ["port", "user"]) as unknown as Host;
}

/** A host that accepts the key, and records the users that log in. */
const recording = (users: string[]): Script => ({
  onLogin: (context) => {
    users.push(context.username);
    if (context.method === "publickey" && context.key.data.equals(key.blob)) context.accept();
    else context.reject(["publickey"]);
  },
});

contract("ssh_config", (client) => {
  it("gives the address, the port, the user and the key of a name", async (t) => {
    const users: string[] = [];
    const server = await serverFor(t, recording(users));
    const sshConfig = fileWith(
      [
        "Host rdsh*",
        "  HostName 127.0.0.1",
        `  Port ${server.port}`,
        "  User operator",
        `  IdentityFile "${fileWith(key.privateText)}"`,
        "  IdentitiesOnly yes",
      ].join("\n"),
    );
    await visit(client.open().connect, named("rdsh01", { sshConfig, hostKeys: known(server.port) }));
    assert.deepEqual(new Set(users), new Set(["operator"]));
  });

  it("yields to what is given", async (t) => {
    const users: string[] = [];
    const server = await serverFor(t, recording(users));
    const sshConfig = fileWith("Host *\n  Port 1\n  User operator\n  ConnectTimeout 1\n");
    const login = { privateKeys: [{ from: "value", value: key.privateText }] } as const;
    await visit(
      client.open().connect,
      patientHost(server, { sshConfig, login, hostKeys: known(server.port) }),
    );
    assert.deepEqual(new Set(users), new Set(["admin"]));
  });

  it(
    "names jump hosts, which are verified and found for a run",
    { skip: needs(client, "jump hosts") },
    async (t) => {
      const target = await serverFor(t, { key });
      const jump = await serverFor(t, { key, forwards: true });
      const sshConfig = fileWith(
        [
          "Host behind",
          "  HostName 127.0.0.1",
          `  Port ${target.port}`,
          "  ProxyJump gate",
          "Host gate",
          "  HostName 127.0.0.1",
          `  Port ${jump.port}`,
          "Host *",
          "  User operator",
          `  IdentityFile "${fileWith(key.privateText)}"`,
        ].join("\n"),
      );
      const knows = (...ports: readonly number[]): Host["hostKeys"] => ({
        ...known(0),
        knownHosts: ports.map((port) => known(port).knownHosts).join(""),
      });
      const behind = named("behind", {
        label: "behind:22",
        sshConfig,
        hostKeys: knows(target.port, jump.port),
      });
      const reach = client.open();
      const connection = await reach.connect(behind, never);
      assert.equal(await outputOf(connection.exec, "x"), "ran x");
      await connection.close();
      assert.deepEqual(jump.forwarded, [`127.0.0.1:${target.port}`]);

      const gate = named("127.0.0.1", {
        label: `127.0.0.1:${jump.port}`,
        sshConfig,
        hostKeys: behind.hostKeys,
      });
      const found = await reach.findJumpHosts?.([behind, { ...gate, port: jump.port }]);
      assert.deepEqual(found?.get("behind:22"), [gate.label]);

      jump.logins.length = 0;
      const strange = { ...behind, hostKeys: knows(target.port) };
      const error = await failsWith(client.open().connect, strange, "jump-host-failed");
      assert.match(error.message, /\(host-key-unknown\)/u);
      assert.deepEqual(jump.logins, []);
    },
  );

  it("weakens nothing and runs nothing", async (t) => {
    const mark = newPath();
    const sshConfig = fileWith(
      [
        "Host *",
        "  StrictHostKeyChecking no",
        "  UpdateHostKeys yes",
        "  NoHostAuthenticationForLocalhost yes",
        "  CheckHostIP yes",
        "  ForwardAgent yes",
        "  ForwardX11 yes",
        "  PermitLocalCommand yes",
        `  LocalCommand touch ${mark}`,
        `  RemoteCommand touch ${mark}`,
        "  RequestTTY force",
        "  SendEnv LC_* LEAKED",
        "  ControlMaster auto",
        `  ControlPath ${newPath()}`,
        "  ControlPersist 600",
        "  LocalForward 127.0.0.1:1 127.0.0.1:1",
        "  ExitOnForwardFailure yes",
        "  NumberOfPasswordPrompts 3",
        "  ConnectionAttempts 5",
        "  BatchMode yes",
        "  EscapeChar ~",
        "  LogLevel QUIET",
        "  StdinNull yes",
        "  SessionType none",
        "  Compression yes",
      ].join("\n"),
    );
    const server = await serverFor(t);
    const given = { ...env, LC_ALL: "de_DE.UTF-8", LEAKED: "yes", DISPLAY: ":9" };
    const { connect } = client.open({ env: given });
    const unknown = patientHost(server, { sshConfig, hostKeys: { ...known(1) } });
    await failsWith(connect, unknown, "host-key-unknown");
    assert.deepEqual(server.logins, []);

    const host = patientHost(server, { sshConfig, hostKeys: known(server.port) });
    const connection = await connect(host, never);
    const { code, stdout } = await connection.exec("x", { ...patient, stdin: Buffer.from("~.\n") });
    assert.deepEqual([code, Buffer.from(stdout).toString()], [0, "ran x"]);
    await connection.close();
    const commands = server.commands.filter((command) => command !== client.probe);
    assert.deepEqual([commands, server.requests, server.forwarded], [["x"], [], []]);

    const rejecting = await serverFor(t, { password: "another" });
    const wrong = patientHost(rejecting, { sshConfig, hostKeys: known(rejecting.port) });
    await failsWith(connect, wrong, "auth-rejected");
    assert.equal(rejecting.logins.filter((login) => login.startsWith("password")).length, 1);
    assert.ok(!existsSync(mark));
  });

  it("that cannot be read or understood makes the plan invalid", async (t) => {
    const server = await serverFor(t);
    for (const sshConfig of [newPath(), fileWith("Host *\n  Port many\n")]) {
      const host = named("127.0.0.1", { sshConfig, hostKeys: known(server.port) });
      await failsWith(client.open().connect, host, "plan-invalid");
    }
    assert.equal(server.connections(), 0);
  });
});
