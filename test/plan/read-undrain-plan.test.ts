import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readPlan } from "../../provider/plan/read-plan";
import {
  findUndrainProblems,
  readUndrainPlan,
  type UndrainHost,
  type UndrainPlan,
} from "../../provider/plan/read-undrain-plan";
import { undrainInputNames } from "../../provider/plan/schema/host-undrain";
import { unknownValue } from "../../provider/plan/unknown";

const minimal = { hosts: ["rdsh01"] };
const password = "opensesame";

function plan(input: unknown, context?: Parameters<typeof readUndrainPlan>[1]): UndrainPlan {
  const result = readUndrainPlan(input, context);
  assert.deepEqual(result.problems, undefined);
  return result.plan;
}

function hostsOf(input: object): readonly UndrainHost[] {
  return plan({ ...minimal, ...input }).hosts;
}

/** The problems that a check finds. A run must find them too. */
function problems(input: unknown): readonly string[] {
  const found = findUndrainProblems(input);
  assert.deepEqual(readUndrainPlan(input).problems ?? [], found);
  return found.map(({ path, message }) => `${path}: ${message}`);
}

describe("a plan of HostUndrain", () => {
  it("fills in every default", () => {
    assert.deepEqual(plan(minimal), {
      hosts: [
        {
          host: {
            label: "rdsh01:22",
            address: "rdsh01",
            login: { privateKeys: [] },
            hostKeys: { pinned: [], strict: "yes" },
            jumpHosts: [],
            undecided: ["strictHostKeyChecking", "keepalive", "connectTimeout"],
            algorithms: "default",
            keepaliveMs: 15_000,
            connectTimeoutMs: 15_000,
          },
          closedBy: undefined,
        },
      ],
      hasClosedBy: false,
      parallel: 20,
      timeouts: { commandMs: 30_000, totalMs: 30 * 60_000 },
      force: false,
      reports: [],
      warnings: [],
    });
  });

  it("takes every value", () => {
    const read = plan({
      ...minimal,
      rollout: { parallel: 7 },
      timeouts: { connect: 1, command: "2s", total: "720h" },
      force: true,
      report: ["a.json", "b.html"],
      triggers: ["x", null],
    });
    assert.equal(read.parallel, 7);
    assert.deepEqual(read.timeouts, { commandMs: 2000, totalMs: 30 * 86_400_000 });
    assert.equal(read.hosts[0]?.host.connectTimeoutMs, 1000);
    assert.equal(read.force, true);
    assert.deepEqual(read.reports, ["a.json", "b.html"]);
  });

  it("reaches a host as SessionLogoff does", () => {
    const shared = {
      hosts: ["me@rdsh01:2222", { host: "rdsh02", platform: "linux", connection: { user: "root" } }],
      connection: { user: "patch", privateKeyFile: "id", jumpHosts: ["gate"], strictHostKeyChecking: "no" },
    };
    const defaults = { password };
    const other = readPlan({ ...shared, sessions: { all: true } }, { defaults });
    const { hosts, warnings } = plan(shared, { defaults });
    assert.deepEqual(
      hosts.map(({ host }) => host),
      other.plan?.hosts.map(({ host }) => host),
    );
    assert.deepEqual(warnings, other.plan?.warnings);
    assert.equal(warnings.length, 1);
  });

  it("takes a list of hosts that have sessions, and warns of nothing in them", () => {
    const sessions = { all: true, except: { users: ["CORP\\svc"] } };
    assert.deepEqual(plan({ hosts: [{ host: "rdsh01", sessions }] }).warnings, []);
  });

  it("leaves out the hosts that `only` does not name, in the order of `hosts`", () => {
    const hosts = ["rdsh01", "rdsh02:2222", "[fe80::1]", "rdsh04"];
    const labels = (only: readonly string[]): readonly string[] =>
      plan({ hosts, only }).hosts.map(({ host }) => host.label);
    assert.deepEqual(labels(["[fe80::1]:22", "rdsh02:2222"]), ["rdsh02:2222", "[fe80::1]:22"]);
    assert.deepEqual(labels([]), []);
    assert.deepEqual(labels(["rdsh04:22", "rdsh04:22"]), ["rdsh04:22"]);
  });

  it("ignores fields that are null or undefined", () => {
    assert.deepEqual(
      plan({
        ...minimal,
        only: null,
        closedBy: undefined,
        restartedSince: null,
        timeouts: { total: undefined },
      }),
      plan(minimal),
    );
  });
});

describe("`closedBy`", () => {
  const hosts = ["a", "b", "c", "d", "e", "f", "g"];
  const outcome = (
    closedBy: Readonly<Record<string, unknown>>,
  ): readonly (UndrainHost["closedBy"] | undefined)[] =>
    plan({ hosts, closedBy }).hosts.map((host) => host.closedBy);

  it("says who has drained each host", () => {
    const result = (drained: string): object => ({ status: "ok", sessions: 3, drained, stillPresent: 0 });
    assert.deepEqual(
      outcome({
        "a:22": result("until-restart"),
        "b:22": result("until-destroy"),
        "c:22": result("already"),
        "d:22": result("no"),
        "e:22": result("undrained"),
        "of another list:22": result("no"),
      }),
      ["until-restart", "until-destroy", "already", "no", "no", undefined, undefined],
    );
  });

  it("is read loosely, since it may be an output of another version", () => {
    const error = { code: "code-of-tomorrow", message: "", more: [1] };
    assert.deepEqual(
      outcome({
        "a:22": { drained: "until-full-moon" },
        "b:22": {},
        "c:22": { drained: "until-restart", error, future: { nested: [null] } },
        "d:22": { status: "unheard-of", drained: "already" },
      }),
      [undefined, undefined, "until-restart", "already", undefined, undefined, undefined],
    );
  });

  it("is given even if it is empty", () => {
    assert.equal(plan({ ...minimal, closedBy: {} }).hasClosedBy, true);
    assert.deepEqual(hostsOf({ closedBy: {} })[0]?.closedBy, undefined);
  });

  it("must be an object of objects", () => {
    for (const closedBy of [true, "x", ["a:22"]])
      assert.match(problems({ ...minimal, closedBy }).join(), /^closedBy: must be the output `hostResults`/u);
    assert.deepEqual(
      problems({ ...minimal, closedBy: { "a:22": "until-restart", "b:22": { drained: 1 } } }),
      [
        "closedBy.a:22: must be an object with the fields `drained`",
        "closedBy.b:22.drained: must be the field `drained` of a host in `hostResults`",
      ],
    );
  });
});

describe("`restartedSince`", () => {
  it("requires a restart of every host, and names the boot IDs that are known", () => {
    const hosts = plan({ hosts: ["a", "b"], restartedSince: { "a:22": "BootId=0x2f", "z:22": "x" } }).hosts;
    assert.deepEqual(
      hosts.map(({ restartedSince }) => restartedSince),
      ["BootId=0x2f", null],
    );
    assert.equal(hostsOf({ restartedSince: {} })[0]?.restartedSince, null);
  });

  it("requires none where it is not given", () => {
    assert.ok(!("restartedSince" in (hostsOf({})[0] ?? {})));
  });

  it("must be an object of texts, which are not quoted", () => {
    assert.deepEqual(problems({ ...minimal, restartedSince: { "a:22": 7, "b:22": " " } }), [
      "restartedSince.a:22: must be the boot ID of the host",
      "restartedSince.b:22: must be the boot ID of the host",
    ]);
    assert.match(
      problems({ ...minimal, restartedSince: "x" }).join(),
      /^restartedSince: must be the output `bootIds`/u,
    );
  });
});

describe("a problem of HostUndrain", () => {
  it("is more than 512 hosts at a time", () => {
    assert.deepEqual(problems({ ...minimal, rollout: { parallel: 512 } }), []);
    assert.deepEqual(problems({ ...minimal, rollout: { parallel: 513 } }), [
      "rollout.parallel: must be a whole number from 1 to 512",
    ]);
  });

  it("is found in every input at once", () => {
    const found = problems({
      hosts: ["a", { host: "b", prot: 1 }],
      only: "a",
      connection: { password, passwordEnv: "P", hostKey: "nonsense" },
      closedBy: 1,
      restartedSince: 1,
      rollout: { parallel: 0, waves: [1] },
      timeouts: { connect: "0s", command: "2h", total: "31d", logoff: "5m" },
      force: "yes",
      triggers: {},
      report: "report.txt",
      color: true,
    });
    for (const path of [
      ...undrainInputNames.filter((name) => !["hosts", "connection", "rollout", "timeouts"].includes(name)),
      "hosts[1].prot",
      "connection.passwordEnv",
      "connection.hostKey",
      "rollout.parallel",
      "rollout.waves",
      "timeouts.connect",
      "timeouts.command",
      "timeouts.total",
      "timeouts.logoff",
      "color",
    ])
      assert.ok(
        found.some((problem) => problem.startsWith(`${path}: `)),
        `${path} is missing in\n${found.join("\n")}`,
      );
    assert.ok(!found.join().includes(password));
    assert.ok(!found.join().includes("nonsense"));
  });

  it("is a host with `server`, which cannot be drained", () => {
    assert.deepEqual(problems({ hosts: ["a", "b", { host: "gate", server: "rdsh03" }] }), [
      "hosts[2]: must not set `server`: change logon only acts on the host itself, so list that machine as a host of its own",
    ]);
  });

  it("is an identity in `only` that no host has, and says which was probably meant", () => {
    const hosts = ["rdsh01.corp.example", "rdsh02"];
    assert.deepEqual(problems({ hosts, only: ["RDSH02:22", "rdsh02", "rdsh03:22", "rdsh02:22"] }), [
      'only[0]: must be the identity of one of `hosts`: did you mean "rdsh02:22"?',
      'only[1]: must be the identity of one of `hosts`: did you mean "rdsh02:22"?',
      'only[2]: must be the identity of one of `hosts`, such as "rdsh01.corp.example:22"',
    ]);
  });

  it("is a key that several hosts share, and a host that is repeated", () => {
    const connection = { hostKey: `SHA256:${"A".repeat(43)}` };
    assert.deepEqual(problems({ hosts: ["a", "A:22"], connection }), [
      'hosts[1]: must not repeat `hosts[0]`: both are "a:22"',
      "connection.hostKey: must be set with each host if there are several, as its own `connection.hostKey`",
    ]);
    assert.deepEqual(problems({ hosts: ["a"], connection }), []);
  });

  it("is an input that is no object or has no hosts", () => {
    assert.deepEqual(problems("x"), ["input: must be an object"]);
    assert.match(problems({}).join(), /^hosts: must be a list/u);
    assert.match(problems({ hosts: [] }).join(), /^hosts: must not be empty/u);
  });

  it("is an input of SessionLogoff that has no meaning here", () => {
    assert.match(problems({ ...minimal, sessions: "x" }).join(), /^sessions: is not a known field/u);
    assert.match(problems({ ...minimal, drain: "none" }).join(), /^drain: is not a known field/u);
  });

  it("is a wrong value in the stack configuration", () => {
    const context = { defaults: { privateKey: "not a key" } };
    const [found] = findUndrainProblems(minimal, context);
    assert.equal(found?.path, "session-logoff:privateKey");
    assert.deepEqual(readUndrainPlan(minimal, context).problems, [found]);
  });
});

describe("a value that is not known yet", () => {
  it("is passed over by a check at any place, and refused when hosts are awaited", () => {
    const known: Readonly<Record<string, unknown>> = {
      hosts: ["a", { host: "b", connection: { user: "u" } }],
      only: ["a:22", "b:22"],
      connection: { password },
      closedBy: { "a:22": { drained: "no", sessions: 1 } },
      restartedSince: { "a:22": "x" },
      rollout: { parallel: 3 },
      timeouts: { total: "1h" },
      force: true,
      triggers: [{ deep: [1] }],
      report: ["a.json"],
    };
    let places = 0;
    /** All copies of a value in which one part is unknown. */
    const copies = (value: unknown): readonly unknown[] => {
      const below = (entries: readonly (readonly [string, unknown])[], join: (one: object) => unknown) =>
        entries.flatMap(([name, part]) =>
          copies(part).map((copy) => join({ ...Object.fromEntries(entries), [name]: copy })),
        );
      if (Array.isArray(value))
        return [unknownValue, ...below(Object.entries(value), (one): unknown[] => Object.values(one))];
      if (typeof value !== "object" || value === null) return [unknownValue];
      return [unknownValue, ...below(Object.entries(value), (one) => one)];
    };
    for (const input of copies(known)) {
      places += 1;
      assert.deepEqual(findUndrainProblems(input), [], JSON.stringify(input));
      assert.deepEqual(
        readUndrainPlan(input).problems?.map(({ path }) => path),
        ["input"],
        JSON.stringify(input),
      );
    }
    assert.ok(places > 25, `${places} places`);
  });

  it("may be the host that `only` names", () => {
    assert.deepEqual(findUndrainProblems({ hosts: ["a", unknownValue], only: ["b:22"] }), []);
    assert.deepEqual(findUndrainProblems({ hosts: unknownValue, only: ["b:22"] }), []);
    assert.equal(findUndrainProblems({ hosts: ["a"], only: ["b:22"] }).length, 1);
  });
});

describe("the reader of HostUndrain", () => {
  it("never throws, whatever it is given", () => {
    const values = fc.dictionary(
      fc.constantFrom(...undrainInputNames, "other"),
      fc.anything({ withNullPrototype: true }),
    );
    fc.assert(
      fc.property(fc.oneof(values, fc.anything()), (input) => {
        findUndrainProblems(input);
        readUndrainPlan(input);
      }),
      { numRuns: 300 },
    );
  });
});
