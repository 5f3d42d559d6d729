import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { after, afterEach, before, describe, it, type TestContext } from "node:test";
import type { Action, Query } from "../../provider/backend/backend";
import { detection } from "../../provider/backend/detect";
import { sudoersLine } from "../../provider/backend/linux/answers";
import { linuxBackend } from "../../provider/backend/linux/backend";
import { listCommand } from "../../provider/backend/linux/list";
import { readListAnswer } from "../../provider/backend/linux/list-answer";
import { ancestorsOf, readProcesses } from "../../provider/backend/linux/processes";
import { readSessions } from "../../provider/backend/linux/sessions";
import { LogoffError } from "../../provider/base/errors";
import type { Connection, ExecResult } from "../../provider/connection";
import { select, selected } from "../../provider/session/select";
import { whereabouts, type Session, type Whereabouts } from "../../provider/session/session";
import { openSsh } from "../../provider/ssh/open-ssh";
import { startRealLinux, type RealLinux } from "../lab/linux/real-linux";
import { until } from "../lab/until";
import { aSelector } from "../session/sample";

/** Our connection to the real host, with the operations of a run. */
interface Ours {
  readonly connection: Connection;
  readonly ask: <T>(query: Query<T>) => Promise<T>;
  readonly perform: <T>(action: Action<T>) => Promise<T>;
  readonly list: () => Promise<readonly Session[]>;
}

const label = "real-linux";
const backend = linuxBackend({ label });
const users = ["lab-alice", "lab-bob", "lab-operator"] as const;
let real: RealLinux | undefined;
let unavailable = "";

before(async () => {
  const started = await startRealLinux({ users, sudoers: sudoersLine.replace("USER", "lab-operator") });
  if ("unavailable" in started) unavailable = started.unavailable;
  else real = started;
});
afterEach(() => real?.clear());
after(() => real?.stop());

/** Defines a test against the real host; skipped, with the reason, if there is none. */
function onReal(name: string, work: (host: RealLinux, test: TestContext) => Promise<void>): void {
  it(name, { timeout: 300_000 }, async (test) => {
    if (real === undefined) test.skip(`no real Linux host: ${unavailable}`);
    else await work(real, test);
  });
}

async function connectAs(host: RealLinux, user: string, port = host.port): Promise<Ours> {
  const connect = openSsh({ baseFolder: tmpdir(), env: {} }).connect;
  const connection = await connect({ ...host.hostFor(user), port }, new AbortController().signal);
  const exec = (command: string, stdin?: Uint8Array): Promise<ExecResult> =>
    connection.exec(command, { timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
  const ask = async <T>(query: Query<T>): Promise<T> =>
    query.parse(await Promise.all(query.commands.map((command) => exec(command))));
  return {
    connection,
    ask,
    perform: async ({ command, stdin, parse }) => parse(await exec(command, stdin)),
    list: () => ask(backend.list()),
  };
}

async function withUs<T>(host: RealLinux, user: string, work: (ours: Ours) => Promise<T>): Promise<T> {
  const ours = await connectAs(host, user);
  try {
    return await work(ours);
  } finally {
    await ours.connection.close();
  }
}

async function sessionOf(ours: Ours, user: string): Promise<Session> {
  const found = (await ours.list()).find((session) => session.user === user && !session.own);
  assert.ok(found, `no session of ${user}`);
  return found;
}

/** Lists until the session is gone, and returns its final whereabouts. */
function untilGone(ours: Ours, session: Session): Promise<Whereabouts> {
  return until(`session ${session.id} is gone`, async () => {
    const where = whereabouts(session, await ours.list());
    return where.is === "gone" && where;
  });
}

/** Lists until the session and its processes are gone. */
async function untilClean(ours: Ours, session: Session): Promise<void> {
  await until(`nothing of session ${session.id} is left`, async () => {
    const where = whereabouts(session, await ours.list());
    return where.is === "gone" && where.leftover === undefined;
  });
}

async function processesOf(host: RealLinux, user: string): Promise<readonly string[]> {
  const { stdout } = await host.inside("ps", "-u", user, "-o", "args=");
  return stdout.split("\n").filter((line) => line !== "");
}

async function show(host: RealLinux, test: TestContext, when: string): Promise<void> {
  const lines = (await host.loginctl()).split("\n").filter((line) => line.trim() !== "");
  for (const line of [`loginctl list-sessions, ${when}:`, ...lines]) test.diagnostic(line.trimEnd());
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof LogoffError ? `${error.code}: ${error.message}` : String(error)),
  );
}

describe("a real sshd with a real logind", { concurrency: false }, () => {
  onReal("is detected and listed, with our own session marked", async (host, test) => {
    const alice = await host.login("lab-alice", "tty; exec sleep 300", { terminal: true });
    await host.login("lab-bob", "echo in; exec sleep 300");
    await withUs(host, "root", async (ours) => {
      assert.deepEqual(await ours.ask(detection(label)), { platform: "linux" });
      await show(host, test, "with three logins");
      const sessions = await ours.list();
      const rows = sessions.map(({ user, own, kind, name }) => [user, own, kind, name ?? ""]);
      assert.deepEqual(rows.sort(), [
        ["lab-alice", false, "user", alice.output().trim().replace("/dev/", "")],
        ["lab-bob", false, "user", ""],
        ["root", true, "user", ""],
      ]);
      const chosen = selected(select(sessions, aSelector({ all: true }))).map(({ user }) => user);
      assert.deepEqual([...chosen].sort(), ["lab-alice", "lab-bob"]);
      for (const session of sessions)
        assert.match(session.logonTime ?? "", /^\w{3} \d{4}-\d{2}-\d{2} .*, leader \d+$/);
      const idleMs = sessions.find(({ user }) => user === "lab-alice")?.idleMs ?? -1;
      assert.ok(idleMs >= 0 && idleMs < 60_000, `idle ${idleMs}`);
    });
  });

  onReal("identifies our own login even without XDG_SESSION_ID, by control group or leader", async (host) => {
    await host.login("lab-alice", "echo in; exec sleep 300");
    for (const user of ["root", "lab-operator"]) {
      await withUs(host, user, async ({ connection }) => {
        const result = await connection.exec(`env -u XDG_SESSION_ID ${listCommand}`, { timeoutMs: 60_000 });
        assert.deepEqual(
          readSessions({ label }, result).map((session) => [session.user, session.own]),
          [
            ["lab-alice", false],
            [user, true],
          ],
        );
        const answer = readListAnswer(result.stdout);
        assert.ok(typeof answer !== "string" && answer.ownId === "");
        const leaders = answer.shown.map(({ lines }) => lines.find((line) => line.startsWith("Leader=")));
        const above = ancestorsOf(answer.selfPid, readProcesses(answer.processes));
        assert.deepEqual(
          leaders.map((leader) => above.has(Number(leader?.slice("Leader=".length)))),
          [false, true],
        );
      });
    }
  });

  onReal(
    "is refused if its sshd does not use PAM, because logind then does not know our login",
    async (host) => {
      const ours = await connectAs(host, "root", await host.sshd(["UsePAM=no"]));
      try {
        assert.match(
          await codeOf(ours.list()),
          /^unsupported-host: .*our own login.*UsePAM yes.*pam_systemd/,
        );
      } finally {
        await ours.connection.close();
      }
    },
  );

  onReal("is listed correctly even if .bashrc prints text", async (host) => {
    const { stdout } = await host.inside("sh", "-c", "echo ~lab-operator");
    const text = 'printf "Welcome to %s" "$HOSTNAME"; echo "Access denied" >&2';
    await host.inside("sh", "-c", `printf '%s\\n' '${text}' >${stdout.trim()}/.bashrc`);
    await host.login("lab-alice", "echo in; exec sleep 300");
    await withUs(host, "lab-operator", async (ours) => {
      const { stdout: printed } = await ours.connection.exec("true", { timeoutMs: 60_000 });
      assert.match(Buffer.from(printed).toString(), /^Welcome to /);
      assert.deepEqual(
        (await ours.list()).map(({ user }) => user),
        ["lab-alice", "lab-operator"],
      );
      assert.equal(await ours.ask(backend.drainMode()), "open");
      assert.deepEqual(await ours.perform(backend.logOff(await sessionOf(ours, "lab-alice"))), {
        kind: "accepted",
      });
    });
    await host.inside("rm", `${stdout.trim()}/.bashrc`);
  });

  onReal("shows terminals in its process table, in case logind knows none", async (host) => {
    const alice = await host.login("lab-alice", "tty; exec sleep 300", { terminal: true });
    await withUs(host, "root", async (ours) => {
      const { stdout } = await ours.connection.exec(listCommand, { timeoutMs: 60_000 });
      const answer = readListAnswer(stdout);
      assert.ok(typeof answer !== "string");
      const leader = answer.shown
        .find(({ lines }) => lines.includes("Name=lab-alice"))
        ?.lines.find((line) => line.startsWith("Leader="))
        ?.slice("Leader=".length);
      const found = readProcesses(answer.processes).nearestTerminal.get(Number(leader));
      assert.equal(found, alice.output().trim().replace("/dev/", ""));
    });
  });

  onReal("shows a warning on the terminal", async (host) => {
    const alice = await host.login("lab-alice", "tty; exec sleep 300", { terminal: true });
    for (const user of ["root", "lab-operator"]) {
      await withUs(host, user, async (ours) => {
        const warning = backend.warn(
          await sessionOf(ours, "lab-alice"),
          `${user}: Wartung für "alle" in 5 Minuten`,
          60,
        );
        assert.ok(warning.action);
        assert.deepEqual(await ours.perform(warning.action), { kind: "delivered" });
      });
      const text = `${user}: Wartung für "alle" in 5 Minuten`;
      await until(`alice has read ${text}`, () => alice.output().includes(text));
    }
    await withUs(host, "lab-bob", async (ours) => {
      const warning = backend.warn(await sessionOf(ours, "lab-alice"), "not allowed", 60);
      assert.ok(warning.action);
      assert.equal((await ours.perform(warning.action)).kind, "undelivered");
    });
  });

  onReal("ends a session and all its processes, but no other session", async (host, test) => {
    const alice = await host.login("lab-alice", "sleep 301 & echo in; sleep 302", { terminal: true });
    await host.login("lab-bob", "echo in; exec sleep 300");
    await withUs(host, "root", async (ours) => {
      await show(host, test, "before");
      const session = await sessionOf(ours, "lab-alice");
      assert.ok((await processesOf(host, "lab-alice")).some((line) => line.includes("sleep 302")));
      assert.deepEqual(await ours.perform(backend.logOff(session)), { kind: "accepted" });
      await untilClean(ours, session);
      await show(host, test, "after");
      assert.deepEqual(await processesOf(host, "lab-alice"), []);
      assert.notEqual(await alice.ended, 0);
      assert.equal((await sessionOf(ours, "lab-bob")).user, "lab-bob");
      assert.deepEqual(await ours.perform(backend.logOff(session)), { kind: "absent" });
    });
  });

  onReal("lets a user end sessions with our sudoers line, but not without it", async (host, test) => {
    assert.match((await host.inside("visudo", "-c")).stdout, /session-logoff: parsed OK/);
    await host.login("lab-alice", "echo in; exec sleep 300");
    await withUs(host, "lab-bob", async (ours) => {
      const answer = await ours.perform(backend.logOff(await sessionOf(ours, "lab-alice")));
      test.diagnostic(`lab-bob was told: ${JSON.stringify(answer)}`);
      assert.equal(answer.kind, "denied");
    });
    await withUs(host, "lab-operator", async (ours) => {
      const session = await sessionOf(ours, "lab-alice");
      assert.deepEqual(await ours.perform(backend.logOff(session)), { kind: "accepted" });
      await untilClean(ours, session);
      for (const wrong of ["terminate-session 1 2", "terminate-session 1 --host=evil", "poweroff"]) {
        const { code } = await ours.connection.exec(`sudo -n loginctl --no-ask-password ${wrong}`, {
          timeoutMs: 60_000,
        });
        assert.notEqual(code, 0, wrong);
      }
    });
  });

  onReal("keeps processes that ignore the request until a reset kills them", async (host, test) => {
    await host.login("lab-bob", "trap '' TERM HUP; echo in; sleep 303; sleep 304");
    await withUs(host, "root", async (ours) => {
      await show(host, test, "before");
      const session = await sessionOf(ours, "lab-bob");
      assert.deepEqual(await ours.perform(backend.logOff(session)), { kind: "accepted" });
      const where = await untilGone(ours, session);
      await show(host, test, "after terminate-session");
      assert.equal(where.is === "gone" && where.leftover?.kind, "leftover");
      const left = await processesOf(host, "lab-bob");
      test.diagnostic(
        `processes left: ${left.join(" | ")}; ${where.is === "gone" ? String(where.leftover?.stateText) : ""}`,
      );
      assert.ok(left.length > 0);
      assert.deepEqual(await ours.perform(backend.reset(session)), { kind: "accepted" });
      await untilClean(ours, session);
      assert.deepEqual(await processesOf(host, "lab-bob"), []);
      await show(host, test, "after the reset");
    });
  });

  onReal("kills a session at once when it is reset", async (host) => {
    await host.login("lab-bob", "trap '' TERM HUP; echo in; sleep 305; sleep 306");
    await withUs(host, "root", async (ours) => {
      const session = await sessionOf(ours, "lab-bob");
      assert.deepEqual(await ours.perform(backend.reset(session)), { kind: "accepted" });
      await untilClean(ours, session);
      assert.deepEqual(await processesOf(host, "lab-bob"), []);
    });
  });

  onReal("ends the connection's own session without special rights", async (host) => {
    const ours = await connectAs(host, "lab-alice");
    const own = (await ours.list()).find((session) => session.own);
    assert.equal(own?.user, "lab-alice");
    assert.match(await codeOf(ours.perform(backend.logOff(own))), /^connection-lost/);
    await ours.connection.close();
    await withUs(host, "root", async (root) => untilClean(root, own));
  });

  onReal("refuses new logins while drained", async (host, test) => {
    await withUs(host, "lab-operator", async (ours) => {
      assert.match(
        await codeOf(ours.perform(backend.drain("until-restart"))),
        /^permission-denied: .*nothing was written/,
      );
      assert.notEqual((await host.inside("ls", "/run/nologin")).code, 0);
    });
    await withUs(host, "root", async (ours) => {
      assert.equal(await ours.ask(backend.drainMode()), "open");
      await ours.perform(backend.drain("until-restart"));
      assert.equal(await ours.ask(backend.drainMode()), "until-restart");
      const refused = await host.login("lab-bob", "echo in");
      assert.notEqual(await refused.ended, 0);
      test.diagnostic(`lab-bob was told: ${refused.output().trim()}`);
      assert.ok(!/^in$/mu.test(refused.output()));
      assert.match(refused.output(), /takes no new logins/);
      assert.equal(await (await host.login("root", "echo in")).ended, 0);
      await ours.perform(backend.undrain());
      assert.equal(await ours.ask(backend.drainMode()), "open");
      assert.equal(await (await host.login("lab-bob", "echo in")).ended, 0);
    });
  });
});
