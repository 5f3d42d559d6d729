import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesGlob } from "../../provider/base/wildcard";
import { select, selected } from "../../provider/session/select";
import { noExceptions, type Selector } from "../../provider/session/selector";
import type { Session } from "../../provider/session/session";
import { aSelector, aSession, console1, listener, services, without } from "./sample";

const alice = aSession({ id: "2", name: "rdp-tcp#0", user: "Alice", idleMs: 0 });
const bob = without(aSession({ id: "3", user: "bob", state: "disconnected", idleMs: 3_600_000 }), "name");
const backup = aSession({ id: "4", name: "rdp-tcp#2", user: "svc-backup" });
const idleless = without(aSession({ id: "5", name: "rdp-tcp#3", user: "carol" }), "idleMs");
const everybody = [services, console1, alice, bob, backup, idleless, listener];

function idsOf(selector: Selector, sessions: readonly Session[] = everybody): string[] {
  return selected(select(sessions, selector)).map(({ id }) => id);
}

function reasonFor(
  id: string,
  selector: Selector,
  sessions: readonly Session[] = everybody,
): string | undefined {
  const decision = select(sessions, selector).decisions.find(({ session }) => session.id === id);
  return decision?.action === "keep" ? decision.reason : decision?.action;
}

describe("select", () => {
  const rows: readonly (readonly [what: string, selector: Partial<Selector>, ids: readonly string[]])[] = [
    ["all selects every user session", { all: true }, ["2", "3", "4", "5"]],
    ["an ID selects its session", { ids: ["3"] }, ["3"]],
    ["a session name is case-insensitive", { operands: ["RDP-TCP#2"] }, ["4"]],
    ["an operand of digits is an ID", { operands: ["2"] }, ["2"]],
    ["several operands widen the selection", { operands: ["2", "rdp-tcp#3"] }, ["2", "5"]],
    ["a user glob is case-insensitive", { users: ["ALI*"] }, ["2"]],
    ["values in a field widen the selection", { users: ["alice", "bob"] }, ["2", "3"]],
    ["several fields narrow the selection", { users: ["alice", "bob"], ids: ["3", "4"] }, ["3"]],
    ["names are globs", { names: ["rdp-tcp#*"] }, ["2", "4", "5"]],
    ["disconnected selects disconnected sessions", { states: ["disconnected"] }, ["3"]],
    ["active selects active sessions", { states: ["active"] }, ["2", "4", "5"]],
    ["an unknown idle time never matches", { idleForMs: 60_000 }, ["3"]],
    ["except keeps users", { all: true, except: { ...noExceptions, users: ["svc-*"] } }, ["2", "3", "5"]],
    [
      "except keeps users with a domain",
      { all: true, except: { ...noExceptions, users: ["CORP\\bob"] } },
      ["2", "4", "5"],
    ],
    ["except keeps names", { all: true, except: { ...noExceptions, names: ["rdp-tcp#?"] } }, ["3"]],
    ["except keeps IDs", { all: true, except: { ...noExceptions, ids: ["2", "5"] } }, ["3", "4"]],
    ["an absent user selects nothing", { users: ["nobody"] }, []],
  ];
  for (const [what, selector, ids] of rows) {
    it(what, () => {
      assert.deepEqual(idsOf(aSelector(selector)), ids);
    });
  }

  it("gives a reason for every session that is kept", () => {
    const selector = aSelector({ all: true, idleForMs: 1, except: { ...noExceptions, users: ["bob"] } });
    assert.deepEqual(
      ["1", "2", "3", "5"].map((id) => reasonFor(id, selector)),
      ["no-user", "not-selected", "excepted", "idle-unknown"],
    );
  });

  it("does not decide about services and listeners", () => {
    const { decisions } = select(everybody, aSelector({ all: true }));
    assert.deepEqual(
      decisions.map(({ session }) => session.id),
      ["1", "2", "3", "4", "5"],
    );
  });

  it("ignores the case of an ID, both when selecting and when excepting", () => {
    const login = [aSession({ id: "c1", name: "pts/0" })];
    assert.deepEqual(idsOf(aSelector({ ids: ["C1"] }), login), ["c1"]);
    const except = { ...noExceptions, ids: ["C1"] };
    assert.equal(reasonFor("c1", aSelector({ all: true, except }), login), "excepted");
  });

  it("keeps a console user unless the console is allowed", () => {
    const onConsole = [services, { ...console1, user: "dave", state: "active" as const }];
    assert.equal(reasonFor("1", aSelector({ all: true }), onConsole), "console");
    assert.deepEqual(idsOf(aSelector({ all: true, console: true }), onConsole), ["1"]);
  });

  it("keeps the connection's own session", () => {
    const own = [services, aSession({ own: true })];
    assert.equal(reasonFor("2", aSelector({ all: true }), own), "own-session");
    assert.deepEqual(idsOf(aSelector({ current: true }), [...own, alice]), ["2"]);
  });

  it("selects only our own session for current", () => {
    assert.deepEqual(
      idsOf(aSelector({ current: true }), [services, alice, aSession({ id: "9", own: true })]),
      ["9"],
    );
  });

  it("refuses current in session 0, marked or not, and says what to do", () => {
    for (const own of [true, false]) {
      const { protected: shielded, missing } = select(
        [{ ...services, own }, alice],
        aSelector({ current: true }),
      );
      assert.deepEqual(
        shielded.map(({ session }) => session.id),
        ["0"],
      );
      assert.match(shielded[0]?.reason ?? "", /name the session by its ID/);
      // The reason must also fit a scheduled task on this machine, which involves no SSH.
      assert.doesNotMatch(shielded[0]?.reason ?? "", /over SSH/);
      assert.deepEqual(missing, []);
    }
    assert.deepEqual(select([services, aSession({ own: true })], aSelector({ current: true })).protected, []);
  });

  it("refuses current on the console unless the console is allowed", () => {
    const onConsole = [services, { ...console1, user: "dave", own: true }];
    const { protected: shielded, missing } = select(onConsole, aSelector({ current: true }));
    assert.match(shielded[0]?.reason ?? "", /console: true/);
    assert.deepEqual(missing, []);
    const allowed = aSelector({ current: true, console: true });
    assert.deepEqual(select(onConsole, allowed).protected, []);
    assert.deepEqual(idsOf(allowed, onConsole), ["1"]);
  });

  it("refuses current when nobody is logged on in our own session", () => {
    const { protected: shielded } = select(
      [without(aSession({ own: true }), "user")],
      aSelector({ current: true }),
    );
    assert.match(shielded[0]?.reason ?? "", /nobody is logged on/);
  });

  it("reports current as missing if no session is our own", () => {
    // On Linux, services are greeters and managers, and we run in none of them.
    const greeter = { ...services, id: "c1" };
    for (const sessions of [[alice], [greeter, alice], []]) {
      const selection = select(sessions, aSelector({ current: true }));
      assert.deepEqual(selection.missing, ["current"]);
      assert.deepEqual(selection.protected, []);
    }
    assert.deepEqual(select([alice], aSelector({ current: true, operands: ["2"] })).missing, ["current"]);
    assert.deepEqual(select([alice], aSelector({ operands: ["2"] })).missing, []);
  });

  it("lets an uncertain user match every exception and no pattern", () => {
    const cut = [services, aSession({ user: "maximilian.mustermann", userCertain: false })];
    assert.deepEqual(idsOf(aSelector({ users: ["*"] }), cut), []);
    assert.equal(
      reasonFor("2", aSelector({ all: true, except: { ...noExceptions, users: ["zoe"] } }), cut),
      "excepted",
    );
    assert.deepEqual(idsOf(aSelector({ all: true }), cut), ["2"]);
  });

  it("also compares exceptions, but not selecting patterns, with the part of a user name before the @", () => {
    const sssd = [aSession({ user: "Alice@corp.example" }), aSession({ id: "3", user: "bob@corp.example" })];
    const except = (...users: string[]): Selector =>
      aSelector({ all: true, except: { ...noExceptions, users } });
    for (const glob of ["alice", "CORP\\alice", "ali*", "alice@corp.example", "alice@*"]) {
      assert.deepEqual(idsOf(except(glob), sssd), ["3"], glob);
      assert.deepEqual(select(sssd, except(glob)).usedExceptions, [`users ${glob}`]);
    }
    assert.deepEqual(idsOf(except("*@corp.example"), sssd), []);
    assert.deepEqual(idsOf(except("alice@other.example", "corp.example"), sssd), ["2", "3"]);
    assert.deepEqual(idsOf(aSelector({ users: ["alice"] }), sssd), []);
    assert.deepEqual(idsOf(aSelector({ users: ["alice@corp.example"] }), sssd), ["2"]);
  });

  it("reports individually selected sessions that do not exist", () => {
    assert.deepEqual(select(everybody, aSelector({ operands: ["77", "rdp-tcp#9", "2"] })).missing, [
      "77",
      "rdp-tcp#9",
    ]);
    assert.deepEqual(select(everybody, aSelector({ ids: ["77"] })).missing, ["77"]);
    assert.deepEqual(select(everybody, aSelector({ names: ["rdp-tcp#9", "zzz*"] })).missing, ["rdp-tcp#9"]);
    assert.deepEqual(select(everybody, aSelector({ users: ["nobody"] })).missing, []);
  });

  it("reports which of the missing sessions are closing", () => {
    const leftover = { kind: "leftover", state: "other", stateText: "closing" } as const;
    const host = [
      alice,
      aSession({ id: "6", name: "pts/6", ...leftover }),
      without(aSession({ id: "7", ...leftover }), "user", "name"),
    ];
    const { missing, closing } = select(host, aSelector({ operands: ["6", "pts/6", "7", "8", "2"] }));
    assert.deepEqual(missing, ["6", "pts/6", "7", "8"]);
    assert.deepEqual(closing, ["6", "pts/6", "7"]);
    // The name now refers to a new session, so nothing is missing.
    const next = [...host, aSession({ id: "9", name: "pts/6" })];
    assert.deepEqual(select(next, aSelector({ names: ["pts/6"] })).closing, []);
  });

  for (const name of ["0", "services", "65536", "rdp-tcp", "console", "1"]) {
    it(`refuses ${name} when it is selected individually, and says why`, () => {
      const selection = select(everybody, aSelector({ operands: [name, "2"] }));
      assert.equal(selection.protected.length, 1);
      assert.match(selection.protected[0]?.reason ?? "", /services|listener|nobody is logged on/);
    });
  }

  it("refuses a named console user, and allows it with console: true", () => {
    const onConsole = [services, { ...console1, user: "dave" }];
    assert.match(select(onConsole, aSelector({ ids: ["1"] })).protected[0]?.reason ?? "", /console: true/);
    assert.deepEqual(select(onConsole, aSelector({ ids: ["1"], console: true })).protected, []);
  });

  it("keeps protected sessions without an error when merely a pattern matches them", () => {
    assert.deepEqual(select(everybody, aSelector({ names: ["*"] })).protected, []);
  });

  for (const [exception, user, isSafe] of [
    ["alice@corp.example", "alice", true],
    ["svc-*@corp.example", "svc-backup", true],
    ["alice@corp.example", "alice@corp.example", true],
    ["alice@corp.example", "alice@other.example", false],
    ["*@corp.example", "alice", false],
    ["alice", "CORP\\alice", true],
    ["ALICE", "corp\\alice", true],
    ["svc-*", "CORP\\svc-backup", true],
    ["OTHER\\alice", "CORP\\alice", true],
    ["CORP\\*", "CORP\\alice", true],
    ["alice@corp.example", "CORP\\alice", true],
    ["alice", "CORP\\alice@corp.example", true],
    ["CORP\\alice", "alice@corp.example", true],
    ["corp", "CORP\\alice", false],
    ["alice", "alice\\bob", false],
  ] as const) {
    it(`${isSafe ? "keeps" : "does not keep"} ${user} for the exception ${exception}`, () => {
      const session = aSession({ user });
      const except = { ...noExceptions, users: [exception] };
      const chosen = selected(select([session], aSelector({ all: true, except })));
      assert.deepEqual(chosen, isSafe ? [] : [session]);
    });
  }

  for (const [glob, isSelected] of [
    ["alice", true],
    ["al*", true],
    ["CORP*", true],
    ["corp", false],
  ] as const) {
    it(`${isSelected ? "selects" : "does not select"} CORP\\alice for users ${glob}`, () => {
      const session = aSession({ user: "CORP\\alice" });
      assert.deepEqual(
        selected(select([session], aSelector({ users: [glob] }))),
        isSelected ? [session] : [],
      );
    });
  }

  it("counts an exception as used when it matches the part after the domain", () => {
    const except = { ...noExceptions, users: ["alice"] };
    const session = aSession({ user: "CORP\\alice" });
    assert.deepEqual(select([session], aSelector({ all: true, except })).usedExceptions, ["users alice"]);
  });

  describe("a session name that Windows cut", () => {
    const cut = aSession({ id: "7", name: "rdp-sxs230616...", user: "alice" });
    const withExcept = (name: string): Selector =>
      aSelector({ all: true, except: { ...noExceptions, names: [name] } });
    for (const name of ["rdp-sxs230616500#7", "RDP-SXS2306165*", "rdp-sxs*", "*#7", "rdp-?xs230616500#7"]) {
      it(`is kept for the exception ${name}`, () => {
        const selection = select([cut], withExcept(name));
        assert.deepEqual([selected(selection), selection.usedExceptions], [[], []]);
      });
    }
    for (const name of ["console", "rdp-tcp#?", "rdp", "rdp-sxs230617*"]) {
      it(`is not kept for the exception ${name}`, () => {
        assert.deepEqual(selected(select([cut], withExcept(name))), [cut]);
      });
    }
  });

  it("reports which exceptions matched a session", () => {
    const except = { ids: ["2", "99"], names: ["console"], users: ["svc-*", "typo"] };
    assert.deepEqual([...select(everybody, aSelector({ all: true, except })).usedExceptions].sort(), [
      "ids 2",
      "names console",
      "users svc-*",
    ]);
  });
});

describe("select, for any host and any selector", () => {
  const globs = fc.array(fc.constantFrom("a*", "b?b", "*", "svc", "rdp-tcp#1", "console"), { maxLength: 2 });
  const optional = <T>(values: fc.Arbitrary<T[]>): fc.Arbitrary<T[] | undefined> =>
    fc.option(values, { nil: undefined });
  const ids = fc.array(fc.constantFrom("0", "1", "2", "3", "65536"), { minLength: 1, maxLength: 3 });
  const anySelector: fc.Arbitrary<Selector> = fc.record({
    operands: optional(
      fc.array(fc.constantFrom("1", "2", "rdp-tcp#1", "services"), { minLength: 1, maxLength: 2 }),
    ),
    ids: optional(ids),
    names: optional(globs),
    users: optional(globs),
    all: fc.boolean(),
    current: fc.boolean(),
    console: fc.boolean(),
    except: fc.record({ ids: fc.oneof(ids, fc.constant([])), names: globs, users: globs }),
  });
  const anySession: fc.Arbitrary<Session> = fc
    .record({
      user: fc.option(fc.constantFrom("alice", "bob", "svc", "Bab"), { nil: undefined }),
      name: fc.option(fc.constantFrom("rdp-tcp#1", "rdp-tcp#2", "console", "services"), { nil: undefined }),
      kind: fc.constantFrom("user" as const, "console" as const, "services" as const, "listener" as const),
      userCertain: fc.boolean(),
      own: fc.boolean(),
      idleMs: fc.option(fc.nat(), { nil: undefined }),
    })
    .map(({ user, name, idleMs, ...rest }) => ({
      ...without(aSession(rest), "user", "name"),
      ...(user === undefined ? {} : { user }),
      ...(name === undefined ? {} : { name }),
      ...(idleMs === undefined ? {} : { idleMs }),
    }));
  const anyHost = fc
    .array(anySession, { maxLength: 6 })
    .map((sessions) => sessions.map((session, index) => ({ ...session, id: String(index) })));

  it("never selects a protected session, an excepted user or a session that no field matches", () => {
    fc.assert(
      fc.property(anyHost, anySelector, (sessions, selector) => {
        for (const session of selected(select(sessions, selector))) {
          const user = session.user ?? assert.fail("nobody is logged on there");
          assert.ok(session.kind === "user" || (session.kind === "console" && selector.console));
          assert.ok(!session.own || selector.current);
          assert.ok(!selector.except.users.some((glob) => !session.userCertain || matchesGlob(glob, user)));
          assert.ok(!selector.except.ids.includes(session.id));
          assert.ok(!selector.ids || selector.ids.includes(session.id));
          assert.ok(
            !selector.users ||
              (session.userCertain && selector.users.some((glob) => matchesGlob(glob, user))),
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("decides exactly once about every session that may belong to a person", () => {
    fc.assert(
      fc.property(anyHost, anySelector, (sessions, selector) => {
        const decided = select(sessions, selector).decisions.map(({ session }) => session.id);
        const people = sessions
          .filter(({ kind }) => kind === "user" || kind === "console")
          .map(({ id }) => id);
        assert.deepEqual(decided, people);
      }),
    );
  });
});
