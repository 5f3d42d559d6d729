import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Action, Backend, Query } from "../../provider/backend/backend";
import { linuxBackend } from "../../provider/backend/linux/backend";
import { windowsBackend } from "../../provider/backend/windows/backend";
import { LogoffError } from "../../provider/base/errors";
import type { ExecResult, Host } from "../../provider/connection";
import { select, selected } from "../../provider/session/select";
import { noExceptions, type Selector } from "../../provider/session/selector";
import { isSameSession, whereabouts, type Session } from "../../provider/session/session";
import { createLinuxHost, linuxHostsPossible } from "../lab/linux/linux-host";
import { runCommand } from "../lab/windows/commands";
import { defaultLook } from "../lab/windows/render";
import { createWindowsModel } from "../lab/windows/windows-model";
import { aSelector } from "../session/sample";

/** What every row of this suite needs from a host of either platform. */
interface Side {
  readonly backend: Backend;
  readonly exec: (command: string, stdin: Uint8Array) => Promise<ExecResult>;
  /** Logs a user on and returns the session's ID. A `stubborn` session ignores a logoff. */
  readonly logon: (user: string, how?: { readonly stubborn?: boolean; readonly id?: string }) => string;
  readonly leave: (id: string) => void;
  /** The programs of everybody who is logged on. */
  readonly programs: readonly string[];
  /** The users who are logged on, except at the console. */
  readonly people: () => readonly string[];
  readonly seen: (id: string) => string;
  /** Closes the host as somebody else would, never as we do. */
  readonly closedByOthers: () => void;
  readonly close: () => void;
}

interface Options {
  readonly mayEnd?: boolean;
  readonly tools?: "missing";
}

/** Starts with Alice and Bob logged on and Carol at the console. */
type Start = (options?: Options) => Promise<Side>;

const startWindows: Start = ({ mayEnd = true, tools } = {}) => {
  const model = createWindowsModel({ name: "win-01", console: { user: "carol", state: "active" } });
  const unexpected: string[] = [];
  const here = { model, look: defaultLook, ...(tools === undefined ? {} : { missingTools: ["qwinsta"] }) };
  const logon: Side["logon"] = (user, { stubborn = false, id } = {}) => {
    const numbered = id === undefined ? {} : { id: Number(id) };
    return String(
      model.logon({ user, ...numbered, ...(stubborn ? { onLogoff: { kind: "ignored" } } : {}) }).id,
    );
  };
  logon("alice");
  logon("bob");
  return Promise.resolve({
    backend: windowsBackend({ label: "win-01:22" }, 437),
    exec: (command, stdin) =>
      runCommand(command, "cmd", {
        here,
        caller: { user: "admin", rights: mayEnd ? "full-control" : "query-only", method: "password" },
        stdin: () => Promise.resolve(Buffer.from(stdin)),
        wait: () => Promise.resolve(),
        peer: () => undefined,
        unexpected: (what) => unexpected.push(what),
      }),
    logon,
    leave: (id) => model.leave(Number(id)),
    programs: ["winword.exe", "csrss.exe", "winlogon.exe", "dwm.exe", "explorer.exe"],
    people: () => model.people().filter((user) => user !== "carol"),
    seen: (id) =>
      model
        .messages()
        .filter((message) => message.id === Number(id))
        .map(({ text }) => text)
        .join("\n"),
    closedByOthers: () => model.setDrain("disabled"),
    close: () => assert.deepEqual(unexpected, []),
  });
};

const startLinux: Start = async ({ mayEnd = true, tools } = {}) => {
  const host = createLinuxHost({
    uid: mayEnd ? 0 : 1500,
    ...(tools === undefined ? {} : { missingTools: ["loginctl"] }),
    sessions: [{ user: "carol", seat: "seat0", tty: "tty1" }],
  });
  let terminals = 0;
  const users = new Map<string, { readonly user: string; readonly tty: string }>();
  const logon: Side["logon"] = (user, { stubborn = false, id } = {}) => {
    const tty = `pts/${terminals++}`;
    const numbered = id === undefined ? {} : { id };
    const given = host.logon({ user, tty, ...numbered, ...(stubborn ? { onTerminate: "ignores" } : {}) });
    users.set(given, { user, tty });
    return given;
  };
  logon("alice");
  logon("bob");
  const connection = await host.connect({} as Host, new AbortController().signal);
  return {
    backend: linuxBackend({ label: "jump-01:22" }),
    exec: (command, stdin) => connection.exec(command, { stdin, timeoutMs: 10_000 }),
    logon,
    leave: (id) => host.leave(id),
    programs: ["bash", "sshd"],
    people: () => host.sessions().flatMap((id) => users.get(id)?.user ?? []),
    seen: (id) => host.seen(users.get(id)?.tty ?? ""),
    closedByOthers: () => host.writeFile("/run/nologin", "closed for ticket 4711\n"),
    close: () => host.close(),
  };
};

/** A side, and what a run does with it. */
interface Bench extends Side {
  readonly ask: <T>(query: Query<T>) => Promise<T>;
  readonly perform: <T>(action: Action<T>) => Promise<T>;
  readonly list: () => Promise<readonly Session[]>;
  readonly sessionOf: (user: string) => Promise<Session>;
  readonly chosen: (selector: Partial<Selector>) => Promise<readonly (string | undefined)[]>;
}

function benchOn(side: Side): Bench {
  const runAll = (commands: readonly string[]): Promise<ExecResult[]> =>
    Promise.all(commands.map((command) => side.exec(command, new Uint8Array())));
  const ask = async <T>(query: Query<T>): Promise<T> => query.parse(await runAll(query.commands));
  const list = (): Promise<readonly Session[]> => ask(side.backend.list());
  return {
    ...side,
    ask,
    list,
    perform: async ({ command, stdin, parse }) => parse(await side.exec(command, stdin ?? new Uint8Array())),
    sessionOf: async (user) => {
      const found = (await list()).find((session) => session.user === user);
      assert.ok(found, `no session of ${user}`);
      return found;
    },
    chosen: async (selector) =>
      selected(select(await list(), aSelector(selector)))
        .map(({ user }) => user)
        .sort(),
  };
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return error instanceof LogoffError ? error.code : String(error);
  }
  return "no error";
}

const nobodyElse: Partial<Selector> = { except: { ...noExceptions, users: ["*"] }, all: true };

const sides: readonly (readonly [string, Start, false | string])[] = [
  ["Windows", startWindows, false],
  ["Linux", startLinux, linuxHostsPossible ? false : "the fake host's programs are scripts for /bin/sh"],
];

for (const [name, start, skip] of sides) {
  describe(`the backend contract: ${name}`, { skip }, () => {
    const open: Side[] = [];
    after(() => open.forEach((side) => side.close()));
    const row = (what: string, work: (bench: Bench) => Promise<void>, options?: Options): void => {
      it(what, async () => {
        const side = await start(options);
        open.push(side);
        await work(benchOn(side));
      });
    };

    row(
      "lists everybody, with an ID that can be sent back, a name, a state and a logon time",
      async (bench) => {
        for (const user of ["alice", "bob"]) {
          const session = await bench.sessionOf(user);
          assert.ok(session.id !== "" && session.name !== undefined && session.logonTime !== undefined);
          assert.deepEqual([session.kind, session.state, session.userCertain], ["user", "active", true]);
          assert.ok(bench.backend.logOff(session).command.includes(session.id));
        }
      },
    );

    row("recognizes the same session in the next list", async (bench) => {
      const [alice, again] = [await bench.sessionOf("alice"), await bench.sessionOf("alice")];
      assert.ok(isSameSession(alice, again));
      assert.ok(!isSameSession(alice, await bench.sessionOf("bob")));
    });

    row("selects people, but neither our own session nor one without a user", async (bench) => {
      assert.deepEqual(await bench.chosen({ all: true }), ["alice", "bob"]);
      assert.deepEqual(await bench.chosen({ all: true, console: true }), ["alice", "bob", "carol"]);
      assert.deepEqual(await bench.chosen({ users: ["AL*"] }), ["alice"]);
      assert.deepEqual(await bench.chosen({ states: ["active"] }), ["alice", "bob"]);
      assert.deepEqual(await bench.chosen(nobodyElse), []);
      const { id, name } = await bench.sessionOf("bob");
      assert.deepEqual(await bench.chosen({ operands: [id] }), ["bob"]);
      assert.deepEqual(await bench.chosen({ operands: [name ?? ""] }), ["bob"]);
    });

    row("protects a named console session, and reports an absent one as missing", async (bench) => {
      const { id } = await bench.sessionOf("carol");
      const found = select(await bench.list(), aSelector({ operands: [id, "4999"] }));
      assert.match(found.protected[0]?.reason ?? "", /console/);
      assert.deepEqual([selected(found), found.missing], [[], ["4999"]]);
    });

    row("logs off the given session and no other", async (bench) => {
      const alice = await bench.sessionOf("alice");
      assert.deepEqual(await bench.perform(bench.backend.logOff(alice)), { kind: "accepted" });
      assert.deepEqual(bench.people(), ["bob"]);
      assert.deepEqual(whereabouts(alice, await bench.list()), { is: "gone" });
      assert.deepEqual(await bench.perform(bench.backend.logOff(alice)), { kind: "absent" });
      assert.deepEqual(bench.people(), ["bob"]);
    });

    row("lists nobody once everybody has left", async (bench) => {
      for (const { id, user, own } of await bench.list()) if (user !== undefined && !own) bench.leave(id);
      assert.deepEqual(await bench.chosen({ all: true, console: true }), []);
    });

    row("treats a session as gone when its ID belongs to somebody else", async (bench) => {
      const alice = await bench.sessionOf("alice");
      bench.leave(alice.id);
      bench.logon("dave", { id: alice.id });
      const where = whereabouts(alice, await bench.list());
      assert.deepEqual([where.is, where.is === "gone" && where.reusedBy?.user], ["gone", "dave"]);
    });

    row("resets a session that ignores the logoff", async (bench) => {
      bench.logon("mallory", { stubborn: true });
      const mallory = await bench.sessionOf("mallory");
      assert.deepEqual(await bench.perform(bench.backend.logOff(mallory)), { kind: "accepted" });
      assert.equal(whereabouts(mallory, await bench.list()).is, "present");
      assert.deepEqual(await bench.perform(bench.backend.reset(mallory)), { kind: "accepted" });
      assert.deepEqual(whereabouts(mallory, await bench.list()), { is: "gone" });
      assert.deepEqual(bench.people(), ["alice", "bob"]);
    });

    row("names the programs of one session, the system's own last", async (bench) => {
      const alice = await bench.sessionOf("alice");
      const query = bench.backend.processes(alice);
      const programs = await bench.ask(query);
      assert.deepEqual(programs, bench.programs);
      bench.leave(alice.id);
      assert.deepEqual(await bench.ask(query), [], "a session that is gone has none");
      const silent = { code: 127, stdout: new Uint8Array(), stderr: Buffer.from("not found") };
      assert.deepEqual(query.parse([silent]), []);
    });

    row(
      "reports missing rights, and changes nothing without them",
      async (bench) => {
        const alice = await bench.sessionOf("alice");
        for (const action of [bench.backend.logOff(alice), bench.backend.reset(alice)]) {
          const answer = await bench.perform(action);
          assert.equal(answer.kind, "denied");
          assert.ok(answer.detail.length > 20);
        }
        assert.equal(
          await codeOf(() => bench.perform(bench.backend.drain("until-restart"))),
          "permission-denied",
        );
        assert.equal(await bench.ask(bench.backend.drainMode()), "open");
        assert.deepEqual(bench.people(), ["alice", "bob"]);
      },
      { mayEnd: false },
    );

    row(
      "shows a warning to one person, through standard input, without control characters",
      async (bench) => {
        const alice = await bench.sessionOf("alice");
        const warning = bench.backend.warn(alice, "5 minutes & counting $(x) %PATH%\u0007\u001b[2J", 300);
        assert.ok(warning.action);
        assert.ok(!warning.action.command.includes("minutes"));
        assert.deepEqual(await bench.perform(warning.action), { kind: "delivered" });
        assert.ok(bench.seen(alice.id).includes("5 minutes & counting $(x) %PATH% [2J"));
        assert.equal(bench.seen((await bench.sessionOf("bob")).id), "");
        assert.deepEqual([warning.cut, bench.backend.warn(alice, "x".repeat(256), 300).cut], [false, true]);
      },
    );

    for (const mode of ["until-restart", "until-destroy"] as const) {
      row(`drains a host ${mode}, reports the mode, and opens the host again`, async (bench) => {
        assert.equal(await bench.ask(bench.backend.drainMode()), "open");
        await bench.perform(bench.backend.drain(mode));
        assert.equal(await bench.ask(bench.backend.drainMode()), mode);
        await bench.perform(bench.backend.undrain());
        assert.equal(await bench.ask(bench.backend.drainMode()), "open");
      });
    }

    row("distinguishes a host that somebody else closed from one that we drained", async (bench) => {
      bench.closedByOthers();
      assert.equal(await bench.ask(bench.backend.drainMode()), "other");
    });

    row(
      "never treats a failed listing as an empty one",
      async (bench) => {
        assert.match(await codeOf(bench.list), /^(output-unrecognised|unsupported-host)$/);
      },
      { tools: "missing" },
    );

    row("puts only validated IDs into a command line", async (bench) => {
      const alice = await bench.sessionOf("alice");
      for (const id of ["", "1 2", "1;reboot", "1&calc", "$(reboot)", "`x`", "../1", "-1", "123456789012"]) {
        const forged = { ...alice, id };
        assert.equal(await codeOf(() => bench.backend.logOff(forged)), "output-unrecognised", id);
        assert.equal(await codeOf(() => bench.backend.reset(forged)), "output-unrecognised", id);
        assert.equal(await codeOf(() => bench.backend.processes(forged)), "output-unrecognised", id);
      }
    });
  });
}
