/**
 * Every fault in every phase ends with the right code before its deadline, leaves no handle and repeats nothing. The results are
 * printed as a table at the end.
 */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { ServerChannel } from "ssh2";
import { LogoffError } from "../../../provider/base/errors";
import type { Connection } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { startFaultProxy, type Fault, type FaultProxy } from "../fault-proxy";
import { bareOptions, hostOf, never, startServer, until, type ScriptedServer } from "../scripted-server";

/** Slow faults still succeed, so they get time on a busy machine; the others run into their deadline. */
const limitMs = (fault: string): number => (isOnlySlow(fault) ? 6000 : 900);
/** Time that a deadline may overrun on a busy machine; the goodbye alone may take a second. */
const slackMs = 2500;

const phases = ["connect", "banner", "key exchange", "login", "command", "exit status", "close"] as const;
type Phase = (typeof phases)[number];

const faults: Readonly<Record<string, Fault>> = {
  "latency 40 ms": { kind: "latency", ms: 40 },
  "bandwidth 20 kB/s": { kind: "bandwidth", bytesPerSecond: 20_000 },
  "black hole": { kind: "black-hole" },
  reset: { kind: "reset" },
  "sliced bytes": { kind: "sliced" },
  "cut at once": { kind: "cut", afterBytes: 0 },
  "cut after 20 B": { kind: "cut", afterBytes: 20 },
  "slow close": { kind: "slow-close", ms: 300 },
};

const succeeds = ["ok"];
const loses = ["connection-lost"];
function isOnlySlow(fault: string): boolean {
  return /latency|bandwidth|sliced|slow close/u.test(fault);
}

/** The codes that a fault may cause in a phase. */
function expected(fault: string, phase: Phase): readonly string[] {
  if (isOnlySlow(fault)) return succeeds;
  if (phase === "close") return succeeds;
  if (phase === "command" || phase === "exit status") return fault === "black hole" ? ["timed-out"] : loses;
  if (fault === "black hole") return ["timed-out"];
  // Before a credential is offered, the failure is transient and retried until the deadline; during the login it is final.
  return ["host-unreachable"];
}

const table = new Map<string, string>();

/** Runs one command on one connection, through a proxy that applies the fault when the phase begins. */
async function run(
  fault: Fault,
  phase: Phase,
  timeoutMs: number,
): Promise<{ code: string; ms: number; proxy: FaultProxy; server: ScriptedServer }> {
  let begin: () => void = () => undefined;
  const at = (now: Phase): void => {
    if (now === phase) begin();
  };
  const server = await startServer({
    password: "open sesame",
    onConnection: (client) => client.on("handshake", () => undefined),
    onLogin: (context) => {
      if (context.method === "none") {
        at("login");
        context.reject(["password"]);
      } else context.accept();
    },
    onExec: (_command, accept) => {
      at("exit status");
      const channel: ServerChannel = accept();
      channel.write("x".repeat(500));
      channel.exit(0);
      channel.end();
    },
  });
  const proxy = await startFaultProxy(server);
  begin = () => proxy.set(fault);
  at("connect");
  const debug = (line: string): void => {
    if (line.endsWith(": Socket connected")) at("banner");
    if (line.includes("Remote ident:")) at("key exchange");
  };
  const host = hostOf(proxy, { connectTimeoutMs: timeoutMs, keepaliveMs: 0 });
  const start = performance.now();
  let connection: Connection | undefined;
  let code = "ok";
  try {
    connection = await openSsh(bareOptions({ debug })).connect(host, never);
    at("command");
    const { stdout } = await connection.exec("logoff 7", { timeoutMs });
    assert.equal(stdout.length, 500);
    at("close");
  } catch (thrown) {
    if (!(thrown instanceof LogoffError)) throw thrown;
    code = thrown.code;
  }
  await connection?.close();
  return { code, ms: performance.now() - start, proxy, server };
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

describe("faults", () => {
  for (const [name, fault] of Object.entries(faults))
    it(`${name} ends with the expected code in every phase`, async () => {
      const before = openSockets();
      const timeoutMs = limitMs(name);
      const runs = await Promise.all(
        phases.map(async (phase) => ({ phase, ...(await run(fault, phase, timeoutMs)) })),
      );
      for (const { phase, code, ms, proxy, server } of runs) {
        const { commands, logins } = server;
        await proxy.close();
        await server.close();
        table.set(`${name}/${phase}`, code);
        assert.ok(expected(name, phase).includes(code), `${phase}: ${code}`);
        assert.ok(ms < 2 * timeoutMs + slackMs, `${phase}: ${ms} ms`);
        assert.ok(commands.length <= 1, "a command is sent once");
        assert.ok(
          logins.filter((login) => login.startsWith("password")).length <= 1,
          "a password is offered once",
        );
      }
      await until(() => openSockets() <= before, "no sockets remain open");
    });

  after(() => {
    const cell = (text: string): string => text.padEnd(18);
    console.log(`# ${cell("fault \\ phase")}${phases.map(cell).join("")}`);
    for (const name of Object.keys(faults))
      console.log(
        `# ${cell(name)}${phases.map((phase) => cell(table.get(`${name}/${phase}`) ?? "?")).join("")}`,
      );
  });
});
