/**
 * Every fault in every phase ends with the right code before its deadline, leaves no handle and repeats nothing. The table is
 * printed at the end.
 */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { ServerChannel } from "ssh2";
import { LogoffError } from "../../../provider/base/errors";
import type { Connection } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { startFaultProxy, type Fault, type FaultProxy } from "../fault-proxy";
import { bareOptions, hostOf, never, startServer, until, type ScriptedServer } from "../scripted-server";

/** What comes to its end all the same has room on a busy machine; of the others the deadline is the end. */
const limitMs = (fault: string): number => (isOnlySlow(fault) ? 6000 : 900);
/** What a deadline may take longer on a busy machine; goodbye may take a second by itself. */
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

const slow = ["ok"];
const gone = ["connection-lost"];
function isOnlySlow(fault: string): boolean {
  return /latency|bandwidth|sliced|slow close/u.test(fault);
}

/** What may come out, by fault and phase. */
function expected(fault: string, phase: Phase): readonly string[] {
  if (isOnlySlow(fault)) return slow;
  if (phase === "close") return slow;
  if (phase === "command" || phase === "exit status") return fault === "black hole" ? ["timed-out"] : gone;
  if (fault === "black hole") return ["timed-out"];
  // before a credential is offered it may pass, so it is tried until the deadline; in the login it is final
  return ["host-unreachable"];
}

const table = new Map<string, string>();

/** One connection with one command through a proxy that breaks when the phase begins. */
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
    it(`${name} in every phase`, async () => {
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
      await until(() => openSockets() <= before, "no more sockets are open than before");
    });

  after(() => {
    const wide = (text: string): string => text.padEnd(18);
    console.log(`# ${wide("fault \\ phase")}${phases.map(wide).join("")}`);
    for (const name of Object.keys(faults))
      console.log(
        `# ${wide(name)}${phases.map((phase) => wide(table.get(`${name}/${phase}`) ?? "?")).join("")}`,
      );
  });
});
