import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure } from "./command";
import { oursCommand } from "./contestants/ours";
import type { BenchContext } from "./context";
import { startFleet } from "./fleet";

/** Where our process spends its time, from V8's sampling profile of one run. */
export interface ProfileResult {
  readonly hosts: number;
  /** Shares of the time, including waiting, largest first. */
  readonly shares: readonly { readonly what: string; readonly share: number }[];
}

/** The fields of a `.cpuprofile` that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The first pattern that matches a frame's file names the subject; frames without a file count toward their caller. */
const subjects: readonly (readonly [what: string, file: RegExp])[] = [
  ["cryptography of Node: handshakes, signatures, padding", /^node:internal\/crypto/u],
  ["SSH protocol: ssh2", /node_modules\/(?:ssh2|asn1|bcrypt|@?tweetnacl)/u],
  ["sockets and streams", /^node:(?:net|internal\/(?:streams|stream_base|tls|dns))/u],
  ["deadlines and signals", /^node:(?:timers|internal\/(?:timers|abort_controller|event_target|errors))/u],
  ["files: keys and known_hosts", /^node:(?:fs|internal\/fs)/u],
  ["starting: modules", /^node:internal\/modules|node_modules\/(?:zod|iconv-lite)/u],
  ["our ssh/", /dist\/provider\/ssh\//u],
  ["our story, listings and plan", /dist\/provider\/|bench\//u],
  ["the rest of Node: events, promises", /^node:/u],
];

export async function profile({ sizes, go }: BenchContext): Promise<ProfileResult> {
  const hosts = sizes.graceHosts;
  const fleet = await startFleet(go.fleet, { hosts, people: sizes.people });
  const folder = mkdtempSync(join(tmpdir(), "slb-profile-"));
  try {
    const nodeArgs = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
    await measure(oursCommand(fleet, { hosts, parallel: sizes.parallel }, nodeArgs), 5 * 60_000);
    const [file = ""] = readdirSync(folder);
    return { hosts, shares: sharesOf(JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await fleet.close();
  }
}

function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): ProfileResult["shares"] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child): [number, number] => [child, id])),
  );
  const subjectOf = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { functionName = "", url = "" } = byId.get(at)?.callFrame ?? {};
      if (url === "" && /^\((?:garbage collector|idle|program)\)$/u.test(functionName)) return functionName;
      const found = subjects.find(([, file]) => file.test(url));
      if (found !== undefined) return found[0];
    }
    return "(program)";
  };
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const time = timeDeltas[index] ?? 0;
    const subject = subjectOf(id);
    times.set(subject, (times.get(subject) ?? 0) + time);
    total += time;
  });
  return [...times].map(([what, time]) => ({ what, share: time / total })).sort((a, b) => b.share - a.share);
}
