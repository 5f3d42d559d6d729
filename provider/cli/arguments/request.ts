import { readFile } from "node:fs/promises";
import { decodeText } from "../../base/decode-text";
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import { describeSystemError } from "../../files/system-error";
import type { Plan } from "../../plan/plan";
import { readPlan } from "../../plan/read-plan";
import { duration } from "../../plan/schema/shape";
import type { World } from "../world";
import { hostInputs, readHostsFile, type GivenHost } from "./host-entries";
import { foreignForm } from "./hosts-file-form";
import { numberOrText } from "./plan-input";
import { namedProblem } from "./problem-names";
import type { RunRequest } from "./run-request";

/** A request that can be carried out. */
export interface WholeRequest extends Waits {
  readonly plan: Plan;
  /** The hosts as they were written, in the order of the plan. */
  readonly entries: readonly GivenHost[];
}

export type ReadRequest =
  (WholeRequest & { readonly problems?: never }) | { readonly problems: readonly string[] };

/** How long hosts are awaited that have restarted; null: not at all. */
export interface Waits {
  /** Milliseconds after the command of a wave. */
  readonly thenUndrainMs: number | null;
  /** Milliseconds before hosts are undrained. */
  readonly waitMs: number | null;
}

/** The plan of a request, with its hosts file read, or all problems, each line starting with its option. */
export async function readRequest(request: RunRequest, world: World): Promise<ReadRequest> {
  const { hostsFile, eachHost } = request;
  let entries = request.hosts;
  let form: string | undefined;
  if (hostsFile !== undefined) {
    try {
      const text = decodeText(hostsFile === "-" ? await readAll(world.stdin) : await readFile(hostsFile));
      entries = [...entries, ...readHostsFile(text, hostsFile === "-" ? "standard input" : hostsFile)];
      form = foreignForm(text);
    } catch (thrown) {
      const what = `--hosts-file: cannot read "${printable(hostsFile)}"`;
      return { problems: [`${what}: ${describeSystemError(thrown)}`] };
    }
  }
  const twice = eachHost.via === undefined ? [] : entries.filter(({ text }) => text.includes(">"));
  if (twice.length > 0) {
    return {
      problems: twice.map(
        ({ from }) => `${from}: must not name a server with > beside --via: leave --via out`,
      ),
    };
  }
  const hosts = request.here === true ? ["localhost"] : hostInputs(entries, eachHost);
  const { plan, problems = [] } = readPlan({ ...request.input, hosts });
  const inFile = form === undefined ? [] : problems.filter(({ path }) => isOfFile(path, request));
  const { waits, problems: wrongWaits } = readWaits(request);
  const wrong = [
    ...wrongWaits,
    ...(inFile.length === 0 ? [] : [`--hosts-file ${printable(hostsFile ?? "")}: ${form ?? ""}`]),
    ...problems.filter((one) => !inFile.includes(one)).map((one) => namedProblem(one, request, entries)),
    ...unsetVariables(request, world),
  ];
  // An option that applies to every host would be reported for each of them.
  if (plan === undefined || wrong.length > 0) return { problems: [...new Set(wrong)] };
  const isRelayed = plan.hosts.some(({ host }) => host.server !== undefined);
  if (request.task === "undrain" && isRelayed)
    return { problems: ["--undrain cannot be relayed: change logon knows no /server:"] };
  if (waits.thenUndrainMs !== null && isRelayed) {
    const why = "for a server behind a host, nothing tells whether it has restarted or takes logons";
    return {
      problems: [`--then-undrain cannot be relayed: ${why}; leave it out, or give that server with --host`],
    };
  }
  const allowed = request.mayBeConsole === true ? withConsole(plan) : plan;
  return { plan: request.here === true ? named(allowed, world.hostName) : allowed, entries, ...waits };
}

/** What `--wait` and `--then-undrain` take: the same as `--timeout`. */
const waitTime = duration(1000, 30 * 24 * 3_600_000);

function readWaits({ then, wait }: RunRequest): {
  readonly waits: Waits;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = (option: string, text: string | undefined): number | null => {
    if (text === undefined) return null;
    const found: PlanProblem[] = [];
    const ms = waitTime.read(numberOrText(text), [], found);
    problems.push(...found.map(({ message }) => `${option}: ${message}`));
    return ms ?? null;
  };
  const waits = { thenUndrainMs: read("--then-undrain", then?.undrain), waitMs: read("--wait", wait) };
  return { waits, problems };
}

/** Whether a problem concerns a host of the file, not of the arguments. */
function isOfFile(path: string, { hosts }: RunRequest): boolean {
  const index = /^hosts\[([0-9]+)\]/u.exec(path)?.[1];
  return index !== undefined && Number(index) >= hosts.length;
}

/**
 * Options whose variable is empty, found before connecting. The name is not printed: if a shell has expanded it, it is the password.
 */
function unsetVariables({ input }: RunRequest, { env }: World): readonly string[] {
  const connection = isRecord(input["connection"]) ? input["connection"] : {};
  const given = [
    ["--password-env", connection["passwordEnv"]],
    ["--passphrase-env", connection["passphraseEnv"]],
  ] as const;
  return given.flatMap(([option, name]) =>
    typeof name !== "string" || env[name]
      ? []
      : [`${option}: must name an environment variable that is set and not empty`],
  );
}

function withConsole(plan: Plan): Plan {
  const hosts = plan.hosts.map((one) => ({ ...one, selector: { ...one.selector, console: true } }));
  return { ...plan, hosts };
}

/** The label of this machine is its name without a port, because it is not connected to. */
function named(plan: Plan, hostName: string): Plan {
  const name = printable(hostName).toLowerCase();
  return {
    ...plan,
    hosts: plan.hosts.map((one) => ({
      ...one,
      host: { ...one.host, label: name, address: name, local: true },
    })),
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks);
}
