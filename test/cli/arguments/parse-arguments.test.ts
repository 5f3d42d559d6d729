import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostInputs } from "../../../provider/cli/arguments/host-entries";
import { optionRows, optionSections } from "../../../provider/cli/arguments/options";
import { parseArguments } from "../../../provider/cli/arguments/parse-arguments";
import type { Request, RunRequest } from "../../../provider/cli/arguments/run-request";

const context = { timeZone: () => "Europe/Berlin" };
const here = { task: "log-off", here: true, hosts: [] };
const fail = { ifMissing: "fail" };
const all = { sessions: { all: true }, ...fail };
const A = ["--all", "--host", "a"];

/** The expected fields of a run; absent fields are not checked. */
interface Expected {
  readonly task?: string;
  readonly here?: boolean;
  readonly hosts?: readonly unknown[];
  readonly input?: object;
  readonly hostsFile?: string;
  readonly narrowed?: boolean;
  readonly mayBeConsole?: boolean;
  readonly output?: object;
  readonly then?: object;
  readonly wait?: string;
}

/** One row: the arguments, and the expected run, other kind of request, or text of the usage error. */
type Row = readonly [
  argv: readonly string[],
  expected: Expected | "help" | "version" | "completion" | RegExp,
];

const grid: readonly Row[] = [
  // The examples in Microsoft's documentation of logoff.
  [[], { ...here, input: { sessions: "current", ...fail } }],
  [["12"], { ...here, input: { sessions: "12", ...fail } }],
  [
    ["TERM04", "/server:Server1"],
    { hosts: ["Server1"], here: false, input: { sessions: "TERM04", ...fail } },
  ],

  // Grammar: upper or lower case, any order, one or two slashes.
  [["/SERVER:Server1", "TERM04"], { hosts: ["Server1"], input: { sessions: "TERM04", ...fail } }],
  [["/Server:Server1", "/V", "TERM04"], { hosts: ["Server1"], output: { verbose: true } }],
  [["/v"], { ...here, output: { verbose: true } }],
  [["//v"], { ...here, output: { verbose: true } }],
  [["-v"], { ...here, output: { verbose: true } }],
  [["-V"], { ...here, output: { verbose: true } }],
  [["--verbose"], { ...here, output: { verbose: true } }],
  [["/v", "/V", "7"], { ...here, output: { verbose: true } }],
  [["//server:Server1", "7"], { hosts: ["Server1"] }],
  [["--server", "Server1", "7"], { hosts: ["Server1"] }],
  [["--server=Server1", "7"], { hosts: ["Server1"] }],
  [["7", "--server", "Server1", "/v"], { hosts: ["Server1"], output: { verbose: true } }],
  [["/server:admin@rdsh01:2222", "7"], { hosts: ["admin@rdsh01:2222"] }],
  [["/server:[fe80::1]:22", "7"], { hosts: ["[fe80::1]:22"] }],
  [["/?"], "help"],
  [["//?"], "help"],
  [["-h"], "help"],
  [["--help"], "help"],
  [["--help", "--nonsense", "a", "b"], "help"],
  [["12", "/server:X", "/?"], "help"],

  // A single dash for a long option must not print the help with status 0, or a pipeline would continue.
  [["-host", "rdsh01", "--all", "--yes"], /^-host is not a known option: write --host$/],
  [["-hosts-file", "f", "--all"], /^-hosts-file is not a known option: write --hosts-file$/],
  [["-hosts-file=f", "--all"], /^-hosts-file is not a known option: write --hosts-file$/],
  [["-HOST", "rdsh01", "--all"], /^-host is not a known option: write --host$/],
  [["-h", "rdsh01", "--all", "--yes"], /^-h takes no host: write --host, or --help for the help$/m],
  [["--all", "-h"], "help"],
  [["-h", "--all"], "help"],
  [["-help"], /^-help is not a known option: write --help$/],
  [["-hots", "rdsh01", "--all"], /^-h… is not a known option: did you mean --host\?$/],
  [["-hQ"], /^-h… is not a known option: did you mean --help\?$/],
  [["-hv"], /^-h… is not a known option: did you mean --help\?$/],
  [["-vh"], /^-v… is not a known option: did you mean --verbose\?$/],
  [["-vv", "7"], /^-v… is not a known option: did you mean --verbose\?$/],
  [["-all", "--host", "a"], /^-all is not a known option: write --all/],
  [["-?"], /^-\? is not a known option: --help shows all$/],
  [["--help=yes"], /--help takes no value/],
  [["--warn", "--help"], /--warn needs a value/],
  [["--host", "-h"], /--host needs a value/],
  [["--", "-h"], { here: true, input: { sessions: "-h", ...fail } }],
  [["--version"], "version"],
  [["--completion", "fish"], "completion"],
  [["--completion", "tcsh"], /--completion must be one of bash, zsh, fish, powershell/],
  [["rdp-tcp#3"], { ...here, input: { sessions: "rdp-tcp#3", ...fail } }],
  [["c2"], { ...here, input: { sessions: "c2", ...fail } }],
  [["--", "--odd"], { ...here, input: { sessions: "--odd", ...fail } }],
  [["--", "/odd"], { ...here, input: { sessions: "/odd", ...fail } }],

  // Violations of the grammar.
  [["/server:"], /\/server: needs a name/],
  [["/server:  ", "7"], /\/server: needs a name/],
  [["/server", "Server1"], /\/server: needs a name right behind the colon/],
  [["/server=Server1", "7"], /\/server: needs a name right behind the colon/],
  [["--server", "--all"], /--server needs a value.*--server=HOST/],
  [["--server"], /--server needs a value/],
  [["/server:A", "/server:B", "7"], /\/server: must not be given twice/],
  [["/server:A", "--server", "B", "7"], /\/server: must not be given twice/],
  [["/x"], /\/x is not a known switch: there are \/server:NAME, \/v and \/\?/],
  [["/all"], /\/all is not a known switch: write --all/],
  [["/vm"], /\/vm is not a known switch/],
  [["/dev/pts/3"], /write a terminal without \/dev\/, as pts\/3/],
  [["/home/admin/hosts"], /is not a known switch/],
  [["C:/Program Files/Git/v"], /if your shell has rewritten a switch, write \/\/v/],
  [["V:/"], /is a path/],
  [["1", "2"], /Expected one session name or ID, got 2: for several, use --id or --name/],
  [[""], /must not be empty/],
  [["  "], /must not be empty/],
  [["rdp-*"], /is a pattern.*--name "rdp-\*"/],
  [["/server:Server1"], /needs to be told which sessions/],

  // Hosts.
  [A, { hosts: ["a"], input: all, task: "log-off", here: false, narrowed: true }],
  [["--all", "--host", "a", "--host", "b:2222"], { hosts: ["a", "b:2222"] }],
  [["--all", "--host", "a,b, c"], { hosts: ["a", "b", "c"] }],
  [["--all", "--host=u@a"], { hosts: ["u@a"] }],
  [["--all", "--host", "a>s1"], { hosts: [{ host: "a", server: "s1" }] }],
  [["--all", "--hosts-file", "f.txt"], { hosts: [], hostsFile: "f.txt", here: false }],
  [["--all", "--hosts-file", "-"], { hostsFile: "-" }],
  [["--all", "--hosts-file", "/etc/hosts.rdsh"], { hostsFile: "/etc/hosts.rdsh" }],
  [["--all", "--host", "a", "--hosts-file", "f"], { hosts: ["a"], hostsFile: "f" }],
  [["7", "/server:s1", "--via", "jump"], { hosts: [{ host: "jump", server: "s1" }] }],
  [
    ["--all", "--host", "s1", "--host", "s2", "--via", "u@h:2222"],
    {
      hosts: [
        { host: "u@h:2222", server: "s1" },
        { host: "u@h:2222", server: "s2" },
      ],
    },
  ],
  [[...A, "--platform", "windows"], { hosts: [{ host: "a", platform: "windows" }] }],
  [["7", "/server:A", "--host", "B"], /\/server: cannot be combined with --host/],
  [["7", "/server:A", "--hosts-file", "f"], /\/server: cannot be combined with --hosts-file/],
  [["--via", "h", "7"], /--via needs a server/],
  [["--host", "a"], /needs to be told which sessions/],
  [["--host", "a", "--except-user", "x"], /needs to be told which sessions/],
  [["--dry-run", "--host", "a"], /needs to be told which sessions/],
  [["--dry-run", "--hosts-file", "f"], /needs to be told which sessions/],
  [["--dry-run", "--host", "a", "--except-user", "x"], /needs to be told which sessions/],
  [["--host", "a", "--console"], /needs to be told which sessions/],
  [["--hosts-file", "f"], /needs to be told which sessions/],
  [["--host", "--all"], /--host needs a value/],
  [["--host"], /--host needs a value/],
  [["--host=", "7"], /--host needs a value/],
  [["--hosts-file", "a", "--hosts-file", "b", "--all"], /--hosts-file must not be given twice/],
  [["--user", "admin"], /--user needs a host/],
  [["--identity", "k", "--jump", "j", "7"], /--identity, --jump need a host/],

  // Connection.
  [[...A, "--user", "admin"], { input: { ...all, connection: { user: "admin" } } }],
  [[...A, "--identity", "~/.ssh/id"], { input: { ...all, connection: { privateKeyFile: "~/.ssh/id" } } }],
  [[...A, "--password-env", "PW"], { input: { ...all, connection: { passwordEnv: "PW" } } }],
  [[...A, "--passphrase-env", "PP"], { input: { ...all, connection: { passphraseEnv: "PP" } } }],
  [[...A, "--known-hosts", "/etc/kh"], { input: { ...all, connection: { knownHostsFile: "/etc/kh" } } }],
  [[...A, "--host-key", "SHA256:x"], { input: { ...all, connection: { hostKey: "SHA256:x" } } }],
  [[...A, "--accept-new"], { input: { ...all, connection: { strictHostKeyChecking: "accept-new" } } }],
  [[...A, "--jump", "j1,u@j2:22"], { input: { ...all, connection: { jumpHosts: ["j1", "u@j2:22"] } } }],
  [[...A, "--ssh-config", "cfg"], { input: { ...all, connection: { sshConfig: "cfg" } } }],
  [[...A, "--ssh-client", "openssh"], { input: { ...all, connection: { client: "openssh" } } }],
  [[...A, "--legacy-algorithms"], { input: { ...all, connection: { algorithms: "legacy" } } }],
  [[...A, "--user", "a", "--user", "b"], /--user must not be given twice/],
  [[...A, "--password", "secret"], /--password is not a known option/],

  // Selection.
  [["--all"], { ...here, input: all, narrowed: true }],
  [["--id", "3"], { ...here, input: { sessions: { ids: ["3"] }, ...fail } }],
  [["--id", "3", "--id", "4,5", "--host", "a"], { input: { sessions: { ids: ["3", "4", "5"] }, ...fail } }],
  [["--name", "rdp-*"], { input: { sessions: { names: ["rdp-*"] }, ...fail } }],
  [["--session-user", "a*,b"], { input: { sessions: { users: ["a*", "b"] }, ...fail } }],
  [["--state", "disconnected"], { input: { sessions: { states: ["disconnected"] }, ...fail } }],
  [["--idle", "2h"], { input: { sessions: { idleFor: "2h" }, ...fail } }],
  [["--idle", "90"], { input: { sessions: { idleFor: 90 }, ...fail } }],
  [["--all", "--except-id", "3"], { input: { sessions: { all: true, except: { ids: ["3"] } }, ...fail } }],
  [
    ["--all", "--except-name", "n"],
    { input: { sessions: { all: true, except: { names: ["n"] } }, ...fail } },
  ],
  [
    ["--all", "--except-user", "svc-*", "--console"],
    { input: { sessions: { all: true, console: true, except: { users: ["svc-*"] } }, ...fail } },
  ],
  [["--all", "--limit", "5"], { input: { ...all, limits: { sessions: 5 } } }],
  [["--all", "--limit-per-host", "5"], { input: { ...all, limits: { sessionsPerHost: 5 } } }],
  [["--all", "--if-missing", "ignore"], { input: { sessions: { all: true }, ifMissing: "ignore" } }],
  [["12", "--all"], /cannot be combined with --all/],
  [["12", "--id", "13"], /cannot be combined with --id/],
  [["12", "--session-user", "x", "/server:A"], /cannot be combined with --session-user/],
  [["12", "--console"], /write --id 12 --console/],
  [["c2", "--console"], /write --id c2 --console/],
  [["console", "--console"], /write --name console --console/],
  [["12", "--console", "--all"], /cannot be combined with --all, --console: leave one of them out/],
  [["--console"], { ...here, input: { sessions: "current", ...fail }, mayBeConsole: true }],
  [["--dry-run", "--console"], { here: true, input: { sessions: "current", ...fail }, mayBeConsole: true }],
  [["current", "--console"], { ...here, input: { sessions: "current", ...fail }, mayBeConsole: true }],
  [["Current", "--console", "/server:A"], { here: false, mayBeConsole: true }],
  [["current"], { ...here, mayBeConsole: false }],
  [["current", "--all"], /cannot be combined with --all/],
  [
    ["--list", "--console"],
    { input: { sessions: { all: true, console: true }, ...fail }, mayBeConsole: false },
  ],
  [["--console", "--except-user", "x"], /--except-user, --console do not say which sessions: add --all/],
  [["--except-user", "x"], /does not say which sessions: add --all/],
  [["--all=yes"], /--all takes no value/],
  [["--id="], /--id needs a value/],

  // Steps.
  [["--all", "--drain", "until-restart"], { input: { ...all, drain: "until-restart" } }],
  [["--all", "--drain", "until-undrain"], { input: { ...all, drain: "until-destroy" } }],
  [["--all", "--drain", "until-destroy"], /^--drain must be until-restart or until-undrain$/],
  [["--all", "--drain", "constructor"], /^--drain must be until-restart or until-undrain$/],
  [[...A, "--then", "patch -a, -b"], { then: { command: "patch -a, -b", mustRestart: true }, input: all }],
  [
    [...A, "--then", "patch", "--then-undrain", "30m"],
    { then: { command: "patch", undrain: "30m", mustRestart: true } },
  ],
  [
    [...A, "--then", "patch", "--then-undrain", "60", "--no-restart"],
    { then: { command: "patch", undrain: "60", mustRestart: false } },
  ],
  [[...A, "--then", " "], /^--then needs a value: --then COMMAND$/],
  [[...A, "--then", "a", "--then", "b"], /^--then must not be given twice$/],
  [
    [...A, "--then-undrain", "30m"],
    /^--then-undrain needs the command that it waits after: --then COMMAND; /,
  ],
  [[...A, "--then", "a", "--no-restart"], /^--no-restart needs --then-undrain DURATION, [^\n]*$/],
  [["12", "--then", "a"], /^--then needs a host: .*; on this machine, run the command after session-logoff/],
  [["--list", "--host", "a", "--then", "b"], { task: "list", then: { command: "b", mustRestart: true } }],
  [["--dry-run", ...A, "--then", "b"], { task: "dry-run" }],
  [
    ["--check", "--host", "a", "--then", "b", "--then-undrain", "5m", "--no-restart"],
    /^--then, --then-undrain, --no-restart cannot be combined with --check, which logs nobody off$/,
  ],
  [["--undrain", "--host", "a", "--then", "b"], /^--then cannot be combined with --undrain, [^\n]*$/],
  [["--undrain", "--host", "a", "--wait", "30m"], { task: "undrain", wait: "30m" }],
  [[...A, "--wait", "30m"], /^--wait needs --undrain: after a logoff, --then-undrain waits$/],
  [["--check", "--host", "a", "--wait", "30m"], /^--wait needs --undrain: [^\n]*$/],
  [
    ["--all", "--warn", "Hi {user}", "--grace", "15m", "--remind", "5m,60"],
    { input: { ...all, warn: { message: "Hi {user}", gracePeriod: "15m", reminders: ["5m", 60] } } },
  ],
  [
    ["--all", "--warn", "Bye", "--grace", "5m", "--wait-only"],
    { input: { ...all, warn: { message: "Bye", gracePeriod: "5m" }, atDeadline: "fail" } },
  ],
  [
    ["--all", "--warn=-- save your work --", "--grace", "5m"],
    { input: { ...all, warn: { message: "-- save your work --", gracePeriod: "5m" } } },
  ],
  [["--all", "--stuck", "reset"], { input: { ...all, ifStuck: "reset" } }],
  [["--all", "--settle", "30"], { input: { ...all, settle: 30 } }],
  [["--all", "--warn", "Bye"], /--warn needs the time.*--grace/],
  [["--all", "--grace", "5m"], /--grace needs a warning/],
  [["--all", "--remind", "5m"], /--remind needs a warning/],
  [["--all", "--wait-only"], /--wait-only needs a warning/],
  [["--undrain", "--host", "a"], { task: "undrain", hosts: ["a"], input: all }],
  [["--undrain"], { task: "undrain", here: true }],
  [["--undrain", "--all", "--host", "a"], /--all cannot be combined with --undrain/],
  [["--undrain", "12"], /A session name or ID cannot be combined with --undrain/],
  [["--undrain", "--drain", "until-restart", "--host", "a"], /--drain cannot be combined with --undrain/],
  [["--undrain", "12", "--console"], /A session name or ID, --console cannot be combined with --undrain/],
  [
    ["--undrain", "--waves", "1", "--window", "22:00-05:00", "--fail-on", "budget", "--host", "a"],
    /^--waves, --fail-on, --window cannot be combined with --undrain, which logs nobody off$/m,
  ],
  [["--undrain", "--grace", "5m", "--host", "a"], /^--grace cannot be combined with --undrain[^\n]*$/],
  [
    [
      ...["--undrain", "--host", "a", "--parallel", "5", "--timeout-connect", "5", "--report", "r.json"],
      ...["--failed-hosts", "f", "--yes", "/v"],
    ],
    { task: "undrain", output: { failedHosts: "f", yes: true, verbose: true } },
  ],

  // Rollout.
  [[...A, "--parallel", "50"], { input: { ...all, rollout: { parallel: 50 } } }],
  [[...A, "--parallel", "many"], { input: { ...all, rollout: { parallel: "many" } } }],
  [[...A, "--waves", "1,10%,50%"], { input: { ...all, rollout: { waves: [1, "10%", "50%"] } } }],
  [[...A, "--pause", "5m"], { input: { ...all, rollout: { pause: "5m" } } }],
  [[...A, "--max-failures", "3"], { input: { ...all, rollout: { maxFailures: 3 } } }],
  [[...A, "--max-failures", "5%"], { input: { ...all, rollout: { maxFailures: "5%" } } }],
  [[...A, "--fail-on", "budget"], { input: { ...all, failOn: "budget" } }],
  [
    [...A, "--window", "22:00-05:00"],
    { input: { ...all, window: { daily: "22:00-05:00", timeZone: "Europe/Berlin" } } },
  ],
  [
    [...A, "--window", "22:00-05:00 Asia/Tokyo"],
    { input: { ...all, window: { daily: "22:00-05:00", timeZone: "Asia/Tokyo" } } },
  ],
  [
    [...A, "--window", "2026-03-01T22:00:00Z/2026-03-02T05:00:00Z"],
    { input: { ...all, window: { notBefore: "2026-03-01T22:00:00Z", notAfter: "2026-03-02T05:00:00Z" } } },
  ],
  [
    [...A, "--window", "/2026-03-02T05:00:00Z"],
    { input: { ...all, window: { notAfter: "2026-03-02T05:00:00Z" } } },
  ],
  [[...A, "--timeout", "1h"], { input: { ...all, timeouts: { total: "1h" } } }],
  [[...A, "--timeout-connect", "5"], { input: { ...all, timeouts: { connect: 5 } } }],
  [[...A, "--timeout-logoff", "90s"], { input: { ...all, timeouts: { logoff: "90s" } } }],

  // Read-only runs and output.
  [["--list", "--host", "a"], { task: "list", input: all, narrowed: false }],
  [["--list"], { task: "list", here: true, input: all }],
  [
    ["--list", "--session-user", "bob", "--host", "a"],
    { task: "list", input: { sessions: { users: ["bob"] }, ...fail }, narrowed: true },
  ],
  [
    ["--list", "--except-user", "x", "--host", "a"],
    { input: { sessions: { all: true, except: { users: ["x"] } }, ...fail } },
  ],
  [["--list", "TERM04", "/server:S"], { task: "list", input: { sessions: "TERM04", ...fail } }],
  [["--dry-run", ...A], { task: "dry-run", input: all }],
  [["--dry-run"], { task: "dry-run", here: true, input: { sessions: "current", ...fail } }],
  [["--check", "--host", "a"], { task: "check", input: all }],
  [["--check", "--list", "--host", "a"], /--list, --check cannot be combined/],
  [["--check", "--all", "--host", "a"], /cannot be combined with --check/],
  [
    ["--check", "--timeout", "1h", "--max-failures", "3"],
    /--max-failures, --timeout cannot be combined with --check/,
  ],
  [
    ["--check", "--report", "r.json", "--failed-hosts", "f", "--host", "a"],
    /^--report, --failed-hosts cannot be combined with --check, which writes no such file$/m,
  ],
  [["--check", "--host", "a", "--platform", "linux", "--parallel", "5"], { task: "check" }],
  [[...A, "--output", "json"], { output: { format: "json" } }],
  [[...A, "--output", "ndjson"], { output: { format: "ndjson" } }],
  [[...A, "--output", "yaml"], /--output must be text, json or ndjson/],
  [[...A, "--report", "a.json", "--report", "b,c.xml"], { input: { ...all, report: ["a.json", "b,c.xml"] } }],
  [[...A, "--failed-hosts", "f"], { output: { failedHosts: "f" } }],
  [[...A, "--quiet", "--yes", "--debug"], { output: { quiet: true, yes: true, debug: true } }],
  [[...A, "--quiet", "/v"], /--quiet cannot be combined with \/v/],
  [["--quite", "12", "/server:a"], /^--quite is not a known option: did you mean --quiet\?$/],
  [["--hots", "a"], /--hots is not a known option: did you mean --host\?/],
  [["-x"], /-x is not a known option: --help shows all/],
  [["--ALL", "--host", "a"], /--ALL is not a known option: did you mean --all\?/],
];

function hostsOf({ hosts, eachHost }: RunRequest): readonly unknown[] {
  return hostInputs(hosts, eachHost);
}

function hold(request: Request, expected: Row[1]): void {
  if (typeof expected === "string") {
    assert.equal(request.kind, expected);
    return;
  }
  if (expected instanceof RegExp) {
    assert.equal(request.kind, "usage-error", JSON.stringify(request));
    assert.match(request.problems.join("\n"), expected);
    return;
  }
  assert.equal(request.kind, "run", JSON.stringify(request));
  const { run } = request;
  if (expected.task !== undefined) assert.equal(run.task, expected.task);
  if (expected.here !== undefined) assert.equal(run.here ?? false, expected.here);
  if (expected.hosts !== undefined) assert.deepEqual(hostsOf(run), expected.hosts);
  if (expected.input !== undefined) assert.deepEqual(run.input, expected.input);
  if (expected.hostsFile !== undefined) assert.equal(run.hostsFile, expected.hostsFile);
  if (expected.mayBeConsole !== undefined) assert.equal(run.mayBeConsole ?? false, expected.mayBeConsole);
  if (expected.narrowed !== undefined) assert.equal(run.narrowed, expected.narrowed);
  if (expected.then !== undefined) assert.deepEqual(run.then, expected.then);
  if (expected.wait !== undefined) assert.equal(run.wait, expected.wait);
  for (const [name, value] of Object.entries(expected.output ?? {}))
    assert.deepEqual((run.output as unknown as Record<string, unknown>)[name], value, name);
}

describe("the arguments", () => {
  it("are tested in more than a hundred combinations", () =>
    assert.ok(grid.length >= 100, String(grid.length)));

  for (const [argv, expected] of grid) {
    it(`session-logoff ${argv.map((arg) => (/^[\w/:=.-]+$/u.test(arg) ? arg : JSON.stringify(arg))).join(" ")}`, () =>
      hold(parseArguments(argv, context), expected));
  }

  it("report all problems at once", () => {
    const request = parseArguments(["12", "--all", "/zz", "--nope", "--output", "yaml"], context);
    assert.equal(request.kind, "usage-error");
    assert.equal(request.problems.length, 4);
  });

  it("accept every option in the table", () => {
    for (const row of optionRows.values()) {
      const value = row.completes !== undefined && row.completes !== "file" ? row.completes[0]! : "x1";
      const argv = row.kind === "flag" ? [`--${row.name}`] : [`--${row.name}`, value];
      const request = parseArguments(argv, context);
      if (request.kind === "usage-error")
        assert.doesNotMatch(request.problems.join("\n"), /is not a known|needs a value|takes no value/u);
    }
  });

  it("include every option of the contract", () => {
    const contract =
      "host hosts-file via platform user identity password-env passphrase-env known-hosts host-key accept-new ssh-client jump ssh-config legacy-algorithms all id name session-user state idle except-id except-name except-user console limit limit-per-host if-missing drain undrain wait then then-undrain no-restart warn grace remind wait-only stuck parallel waves pause max-failures fail-on window timeout timeout-connect timeout-logoff list dry-run check output report failed-hosts quiet debug yes server verbose help";
    for (const name of contract.split(" ")) assert.ok(optionRows.has(name), name);
    const names = optionSections.flatMap(({ rows }) => rows.map(({ name }) => name));
    assert.equal(new Set(names).size, names.length);
  });

  it("never cause an exception", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "--",
        "-",
        "/",
        "//",
        "/?x",
        "/server:",
        "--host",
        "--all",
        "-vh",
        "--=",
        "-=",
        "/v:",
        "--id=,",
      ),
      fc.constantFrom(...optionRows.keys()).map((name) => `--${name}`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (argv) => {
        const request = parseArguments(argv, context);
        if (request.kind === "usage-error") assert.ok(request.problems.length > 0);
      }),
    );
  });

  describe("do not quote a possible password in the wrong place", () => {
    const secret = "Hunter2*";
    const misplaced: readonly (readonly string[])[] = [
      ["12", "/server:h", "--password", secret],
      ["/server:h", "--password", secret],
      ["/server:h", "--password", `/${secret}`],
      ["/server:h", "--password", secret, "--console"],
      ["12", "/server:h", "--pass", "--user", "admin", secret],
      ["12", "/server:h", `--password=${secret}`],
      ["12", "/server:h", "-p", secret],
      ["12", "/server:h", `-p${secret}`],
      ["12", "/server:h", `/password:${secret}`],
      ["12", "/server:h", `/p=${secret}`],
      ["12", "/server:h", "--password-env", `-${secret}`],
      ["12", "/server:h", "--user", "admin", secret],
      ["/server:h", "--pass", "--user", "admin", secret],
      ["/server:h", "--pass", "--user", "admin", `C:/${secret}`],
      ["/server:h", "--pass", "--user", "admin", `/${secret}`],
      ["/server:h", "--pass", `--${secret}`],
      ["/server:h", "-p", `-${secret}`],
      ["12", "/server:h", `-password=${secret}`],
      ["12", "/server:h", `-host=${secret}`],
      ["12", "/server:h", `--all=${secret}`],
      ["12", "/server:h", "--private-key", `-----BEGIN ${secret}`],
      ["12", "/server:h", "--all", `-----BEGIN ${secret}`],
      // A key that the shell split at its blanks.
      [
        "12",
        "--private-key",
        "-----BEGIN",
        "KEY-----",
        secret,
        `/${secret}`,
        "-----END",
        `KEY-----${secret}`,
      ],
    ];
    for (const argv of misplaced) {
      it(argv.join(" "), () => {
        const request = parseArguments(argv, context);
        assert.equal(request.kind, "usage-error");
        assert.doesNotMatch(request.problems.join("\n"), /Hunter2|unter2/u);
      });
    }

    it("but say where a password belongs", () => {
      for (const option of ["--password", "--passwd", "--passphrase"]) {
        const request = parseArguments(["12", "/server:h", option, "x"], context);
        assert.equal(request.kind, "usage-error");
        assert.deepEqual(request.problems, [
          `${option} is not a known option: a secret is never an argument, --password-env and --passphrase-env name the variable that holds it`,
        ]);
      }
    });
  });

  it("do not quote control characters", () => {
    const request = parseArguments(["/\u001b[31mx", "--\u0007bell"], context);
    assert.equal(request.kind, "usage-error");
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(request.problems.join(""), /[\u0000-\u001f]/u);
  });
});
