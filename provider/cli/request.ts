import { readFile } from "node:fs/promises";
import { printable } from "../errors";
import { readPlan, type Plan } from "../plan";
import type { RunRequest } from "./args";
import { hostInputs, readHostsFile, type HostEntry } from "./host-entries";
import { namedProblem } from "./problem-names";
import type { World } from "./world";

export type ReadRequest =
  | { readonly plan: Plan; readonly entries: readonly HostEntry[]; readonly problems?: never }
  | { readonly problems: readonly string[] };

/** The plan of a request, its hosts file read; or everything that is wrong, each line beginning with its option. */
export async function readRequest(request: RunRequest, world: World): Promise<ReadRequest> {
  const { hostsFile, eachHost } = request;
  let entries = request.hosts;
  if (hostsFile !== undefined) {
    try {
      const text = hostsFile === "-" ? await readAll(world.stdin) : await readFile(hostsFile, "utf8");
      entries = [...entries, ...readHostsFile(text, hostsFile === "-" ? "standard input" : hostsFile)];
    } catch (thrown) {
      const detail = thrown instanceof Error ? printable(thrown.message) : "unknown reason";
      return { problems: [`--hosts-file: cannot read "${printable(hostsFile)}": ${detail}`] };
    }
  }
  const twice = eachHost.via === undefined ? [] : entries.filter(({ text }) => text.includes(">"));
  if (twice.length > 0) {
    return {
      problems: twice.map(({ from }) => `${from}: must not name a server with > when --via is given`),
    };
  }
  const hosts = request.here === true ? ["localhost"] : hostInputs(entries, eachHost);
  const { plan, problems } = readPlan({ ...request.input, hosts });
  if (plan === undefined) return { problems: problems.map((one) => namedProblem(one, request, entries)) };
  if (request.task === "undrain" && plan.hosts.some(({ host }) => host.server !== undefined))
    return { problems: ["--undrain cannot be relayed: change logon knows no /server:"] };
  return { plan: request.here === true ? named(plan, world.hostName) : plan, entries };
}

/** This machine goes by its name, without a port: nobody connects to it. */
function named(plan: Plan, hostName: string): Plan {
  const name = printable(hostName).toLowerCase();
  return {
    ...plan,
    hosts: plan.hosts.map((one) => ({ ...one, host: { ...one.host, label: name, address: name } })),
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString("utf8");
}
