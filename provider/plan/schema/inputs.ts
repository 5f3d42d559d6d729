/** The declarations of all inputs. */
import { connection } from "./connection";
import { defaulted, option, optional, required, typesOf } from "./field";
import { hostsType } from "./hosts";
import { sessions } from "./sessions";
import { anyValue, flag, listOf, oneOf, type Shape } from "./shape";
import * as steps from "./steps";
import type { FieldType } from "./type";

/** Read by `readHosts`, which compares the hosts with each other. */
const hosts: Shape<never> = { type: hostsType, read: () => undefined };

export const inputs = {
  hosts: required(
    "Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. Must not be empty or contain duplicates.",
    hosts,
    { onChange: "run" },
  ),
  sessions: optional(
    "Sessions to log off on every host that has no `sessions` of its own. Required unless every host has.",
    sessions,
    { onChange: "run" },
  ),
  connection: optional(
    "How to connect to hosts; a host's own `connection` takes precedence, field by field.",
    connection,
    { onChange: "store" },
  ),
  drain: defaulted(
    "Whether to refuse new logons before anybody is warned: `none` (default), `until-restart` (until the host restarts) or `until-destroy` (until the resource is destroyed).",
    oneOf("none", "until-restart", "until-destroy"),
    "none",
    {
      onChange: "store",
      option: option(
        "Steps",
        "--drain until-restart|until-undrain",
        "refuse new logons from now on, until the host restarts, or until --undrain or --then-undrain",
        {
          completes: ["until-restart", "until-undrain"],
        },
      ),
    },
  ),
  warn: optional(
    "A message to the users and a grace period before the logoff. Default: no warning.",
    steps.warn,
    { onChange: "nothing" },
  ),
  atDeadline: defaulted(
    "What happens to sessions that remain at the end of the grace period: `logoff` (default) logs them off, `fail` fails the host and logs nobody off. `fail` requires `warn`.",
    oneOf("logoff", "fail"),
    "logoff",
    {
      onChange: "nothing",
      option: option(
        "Steps",
        "--wait-only",
        "log nobody off; fail hosts whose users have not left when the grace period ends",
        { sets: "fail" },
      ),
    },
  ),
  ifStuck: defaulted(
    "What happens to a session that remains after `timeouts.logoff`: `fail` (default) fails the host, `reset` resets the session, `continue` only warns.",
    oneOf("fail", "reset", "continue"),
    "fail",
    {
      onChange: "nothing",
      option: option(
        "Steps",
        "--stuck fail|reset|continue",
        "what to do if a session does not end: fail (default), reset it, or continue",
        { completes: ["fail", "reset", "continue"] },
      ),
    },
  ),
  settle: optional(
    "Time that a host waits, without a connection, after its last session has ended; from 1s to 24h. Profile disks and brokers can catch up meanwhile. The next wave waits for it. Default: none.",
    steps.settle,
    {
      onChange: "nothing",
      option: option(
        "Steps",
        "--settle DURATION",
        "wait this long on each host after its last session has ended",
      ),
    },
  ),
  ifMissing: defaulted(
    "What happens if a session that is selected by ID or name does not exist: `ignore` (default) only reports it, `fail` fails the host.",
    oneOf("ignore", "fail"),
    "ignore",
    {
      onChange: "nothing",
      option: option(
        "Sessions",
        "--if-missing ignore|fail",
        "what to do if a session given by ID or name does not exist: fail (default) or ignore",
        { completes: ["ignore", "fail"] },
      ),
    },
  ),
  ifArrived: defaulted(
    "What happens to matching sessions that begin during the run: `include` (default) logs them off in one more pass, `ignore` keeps them.",
    oneOf("include", "ignore"),
    "include",
    { onChange: "nothing" },
  ),
  limits: optional(
    "Maximum numbers of selected sessions; where one is exceeded, nothing is changed. Default: no limits.",
    steps.limits,
    { onChange: "nothing" },
  ),
  rollout: optional(
    "Parallel hosts, waves and tolerated failures. Default: all hosts in one wave, 20 at the same time.",
    steps.rollout,
    { onChange: "nothing" },
  ),
  failOn: defaulted(
    "What fails the resource: `any` host that is not done (default), or with `budget` only the end of the whole run, by `rollout.maxFailures`, `limits.sessions` or a cancellation.",
    oneOf("any", "budget"),
    "any",
    {
      onChange: "nothing",
      option: option(
        "Many hosts",
        "--fail-on any|budget",
        "end with status 1 if any host is not done (default), or only if --max-failures or --limit is exceeded",
        { completes: ["any", "budget"] },
      ),
    },
  ),
  window: optional("When hosts may be changed. Default: at any time.", steps.window, {
    onChange: "nothing",
    option: option(
      "Many hosts",
      "--window WINDOW",
      'change nothing outside these times: "22:00-05:00 Europe/Berlin", or FROM/TO in RFC 3339',
    ),
  }),
  timeouts: optional("Time limits for connections, commands, logoffs and the whole run.", steps.timeouts, {
    onChange: "store",
  }),
  mode: defaulted(
    "Whether a refresh lists the hosts that are already done: `once` (default) does not, `ensure` does, and reports matching sessions as drift.",
    oneOf("once", "ensure"),
    "once",
    { onChange: "store" },
  ),
  triggers: optional(
    "Arbitrary values, such as the release of the patches; when one changes, every host runs again. Default: none.",
    listOf(anyValue, "a list of any values"),
    { onChange: "run" },
  ),
  report: optional(
    "Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html.",
    steps.report,
    {
      onChange: "nothing",
      option: option(
        "Output",
        "--report FILE",
        "write a report to FILE, which ends in .json, .xml (JUnit) or .html; repeatable",
        { kind: "values", completes: "file" },
      ),
    },
  ),
  previewSessions: defaulted(
    "Whether `pulumi preview` connects to the hosts, read-only, and shows which sessions would be logged off. Default: false.",
    flag,
    false,
    { onChange: "nothing" },
  ),
};

/** The names of all inputs, in the order of the documents. */
export const inputNames: readonly string[] = Object.keys(inputs);

/** What is known of every input, for the generators. */
export const inputTypes: Readonly<Record<string, FieldType>> = typesOf(inputs);
