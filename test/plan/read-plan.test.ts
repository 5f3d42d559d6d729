import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Host } from "../../provider/connection";
import type { Plan } from "../../provider/plan/plan";
import { findProblems, readPlan } from "../../provider/plan/read-plan";
import { unknownValue } from "../../provider/plan/unknown";

const all = { all: true };
const minimal = { hosts: ["rdsh01"], sessions: all };
const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real key\n-----END OPENSSH PRIVATE KEY-----\n";
const fingerprint = `SHA256:${"A".repeat(43)}`;

function plan(input: unknown, context?: Parameters<typeof readPlan>[1]): Plan {
  const result = readPlan(input, context);
  assert.deepEqual(result.problems, undefined);
  return result.plan;
}

function problems(input: unknown): string[] {
  return (readPlan(input).problems ?? []).map(({ path, message }) => `${path}: ${message}`);
}

describe("a plan", () => {
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
          selector: { all: true, current: false, console: false, except: { ids: [], names: [], users: [] } },
        },
      ],
      drain: "none",
      warn: null,
      atDeadline: "logoff",
      ifStuck: "fail",
      settleMs: 0,
      ifMissing: "ignore",
      ifArrived: "include",
      limits: { sessionsPerHost: null, sessions: null },
      rollout: { parallel: 20, waves: [], pauseMs: 0, maxFailures: null },
      failOn: "any",
      window: null,
      timeouts: { commandMs: 30_000, logoffMs: 300_000, totalMs: null },
      mode: "once",
      reports: [],
      previewSessions: false,
      warnings: [],
    });
  });

  const defaults = {
    drain: "none",
    atDeadline: "logoff",
    ifStuck: "fail",
    ifMissing: "ignore",
    ifArrived: "include",
    limits: {},
    rollout: { parallel: 20, waves: [], pause: 0 },
    failOn: "any",
    timeouts: { connect: "15s", command: 30, logoff: "5m" },
    mode: "once",
    report: [],
    previewSessions: false,
    triggers: [],
    connection: {
      jumpHosts: [],
      sshConfig: false,
      algorithms: "default",
      strictHostKeyChecking: "yes",
    },
  };
  it("accepts the documented defaults when they are set explicitly", () => {
    const explicit = plan({ ...minimal, ...defaults });
    const [host] = explicit.hosts;
    // The only difference: ssh_config cannot override fields that are set.
    assert.deepEqual(host?.host.undecided, ["keepalive"]);
    const undecided = plan(minimal).hosts[0]?.host.undecided ?? [];
    assert.deepEqual({ ...explicit, hosts: [{ ...host, host: { ...host.host, undecided } }] }, plan(minimal));
  });

  it("treats undefined and null fields as absent", () => {
    assert.deepEqual(
      plan({ ...minimal, warn: null, connection: { port: undefined, user: null } }),
      plan(minimal),
    );
  });

  it("treats null fields as absent in cross-checks", () => {
    const hosts = ["a", "b"];
    const empty = { all: true, ids: null, except: { ids: null, users: ["x"] } };
    for (const changes of [{}, { mode: "ensure" }, { connection: { hostKey: null } }, { atDeadline: null }])
      assert.deepEqual(problems({ hosts, sessions: empty, ...changes }), [], JSON.stringify(changes));
    const perHost = [{ host: "a", sessions: empty, server: null, platform: "linux" }];
    assert.deepEqual(
      problems({ hosts: perHost, sessions: null, mode: "ensure", drain: "until-restart" }),
      [],
    );
  });

  it("reads values that are set", () => {
    const { ifMissing, rollout, timeouts, hosts } = plan({
      ...minimal,
      ifMissing: "fail",
      rollout: { parallel: 3 },
      timeouts: { connect: 5, command: "1m", logoff: "1h30m" },
    });
    assert.equal(ifMissing, "fail");
    assert.equal(rollout.parallel, 3);
    assert.deepEqual(timeouts, { commandMs: 60_000, logoffMs: 5_400_000, totalMs: null });
    assert.equal(hosts[0]?.host.connectTimeoutMs, 5000);
  });
});

describe("hosts", () => {
  const grid: readonly (readonly [
    unknown,
    { label: string; address?: string; port?: number; user?: string },
  ])[] = [
    ["RDSH01.Corp.Example", { label: "rdsh01.corp.example:22", address: "RDSH01.Corp.Example" }],
    ["h:2222", { label: "h:2222", port: 2222 }],
    ["alice@h", { label: "h:22", user: "alice" }],
    ["alice@corp.example@h:22", { label: "h:22", user: "alice@corp.example", port: 22 }],
    ["CORP\\alice@h", { label: "h:22", user: "CORP\\alice" }],
    ["10.0.0.7", { label: "10.0.0.7:22" }],
    ["[FE80::0:1]", { label: "[fe80::1]:22", address: "fe80::1" }],
    ["u@[fe80::1%eth0]:23", { label: "[fe80::1%eth0]:23", address: "fe80::1%eth0", user: "u", port: 23 }],
    [
      { host: "h", port: 23, user: "bob" },
      { label: "h:23", port: 23, user: "bob" },
    ],
    [{ host: "bob@h:23" }, { label: "h:23", port: 23, user: "bob" }],
    ["h.", { label: "h:22", address: "h." }],
  ];
  for (const [input, { label, ...expected }] of grid) {
    it(`${JSON.stringify(input)} has the label ${label}`, () => {
      const host = plan({ hosts: [input], sessions: all }).hosts[0]!.host;
      assert.equal(host.label, label);
      for (const [name, value] of Object.entries(expected)) assert.equal(host[name as "user"], value);
    });
  }

  it("have a label that does not depend on the connection", () => {
    const { host } = plan({ ...minimal, connection: { port: 2222, user: "u" } }).hosts[0]!;
    assert.deepEqual([host.label, host.port, host.user], ["rdsh01:22", 2222, "u"]);
  });

  const form = "must be [user@]address[:port], IPv6 in brackets";
  const invalid: readonly (readonly [unknown, string])[] = [
    ["", "with a host name"],
    ["a b", "with a host name"],
    ["h:0", "with a port from 1 to 65535"],
    ["h:99999", "with a port from 1 to 65535"],
    ["h:", form],
    ["@h", "with a user before the @"],
    ["fe80::1", "write the IPv6 address as [address]"],
    ["[fe80::zz]", "is not an IPv6 address"],
    ["10.0.0.256", "or an IP address"],
    ["10.0.1", "or an IP address"],
    ["ssh://h", "without a scheme"],
    ["user:secret@h", "without a password"],
    ["h;rm -rf", "with a host name"],
    [7, "or an object with the field `host`"],
    [{}, "hosts[0].host: must be [user@]address[:port]"],
    [{ host: "h:22", port: 22 }, "hosts[0].port: must not be set twice"],
    [{ host: "u@h", user: "u" }, "hosts[0].user: must not be set twice"],
    [{ host: "h", hostname: "x" }, "hosts[0].hostname: is not a known field"],
    [{ host: "h", sesions: 1 }, "did you mean `hosts[0].sessions`?"],
    [{ host: "h", server: "a b" }, "hosts[0].server: must be the name of a server"],
    [{ host: "h", platform: "solaris" }, 'hosts[0].platform: must be "windows" or "linux"'],
  ];
  for (const [input, expected] of invalid) {
    it(`${JSON.stringify(input)} is refused`, () => {
      const found = problems({ hosts: [input], sessions: all });
      assert.ok(
        found.some((text) => text.includes(expected)),
        found.join("\n"),
      );
      assert.ok(found.every((text) => text.startsWith("hosts[0]") && !text.includes("secret")));
    });
  }

  it("must be a non-empty list without duplicates", () => {
    assert.match(problems({ sessions: all })[0]!, /^hosts: must be a list/u);
    assert.match(problems({ hosts: [], sessions: all })[0]!, /^hosts: must not be empty/u);
    assert.deepEqual(problems({ hosts: ["a", "b", "x@A:22", { host: "b", port: 23 }], sessions: all }), [
      'hosts[2]: must not repeat `hosts[0]`: both are "a:22"',
    ]);
  });
});

describe("sessions", () => {
  const selectorOf = (sessions: unknown, hosts: unknown = ["h"]): unknown =>
    plan({ hosts, sessions }).hosts[0]!.selector;
  const base = { all: false, current: false, console: false, except: { ids: [], names: [], users: [] } };
  const grid: readonly (readonly [unknown, object])[] = [
    ["TERM04", { operands: ["TERM04"] }],
    [12, { operands: ["12"] }],
    ["0012", { operands: ["12"] }],
    [["TERM04", 12, "12"], { operands: ["TERM04", "12"] }],
    [{ ids: [3, "004"] }, { ids: ["3", "4"] }],
    [
      { names: ["rdp-tcp#*"], users: ["Alice", "svc-?"] },
      { names: ["rdp-tcp#*"], users: ["Alice", "svc-?"] },
    ],
    [
      { all: true, console: true },
      { all: true, console: true },
    ],
    [
      { all: true, except: { ids: ["05"], users: ["bob"] } },
      { all: true, except: { ids: ["5"], names: [], users: ["bob"] } },
    ],
  ];
  for (const [input, expected] of grid) {
    it(`${JSON.stringify(input)} is read`, () =>
      assert.deepEqual(selectorOf(input), { ...base, ...expected }));
  }

  const invalid: readonly (readonly [unknown, string])[] = [
    [
      {},
      "sessions: must select sessions: set `sessions.ids`, `sessions.names`, `sessions.users`, `sessions.states`, `sessions.idleFor` or `sessions.all: true`",
    ],
    [{ all: false, console: true }, "sessions: must select sessions"],
    [{ except: { users: ["x"] } }, "sessions: must select sessions"],
    [{ ids: [] }, "sessions.ids: must not be empty"],
    [{ users: [] }, "sessions.users: must not be empty"],
    [{ all: true, except: {} }, "sessions.except: must not be empty"],
    [{ all: true, except: { users: [] } }, "sessions.except.users: must not be empty"],
    [[], "sessions: must not be empty"],
    ["TERM*", "sessions: must be a single session: for a pattern, use `sessions.names`"],
    [["a", "b?"], "sessions[1]: must be a single session"],
    ["", "sessions: must be a session name"],
    [true, "sessions: must be a session name"],
    [12.5, "sessions: must be a session name"],
    [-1, "sessions: must be a session name"],
    [{ ids: ["12; calc"] }, "sessions.ids[0]: must be a session ID"],
    [{ users: "bob" }, "sessions.users: must be a list of user names"],
    [{ users: ["a\nb"] }, "sessions.users[0]: must be a user name"],
    [{ usrs: ["a"], all: true }, "sessions.usrs: is not a known field: did you mean `sessions.users`?"],
    [{ all: "yes" }, "sessions.all: must be true or false"],
    [
      { users: ["CORP\\bob"] },
      'sessions.users[0]: must not contain a domain, because listings print none: use "bob"',
    ],
    [{ states: ["idle"] }, 'sessions.states[0]: must be "active" or "disconnected"'],
    [{ idleFor: "2w" }, "sessions.idleFor: must be a duration"],
  ];
  for (const [input, expected] of invalid) {
    it(`${JSON.stringify(input)} is refused`, () => {
      const found = problems({ hosts: ["h"], sessions: input });
      assert.ok(
        found.some((text) => text.startsWith(expected)),
        found.join("\n"),
      );
    });
  }

  it("are required unless every host sets its own", () => {
    assert.deepEqual(plan({ hosts: [{ host: "h", sessions: 1 }] }).hosts.length, 1);
    assert.match(
      problems({ hosts: ["a", { host: "b", sessions: 1 }] })[0]!,
      /^sessions: must select sessions, because 1 of 2/u,
    );
  });

  it("may select IDs on one host only, but may except IDs on several", () => {
    const advice = "must not contain IDs for several hosts";
    for (const sessions of [12, "12", { ids: [1] }]) {
      assert.ok(problems({ hosts: ["a", "b"], sessions })[0]!.includes(advice));
    }
    assert.match(
      problems({ hosts: ["a", "b"], sessions: ["x", "12"] })[0]!,
      /^sessions\[1\]: must not contain IDs/u,
    );
    assert.deepEqual(problems({ hosts: ["a", "b"], sessions: { all: true, except: { ids: [1] } } }), []);
    assert.deepEqual(problems({ hosts: ["a", { host: "b", sessions: 12 }], sessions: all }), []);
  });

  it("must contain IDs that exist on the platform of the host", () => {
    const on = (platform: string | undefined): string[] =>
      problems({ hosts: [{ host: "h", platform, sessions: 65536 }] });
    assert.deepEqual(on("windows"), [
      "hosts[0].sessions: must contain only IDs that Windows allows: 1 to 65535",
    ]);
    assert.deepEqual(on(undefined), []);
  });

  it("may except a user with a domain, which causes a warning", () => {
    assert.deepEqual(
      plan({ hosts: ["h"], sessions: { all: true, except: { users: ["CORP\\svc-*"] } } }).warnings,
      [
        'The domain of "CORP\\svc-*" in `sessions.except.users` is ignored, because listings print none: more sessions may be kept',
      ],
    );
  });
});

describe("a host for the machine's own ssh", () => {
  const openssh = { client: "openssh" };

  it("reads ssh_config unless it is told not to, and so do its jump hosts", () => {
    const connection = { ...openssh, jumpHosts: ["gate"] };
    const { host } = plan({ ...minimal, connection }).hosts[0]!;
    assert.deepEqual([host.client, host.sshConfig], ["openssh", true]);
    assert.deepEqual([host.jumpHosts[0]?.client, host.jumpHosts[0]?.sshConfig], ["openssh", true]);
    const without = plan({ ...minimal, connection: { ...openssh, sshConfig: false } }).hosts[0]!.host;
    assert.equal(without.sshConfig, undefined);
    assert.equal(plan(minimal).hosts[0]!.host.client, undefined);
  });

  it("may be one of several, and has its jump hosts with it", () => {
    const connection = { ...openssh, jumpHosts: ["gate"] };
    const [a, b] = plan({ hosts: ["a", { host: "b", connection }], sessions: all }).hosts;
    assert.deepEqual(
      [a?.host.client, b?.host.client, b?.host.jumpHosts[0]?.client],
      [undefined, "openssh", "openssh"],
    );
  });

  for (const [connection, at] of [
    [{ algorithms: "legacy" }, "connection.algorithms: must not be"],
    [{ strictHostKeyChecking: "no" }, "connection.strictHostKeyChecking: must not be"],
    [
      { jumpHosts: [{ host: "gate", connection: { password: "p" } }] },
      "connection.jumpHosts[0].connection.password: must not be set",
    ],
    [
      { jumpHosts: ["a", { host: "gate", connection: { algorithms: "legacy" } }] },
      "connection.jumpHosts[1].connection.algorithms: must not be",
    ],
    [
      { jumpHosts: [{ host: "gate", connection: { strictHostKeyChecking: "no" } }] },
      "connection.jumpHosts[0].connection.strictHostKeyChecking: must not be",
    ],
  ] as const)
    it(`refuses ${at.slice(0, at.indexOf(":"))}`, () => {
      const shared = problems({
        hosts: ["a", "b"],
        sessions: all,
        connection: { ...connection, ...openssh },
      });
      assert.deepEqual(shared.filter((text) => text.startsWith(at)).length, 1, shared.join("\n"));
      const own = problems({
        hosts: [{ host: "h", connection: { ...connection, ...openssh } }],
        sessions: all,
      });
      assert.ok(
        own.some((text) => text.startsWith(`hosts[0].${at}`)),
        own.join("\n"),
      );
      const mixed = problems({ hosts: ["a", { host: "b", connection: openssh }], sessions: all, connection });
      assert.ok(
        mixed.some((text) => text.startsWith(at)),
        mixed.join("\n"),
      );
      const builtin = { hosts: ["a"], sessions: all, connection };
      assert.equal(plan(builtin).hosts.length, 1);
    });
});

describe("a connection", () => {
  const hostOf = (
    own: object | undefined,
    shared: object | undefined,
    defaults?: object,
  ): NonNullable<Plan["hosts"][number]>["host"] =>
    plan(
      { hosts: [{ host: "h", connection: own }], sessions: all, connection: shared },
      defaults && { defaults },
    ).hosts[0]!.host;

  it("takes each field from the host, then the resource, then the stack configuration", () => {
    const host = hostOf({ user: "near" }, { user: "far", port: 23 }, { user: "stack" });
    assert.deepEqual([host.user, host.port], ["near", 23]);
    assert.equal(hostOf(undefined, undefined, { user: "stack" }).user, "stack");
  });

  it("takes the passphrase from the key's level or a closer one, or from the stack configuration", () => {
    const far = { privateKeyFile: "far", passphraseEnv: "FAR" };
    assert.deepEqual(hostOf({ privateKeyFile: "near" }, far).login, {
      privateKeys: [{ from: "file", path: "near" }],
    });
    assert.deepEqual(hostOf({ passphraseEnv: "NEAR" }, far).login, {
      privateKeys: [{ from: "file", path: "far" }],
      passphrase: { from: "env", name: "NEAR" },
    });
    assert.deepEqual(hostOf({ privateKeyFile: "near" }, far, { privateKey: key, passphrase: "p" }).login, {
      privateKeys: [{ from: "file", path: "near" }],
      passphrase: { from: "value", value: "p" },
    });
  });

  it("does not mix passwords or known hosts from several levels", () => {
    const host = hostOf({ passwordEnv: "PW", knownHostsFile: "f" }, { password: "x", knownHosts: "text" });
    assert.deepEqual(host.login.password, { from: "env", name: "PW" });
    assert.deepEqual(host.hostKeys, { pinned: [], knownHostsFiles: ["f"], strict: "yes" });
    const stack = hostOf(undefined, undefined, { password: "p", privateKey: key, knownHosts: "text" });
    assert.deepEqual(stack.login, {
      privateKeys: [{ from: "value", value: key }],
      password: { from: "value", value: "p" },
    });
    assert.deepEqual(stack.hostKeys, { pinned: [], knownHosts: "text", knownHostsFiles: [], strict: "yes" });
  });

  it("may forbid the agent, also on jump hosts", () => {
    assert.equal(hostOf(undefined, undefined).login.agent, undefined);
    assert.equal(hostOf({ agent: false }, { agent: true }).login.agent, false);
    const host = hostOf({ jumpHosts: ["j"] }, { agent: false });
    assert.deepEqual([host.login.agent, host.jumpHosts[0]?.login.agent], [false, false]);
  });

  const wayOf = ({ jumpHosts, proxyCommand }: Host): readonly [readonly string[], string | undefined] => [
    jumpHosts.map((jump) => jump.label),
    proxyCommand,
  ];

  it("has one way, that of the first level which names jump hosts or a proxy command", () => {
    const proxyCommand = "nc %h %p";
    const jumpHosts = ["j"];
    assert.deepEqual(wayOf(hostOf(undefined, { proxyCommand })), [[], proxyCommand]);
    assert.deepEqual(wayOf(hostOf({ proxyCommand: "none" }, { proxyCommand })), [[], "none"]);
    assert.deepEqual(wayOf(hostOf({ proxyCommand }, { jumpHosts })), [[], proxyCommand]);
    assert.deepEqual(wayOf(hostOf({ jumpHosts }, { proxyCommand })), [["j:22"], undefined]);
    assert.deepEqual(wayOf(hostOf({ jumpHosts: [] }, { proxyCommand })), [[], undefined]);
  });

  it("may have a proxy command for its first jump host, which inherits none", () => {
    const connection = { proxyCommand: "nc %h %p" };
    const own = hostOf({ jumpHosts: [{ host: "j", connection }, "k"] }, undefined);
    assert.deepEqual(
      own.jumpHosts.map((jump) => jump.proxyCommand),
      ["nc %h %p", undefined],
    );
    assert.equal(hostOf({ jumpHosts: ["j"] }, connection).jumpHosts[0]?.proxyCommand, undefined);
  });

  it("may pin a key for each host", () => {
    assert.deepEqual(hostOf({ hostKey: fingerprint }, undefined).hostKeys.pinned, [fingerprint]);
    assert.deepEqual(
      hostOf(undefined, { hostKey: "ssh-ed25519 AAAAC3Nz comment" }).hostKeys.pinned.length,
      1,
    );
    assert.match(
      problems({ hosts: ["a", "b"], sessions: all, connection: { hostKey: fingerprint } })[0]!,
      /^connection\.hostKey: must be set with each host/u,
    );
  });

  it("warns once that host keys are not checked", () => {
    assert.equal(
      plan({ hosts: ["a", "b"], sessions: all, connection: { strictHostKeyChecking: "no" } }).warnings.length,
      1,
    );
  });

  const invalid: readonly (readonly [object, string])[] = [
    [{ port: 0 }, "port: must be a whole number from 1 to 65535"],
    [{ port: "22" }, "port: must be a whole number from 1 to 65535"],
    [{ user: "" }, "user: must be a user name"],
    [
      { privateKey: "~/.ssh/id" },
      "privateKey: must be the text of a private key, which begins with -----BEGIN",
    ],
    [
      { privateKey: key, privateKeyFile: "f" },
      "privateKeyFile: cannot be combined with `connection.privateKey`",
    ],
    [{ password: "a", passwordEnv: "B" }, "passwordEnv: cannot be combined with `connection.password`"],
    [
      { passphrase: "a", passphraseEnv: "B" },
      "passphraseEnv: cannot be combined with `connection.passphrase`",
    ],
    [{ passwordEnv: "my pass!" }, "passwordEnv: must be the name of an environment variable"],
    [{ hostKey: "SHA256:short" }, "hostKey: must be a fingerprint"],
    [{ knownHosts: "" }, "knownHosts: must be the text of a known_hosts file"],
    [{ strictHostKeyChecking: "ask" }, 'strictHostKeyChecking: must be "yes", "accept-new" or "no"'],
    [{ keepalive: "1 min" }, "keepalive: must be a duration"],
    [{ prot: 1 }, "prot: is not a known field: did you mean `connection.port`?"],
    [{ proxyCommand: "" }, 'proxyCommand: must be a command on one line, or "none"'],
    [{ proxyCommand: "secret\n%h" }, 'proxyCommand: must be a command on one line, or "none"'],
    [
      { proxyCommand: "secret %h %k" },
      "proxyCommand: must hold only the tokens %h, %n, %p, %r and %% (a percent sign)",
    ],
    [
      { proxyCommand: "secret %2Fsecret" },
      "proxyCommand: must hold only the tokens %h, %n, %p, %r and %% (a percent sign)",
    ],
    [
      { proxyCommand: "secret %h", jumpHosts: ["j"] },
      "proxyCommand: cannot be combined with `connection.jumpHosts`, of which the first can have",
    ],
    [
      { jumpHosts: ["j", { host: "k", connection: { proxyCommand: "secret %h" } }] },
      "jumpHosts[1].connection.proxyCommand: can only be set for the first jump host",
    ],
    [{ jumpHosts: ["a:b@c"] }, "jumpHosts[0]: must be [user@]address[:port]"],
    [{ jumpHosts: [{ host: "j", connection: { port: 0 } }] }, "jumpHosts[0].connection.port: must be"],
  ];
  for (const [input, expected] of invalid) {
    it(`${JSON.stringify(input)} is refused for the resource and for a host`, () => {
      const shared = problems({ ...minimal, connection: input });
      const own = problems({ hosts: [{ host: "h", connection: input }], sessions: all });
      assert.ok(
        shared.some((text) => text.startsWith(`connection.${expected}`)),
        shared.join("\n"),
      );
      assert.ok(
        own.some((text) => text.startsWith(`hosts[0].connection.${expected.replace("`", "`hosts[0].")}`)),
        own.join("\n"),
      );
    });
  }

  it("is checked in the stack configuration too", () => {
    assert.deepEqual(
      readPlan(minimal, { defaults: { privateKey: "no key" } }).problems?.map(({ path }) => path),
      ["session-logoff:privateKey"],
    );
  });
});

describe("other inputs", () => {
  const invalid: readonly (readonly [object, string])[] = [
    [{ warn: { message: "", gracePeriod: 1 } }, "warn.message: must be one line of at most 255"],
    [{ warn: { message: "ü".repeat(128), gracePeriod: 1 } }, "warn.message: must be one line of at most 255"],
    [{ warn: { message: "{min}", gracePeriod: 1 } }, "warn.message: must be one line of at most 255"],
    [{ warn: { message: "x" } }, "warn.gracePeriod: must be a duration"],
    [
      { warn: { message: "x", gracePeriod: "5m", reminders: ["1m", "5m"] } },
      "warn.reminders[1]: must be shorter than `warn.gracePeriod`",
    ],
    [{ limits: { sessions: 0 } }, "limits.sessions: must be a whole number from 1"],
    [{ rollout: { parallel: 0 } }, "rollout.parallel: must be a whole number from 1"],
    [{ rollout: { parallel: 513 } }, "rollout.parallel: must be a whole number from 1 to 512"],
    [{ rollout: { waves: [1, "101%"] } }, "rollout.waves[1]: must be a number of hosts from 1, or a share"],
    [{ rollout: { maxFailures: "x" } }, "rollout.maxFailures: must be a number of hosts from 0"],
    [{ window: {} }, "window: must contain `window.notBefore`, `window.notAfter` or both"],
    [
      { window: { daily: "22:00-22:00", timeZone: "UTC" } },
      "window.daily: must be two different times of day",
    ],
    [{ window: { daily: "22:00-05:00" } }, "window.timeZone: must be the name of a time zone"],
    [
      { window: { daily: "22:00-05:00", timeZone: "Mars/X" } },
      "window.timeZone: must be the name of a time zone",
    ],
    [{ window: { notBefore: "tomorrow" } }, "window.notBefore: must be a time in RFC 3339"],
    [{ window: { notBefore: "2026-02-30T22:00:00Z" } }, "window.notBefore: must be a time in RFC 3339"],
    [{ window: { notBefore: "2026-04-31T22:00+02:00" } }, "window.notBefore: must be a time in RFC 3339"],
    [{ window: { notAfter: "2025-02-29T22:00:00Z" } }, "window.notAfter: must be a time in RFC 3339"],
    [{ window: { notAfter: "2026-04-30T24:00:00Z" } }, "window.notAfter: must be a time in RFC 3339"],
    [
      { window: { notBefore: "2026-01-02T00:00:00Z", notAfter: "2026-01-01T00:00:00Z" } },
      "window.notAfter: must be later than `window.notBefore`",
    ],
    [{ timeouts: { connect: "0s" } }, "timeouts.connect: must be a duration"],
    [
      { timeouts: { conect: "1s" } },
      "timeouts.conect: is not a known field: did you mean `timeouts.connect`?",
    ],
    [{ report: "out.txt" }, "report: must be a path that ends in .json, .xml or .html"],
    [{ triggers: "x" }, "triggers: must be a list of any values"],
    [{ atDeadline: "fail" }, 'atDeadline: must not be "fail" without `warn`'],
    [{ mode: "ensure", sessions: 12 }, "sessions: must not contain IDs with `mode: ensure`"],
    [
      { mode: "ensure", sessions: { all: true, except: { ids: [3] } } },
      "sessions.except.ids: must not contain IDs with `mode: ensure`",
    ],
    [
      { mode: "ensure", hosts: [{ host: "h", sessions: { all: true, except: { ids: [3] } } }] },
      "hosts[0].sessions.except.ids: must not contain IDs with `mode: ensure`",
    ],
    [
      { hosts: ["a", { host: "h", server: "s", platform: "linux" }] },
      'hosts[1].platform: must not be "linux" for a server behind a host',
    ],
    [
      { warn: { message: "x", gracePeriod: "15m" }, timeouts: { total: "15m" } },
      "timeouts.total: must be longer than `warn.gracePeriod`",
    ],
    [
      { drain: "until-restart", hosts: [{ host: "h", server: "s" }] },
      "hosts[0].server: cannot be combined with `drain`",
    ],
    [{ hots: [] }, "hots: is not a known field: did you mean `hosts`?"],
  ];
  for (const [input, expected] of invalid) {
    it(`${JSON.stringify(input).slice(0, 80)} is refused`, () => {
      const found = problems({ ...minimal, ...input });
      assert.ok(
        found.some((text) => text.startsWith(expected)),
        found.join("\n"),
      );
    });
  }

  it("have all problems reported at once", () => {
    const found = problems({
      hosts: ["a", "A", 5],
      sessions: { ids: [1], userz: [] },
      connection: { port: 0, hostKey: fingerprint, password: "a", passwordEnv: "B" },
      timeouts: { connect: "x" },
      drain: "x",
      extra: 1,
    }).map((text) => text.split(": ")[0]);
    assert.deepEqual(found.sort(), [
      "connection.hostKey",
      "connection.passwordEnv",
      "connection.port",
      "drain",
      "extra",
      "hosts[1]",
      "hosts[2]",
      "sessions.ids",
      "sessions.userz",
      "timeouts.connect",
    ]);
  });

  for (const input of [undefined, null, "x", 7, []]) {
    it(`${JSON.stringify(input)} is refused as a whole`, () =>
      assert.match(problems(input)[0]!, /^input: must be an object/u));
  }
});

describe("unknown values", () => {
  const full: Record<string, unknown> = {
    hosts: [
      "a",
      {
        host: "b",
        port: 2,
        user: "u",
        sessions: { users: ["x"], except: { names: ["n"] } },
        connection: { keepalive: 1 },
      },
    ],
    sessions: { names: ["a"], all: true, except: { users: ["b"] } },
    connection: { port: 1, privateKey: key, passphrase: "p", knownHosts: "k" },
    timeouts: { connect: "1s" },
    rollout: { parallel: 2 },
    triggers: [1, { a: 2 }],
    ifMissing: "fail",
  };
  /** Every copy of the value with one part replaced by the unknown value. */
  function* withUnknown(value: unknown): Generator {
    yield unknownValue;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        for (const changed of withUnknown(item)) yield value.with(index, changed);
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [name, field] of Object.entries(value)) {
        for (const changed of withUnknown(field)) yield { ...value, [name]: changed };
      }
    }
  }

  it("are accepted at any depth by a check, but prevent a run", () => {
    assert.deepEqual(findProblems(full), []);
    let count = 0;
    for (const input of withUnknown(full)) {
      assert.deepEqual(findProblems(input), [], JSON.stringify(input));
      assert.ok(readPlan(input).problems !== undefined);
      count += 1;
    }
    assert.ok(count > 30);
  });

  it("do not hide problems elsewhere", () => {
    assert.deepEqual(
      findProblems({ hosts: [unknownValue, 5], sessions: { all: unknownValue, users: [] } }).map(
        ({ path }) => path,
      ),
      ["hosts[1]", "sessions.users"],
    );
  });
});

describe("problems", () => {
  const marker = "Marker-7f3a";
  const inheritedFields = [
    "user",
    "port",
    "privateKey",
    "privateKeyFile",
    "passphrase",
    "passphraseEnv",
    "password",
    "passwordEnv",
  ];
  const otherFields = [
    "agent",
    "knownHosts",
    "knownHostsFile",
    "hostKey",
    "strictHostKeyChecking",
    "sshConfig",
    "algorithms",
    "keepalive",
    "unknown",
  ];
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      marker,
      [marker],
      { [`x`]: marker },
      `${marker}\n`,
      `user:${marker}@h`,
      7,
      true,
      [[marker]],
    ),
    fc.string().map((text) => `${text}${marker}`),
  );
  const ownConnection = fc.dictionary(fc.constantFrom(...inheritedFields, ...otherFields), value);
  const connection = fc.oneof(
    value,
    fc
      .record({
        own: ownConnection,
        jumpHosts: fc.array(fc.oneof(value, fc.record({ host: value, connection: ownConnection }))),
      })
      .map(({ own, jumpHosts }) => ({ ...own, jumpHosts })),
  );

  it("never quote a value from a connection", () => {
    fc.assert(
      fc.property(connection, connection, (shared, own) => {
        const found = findProblems({
          hosts: ["a", { host: "b", connection: own }],
          sessions: all,
          connection: shared,
        });
        assert.ok(found.length > 0 || JSON.stringify([shared, own]).length > 0);
        assert.ok(!JSON.stringify(found).includes(marker), JSON.stringify(found));
      }),
      { numRuns: 500 },
    );
  });

  it("are found in any input without throwing", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (a, b, c) => {
        findProblems({
          hosts: a,
          sessions: b,
          connection: c,
          warn: a,
          window: b,
          rollout: c,
          report: a,
          triggers: b,
        });
        findProblems({
          hosts: [a, b, { host: c, sessions: a, connection: b }],
          sessions: { ids: a, except: b },
          limits: c,
        });
        findProblems(a);
      }),
    );
  });
});
