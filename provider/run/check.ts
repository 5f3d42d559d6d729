/** Checks whether hosts are ready for a run: sends every query that a run starts with, and changes nothing. */
import { mapped, type Query } from "../backend/backend";
import { backendFor, detection, type Detected } from "../backend/detect";
import { firstContact } from "../backend/first-contact";
import type { Clock } from "../base/clock";
import { mapConcurrent } from "../base/concurrency";
import type { ConnectionSlots } from "../base/connection-slots";
import { asLogoffError, type ErrorCode, type LogoffError } from "../base/errors";
import type { Connect, ExecResult, Host } from "../connection";
import type { HostPlan, Plan } from "../plan/plan";
import type { ReportedError } from "../report/report";
import { anonymized } from "./anonymize";
import { HostConnection } from "./host-connection";
import { withSharedRelays } from "./relay";

/** The checks, in order. */
export const checkNames = [
  "connection",
  "host-key",
  "login",
  "platform",
  "shell",
  "code-page",
  "tools",
  "right-to-list",
  "drain-mode",
] as const;
export type CheckName = (typeof checkNames)[number];

/** The result of one check. `fact` names neither a host nor a person, so it can be shared. */
export interface Finding {
  readonly check: CheckName;
  readonly state: "ok" | "failed" | "warning" | "unknown";
  readonly fact: string;
}

export interface HostCheck {
  readonly host: string;
  readonly ready: boolean;
  /** One finding for each of {@link checkNames}. */
  readonly findings: readonly Finding[];
  /** The first error; it may name the host. */
  readonly error?: ReportedError;
  /** The form of an answer that could not be read, with letters and digits masked. */
  readonly answer?: readonly string[];
}

export interface CheckDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly slots: ConnectionSlots;
  /** Whether this machine is checked, without SSH, and so without a host key or a login. */
  readonly here: boolean;
  readonly stop: AbortSignal;
  readonly onDone: (check: HostCheck) => void;
}

/** Checks every host, as many at once as the plan allows; servers behind one host share its connection. Never rejects. */
export function checkHosts(plan: Plan, given: CheckDeps): Promise<HostCheck[]> {
  const deps = { ...given, connect: withSharedRelays(given.connect) };
  return mapConcurrent(plan.hosts, plan.rollout.parallel, async (hostPlan) => {
    const done = await deps.slots
      .run(() => checkHost(hostPlan, plan, deps), deps.stop)
      .catch((thrown: unknown) =>
        finish(hostPlan, new Map(), asLogoffError(thrown, "aborted", "Cannot check")),
      );
    deps.onDone(done);
    return done;
  });
}

type Findings = Map<CheckName, Omit<Finding, "check">>;

/** The check that a connection error belongs to; any other error belongs to the first check. */
const failedAt: Readonly<Partial<Record<ErrorCode, CheckName>>> = {
  "host-key-unknown": "host-key",
  "host-key-changed": "host-key",
  "host-key-revoked": "host-key",
  "auth-unavailable": "login",
  "auth-rejected": "login",
};

async function checkHost(hostPlan: HostPlan, plan: Plan, deps: CheckDeps): Promise<HostCheck> {
  const { host } = hostPlan;
  const { connect, clock, stop } = deps;
  const found: Findings = new Map();
  const ok = (check: CheckName, fact: string): unknown => found.set(check, { state: "ok", fact });
  const connection = new HostConnection(host, { connect, clock, signal: stop }, plan.timeouts.commandMs);
  try {
    let detected: Detected;
    try {
      detected = await connection.ask(detectionIn(host));
    } catch (thrown) {
      const error = asLogoffError(thrown, "command-failed", `Cannot connect to "${host.label}"`);
      // After the login, only the detection of the platform can fail.
      const at = connection.connections > 0 ? "platform" : (failedAt[error.code] ?? "connection");
      for (const name of provenBefore(at, error)) ok(name, connected(name, host, deps.here));
      found.set(at, { state: "failed", fact: error.code });
      return finish(hostPlan, found, error);
    }
    ok("connection", wayText(connection, host, deps.here));
    for (const name of ["host-key", "login"] as const) ok(name, connected(name, host, deps.here));
    if (connection.usesSecurityKey) found.set("login", { state: "warning", fact: touchAgain });
    ok("platform", await versionOf(connection, detected));
    ok("shell", shellFact(detected));
    codePage(detected, found);
    return await checkTools(hostPlan, detected, connection, found);
  } finally {
    await connection.release();
  }
}

/** The checks that an error proves passed: all before the one that failed, or none if the login failed before the host was reached. */
function provenBefore(at: CheckName, { atLogin }: LogoffError): readonly CheckName[] {
  return at === "login" && !atLogin ? [] : checkNames.slice(0, checkNames.indexOf(at));
}

const touchAgain =
  "accepted, with a security key that may want a touch for each connection, so again after a grace period";

/** How the host is reached. A proxy command is not quoted, because it may hold a credential. */
function wayText({ usesProxyCommand }: HostConnection, host: Host, here: boolean): string {
  if (!usesProxyCommand) return connected("connection", host, here);
  return host.client === "openssh"
    ? "with this machine's ssh, through a proxy command"
    : "through a proxy command";
}

function connected(name: CheckName, { client }: Host, here: boolean): string {
  if (here) return name === "connection" ? "this machine" : "not needed here";
  if (name === "connection" && client === "openssh") return "established with this machine's ssh";
  return name === "host-key" ? "trusted" : name === "login" ? "accepted" : "established";
}

/** The detection that a run begins with, without the listing of Linux. */
function detectionIn(host: Host): Query<Detected> {
  if (host.platform === "linux") return detection(host.label, host.platform);
  return mapped(firstContact(host, host.platform), (read) => read().detected);
}

function shellFact({ platform, shell }: Detected): string {
  const asWritten = "runs commands as written";
  if (platform !== "windows" || shell !== undefined) return asWritten;
  return `${asWritten}, but each program needs a command of its own`;
}

/** Windows prints its version in its own language, but the number is the same in all languages. */
async function versionOf(connection: HostConnection, { platform }: Detected): Promise<string> {
  if (platform !== "windows") return platform;
  const version = await connection
    .ask({
      commands: ["cmd.exe /d /c ver"],
      parse: ([result]) =>
        /[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:\.[0-9]{1,9})?/u.exec(latin(result?.stdout))?.[0],
    })
    .catch(() => undefined);
  return version === undefined ? platform : `${platform} ${version}`;
}

function codePage({ platform, codePage }: Detected, found: Findings): void {
  if (platform !== "windows") found.set("code-page", { state: "ok", fact: "not needed" });
  else if (codePage !== undefined) found.set("code-page", { state: "ok", fact: String(codePage) });
  else found.set("code-page", { state: "warning", fact: "unknown: non-ASCII names stay uncertain" });
}

async function checkTools(
  hostPlan: HostPlan,
  detected: Detected,
  connection: HostConnection,
  found: Findings,
): Promise<HostCheck> {
  const { host } = hostPlan;
  const backend = backendFor(detected, host);
  const together = backend.list();
  // These tell best what is wrong.
  const list = together.separately ?? together;
  const answers: ExecResult[] = [];
  try {
    const sessions = await connection.ask({
      commands: list.commands,
      parse: (results) => {
        answers.splice(0, answers.length, ...results);
        return list.parse(results);
      },
    });
    found.set("tools", { state: "ok", fact: "found, with readable output" });
    found.set("right-to-list", { state: "ok", fact: `${sessions.length} rows listed` });
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", `Cannot list the sessions of "${host.label}"`);
    const denied = error.code === "permission-denied";
    if (denied) found.set("tools", { state: "ok", fact: "found" });
    found.set(denied ? "right-to-list" : "tools", { state: "failed", fact: error.code });
    const shape = answers.flatMap(({ stdout, stderr }) => anonymized(`${latin(stdout)}\n${latin(stderr)}`));
    return finish(hostPlan, found, error, error.code === "output-unrecognised" ? shape : []);
  }
  if (host.server !== undefined) {
    found.set("drain-mode", { state: "warning", fact: "cannot be read through a relay" });
    return finish(hostPlan, found);
  }
  try {
    const mode = await connection.ask(backend.drainMode());
    const closedToUs = detected.platform === "linux" && !(await isRoot(connection));
    found.set(
      "drain-mode",
      closedToUs
        ? { state: "warning", fact: `${mode}: \`drain\` needs a login as root` }
        : { state: "ok", fact: mode },
    );
  } catch (thrown) {
    const { code } = asLogoffError(thrown, "drain-failed", "Cannot read the drain mode");
    found.set("drain-mode", { state: "warning", fact: `${code}: \`drain\` would fail` });
  }
  return finish(hostPlan, found);
}

/** On Linux a drain refuses every login except root's, including ours, with or without sudo. An unknown user counts as root. */
function isRoot(connection: HostConnection): Promise<boolean> {
  const asked = connection.ask({
    commands: ["id -u"],
    parse: ([result]) => !/^[1-9][0-9]*$/u.test(latin(result?.stdout).trim()),
  });
  return asked.catch(() => true);
}

function finish(
  { host }: HostPlan,
  found: Findings,
  error?: LogoffError,
  answer: readonly string[] = [],
): HostCheck {
  return {
    host: host.label,
    ready: error === undefined,
    findings: checkNames.map((check) => ({
      check,
      ...(found.get(check) ?? { state: "unknown" as const, fact: "not reached" }),
    })),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(answer.length === 0 ? {} : { answer }),
  };
}

function latin(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Buffer.from(bytes.subarray(0, 20_000)).toString("latin1");
}
