/** A connection that is closed, and a process that dies, leave nothing behind. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ServerChannel } from "ssh2";
import { never, serverFor, testKey, until } from "../ssh/scripted-server";
import type { Host } from "../../provider/connection";
import {
  connected,
  contract,
  failsWith,
  nothingIsLeft,
  patient,
  patientHost,
  rejection,
  slackMs,
  type TestedClient,
  visit,
} from "./contract";
import { env, filesLeft, home, programs, readableTraces } from "./scratch";

contract("closing", (client) => {
  it("ends the connection, and may be repeated", async (t) => {
    const { connection, server } = await connected(t, client);
    assert.equal((await connection.exec("x", patient)).code, 0);
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    await until(() => server.open() === 0, "the connection is closed");
    await nothingIsLeft();
  });

  it("ends running commands, and nothing is sent afterwards", async (t) => {
    const { connection, server } = await connected(t, client, {
      onExec: (_command, accept) => void accept(),
    });
    const running = [1, 2, 3].map(() => rejection(connection.exec("hang", patient)));
    await until(() => server.commands.length === 3, "the commands run");
    await connection.close();
    for (const error of await Promise.all(running)) assert.equal(error.code, "connection-lost");
    let asked = 0;
    const beforeSend = (): Promise<void> => Promise.resolve(void (asked += 1));
    const next = await rejection(connection.exec("next", { ...patient, beforeSend }));
    assert.deepEqual([next.code, next.sent, asked], ["connection-lost", false, 0]);
    await until(() => server.open() === 0, "the connection is closed");
    await nothingIsLeft();
  });

  it("succeeds on a host that is gone", async (t) => {
    const { connection, server } = await connected(t, client);
    await server.close();
    await connection.close();
    await nothingIsLeft();
  });

  it("of one connection leaves another to the same host", async (t) => {
    const server = await serverFor(t);
    const { connect } = client.open();
    const [one, two] = [await connect(patientHost(server), never), await connect(patientHost(server), never)];
    await one.close();
    assert.equal((await two.exec("x", patient)).code, 0);
    await two.close();
    await until(() => server.open() === 0, "both are closed");
  });

  it("is not needed after a failure to connect", async (t) => {
    const server = await serverFor(t, { password: "another" });
    const { connect } = client.open();
    await failsWith(connect, patientHost(server), "auth-rejected");
    const changed = { pinned: [testKey("another").publicText], strict: "yes" } as const;
    const login = { privateKeys: [{ from: "value", value: testKey("key").privateText }] } as const;
    await failsWith(connect, patientHost(server, { hostKeys: changed, login }), "host-key-changed");
    await failsWith(connect, patientHost(server, { login }), "auth-unavailable");
    await until(() => server.open() === 0, "the connections are closed");
    await nothingIsLeft();
  });

  it("of thirty connections with one signal causes no warning about listeners", async (t) => {
    const server = await serverFor(t);
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    t.after(() => process.off("warning", listen));
    const { connect } = client.open();
    const { signal } = new AbortController();
    const all = Array.from({ length: 30 }, async () => {
      const connection = await connect(patientHost(server), signal);
      await connection.exec("x", { ...patient, signal });
      await connection.close();
    });
    await Promise.all(all);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(warnings, []);
    await until(() => server.open() === 0, "all are closed");
  });
});

contract("a process", (client) => {
  it("ends by itself after it has closed its connections", async (t) => {
    const server = await serverFor(t);
    const child = startProcess(t, client, patientHost(server), "close");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
    assert.equal(server.commands.at(-1), "close");
    await until(() => server.open() === 0, "the connection is closed");
    await nothingIsLeft();
  });

  for (const end of ["ends", "does not end"] as const)
    it(`that is killed during a command that ${end} leaves no program that is at work, and no secret`, async (t) => {
      const channels: ServerChannel[] = [];
      const server = await serverFor(t, {
        onExec: (_command, accept) => void channels.push(accept().on("error", () => undefined)),
      });
      const child = startProcess(t, client, patientHost(server), "hang");
      await until(() => channels.length === 1, "the command runs");
      await kill(child);
      if (end === "ends") {
        channels[0]!.exit(0);
        channels[0]!.end();
      }
      await noProgramIsLeft((commandLine) => client.outlives?.test(commandLine) ?? false);
      assert.ok(!readableTraces().includes("open sesame"));
      await endPrograms();
      await until(() => server.open() === 0, "the connection is closed");
      await nothingIsLeftAfterAnotherProcess(t, client);
    });

  it("that is killed while it logs in leaves no program and no secret", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "password") context.reject(["password"]);
      },
    });
    const child = startProcess(t, client, patientHost(server), "hang");
    await until(() => server.logins.some((login) => login.startsWith("password")), "it logs in");
    await kill(child);
    await noProgramIsLeft(() => false);
    assert.ok(!readableTraces().includes("open sesame"));
    await until(() => server.open() === 0, "the connection is closed");
    await nothingIsLeftAfterAnotherProcess(t, client);
  });
});

describe("the check of what is left", () => {
  const skip = existsSync("/proc/self/environ") ? false : "needs /proc, to tell which programs are ours";
  it("finds a program that became nobody's, and a file", { skip }, (t) => {
    const script = "trap '' HUP; sleep 600 & echo $! > \"$TMPDIR/pid\"";
    spawnSync("/bin/sh", ["-c", script], { env, stdio: "ignore" });
    const file = filesLeft().find((path) => path.endsWith("/pid"));
    assert.ok(file !== undefined);
    const pid = readFileSync(file, "utf8").trim();
    t.after(() => {
      process.kill(Number(pid), "SIGKILL");
      rmSync(file);
    });
    assert.deepEqual(
      programs().map((program) => String(program.pid)),
      [pid],
    );
    assert.ok(readableTraces().includes(pid));
  });
});

/** Runs `own-process.ts`, which ends with the test. */
function startProcess(
  t: TestContext,
  client: TestedClient,
  host: Host,
  command: "close" | "hang",
): ChildProcess {
  const program = join(__dirname, "own-process.ts");
  const child = spawn(
    process.execPath,
    ["--import=tsx", program, JSON.stringify({ client: client.name, host, command, home, env })],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  t.after(async () => {
    await kill(child);
    await endPrograms();
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function noProgramIsLeft(but: (commandLine: string) => boolean): Promise<void> {
  const left = (): readonly string[] =>
    programs()
      .map(({ commandLine }) => commandLine)
      .filter((commandLine) => !but(commandLine));
  const endMs = performance.now() + slackMs;
  while (left().length > 0 && performance.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(left(), [], "no program is left");
}

async function endPrograms(): Promise<void> {
  for (const { pid } of programs()) process.kill(pid, "SIGKILL");
  await noProgramIsLeft(() => false);
}

/** What a process that was killed could not remove, one that comes minutes later does. */
async function nothingIsLeftAfterAnotherProcess(t: TestContext, client: TestedClient): Promise<void> {
  const minutesAgo = new Date(Date.now() - 600_000);
  for (const path of filesLeft()) utimesSync(path, minutesAgo, minutesAgo);
  await visit(client.open().connect, patientHost(await serverFor(t)));
  await nothingIsLeft();
}
