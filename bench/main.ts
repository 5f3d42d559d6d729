/**
 * The benchmark: `npm run bench [-- --quick] [-- --only=throughput,grace] [-- --save]`, or BENCH_SCALE=quick. It uses only
 * loopback addresses and a bounded number of hosts and runs. Everything that it starts ends with this process.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchContext } from "./context";
import { buildGoTools } from "./go-tools";
import { clients } from "./parts/clients";
import { grace } from "./parts/grace";
import { pulumiUp } from "./parts/pulumi";
import { scale } from "./parts/scale";
import { stacks } from "./parts/stacks";
import { start } from "./parts/start";
import { latency, throughput } from "./parts/throughput";
import { profile } from "./profile";
import { markdown } from "./report";
import type { Results } from "./results";
import { full, quick } from "./sizes";

const parts = {
  throughput,
  latency,
  clients,
  grace,
  scale,
  pulumi: pulumiUp,
  stacks,
  start,
  profile,
} as const;
type Part = keyof typeof parts;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: process.env["BENCH_SCALE"] === "quick" },
      /** Parts to measure, separated by commas; the saved results of the other parts are kept. */
      only: { type: "string" },
      /** Also writes RESULTS.md and results.json, which are committed. */
      save: { type: "boolean", default: false },
    },
  });
  if (process.platform !== "linux")
    throw new Error("the benchmark needs Linux: each host has a loopback address of its own");
  const { cacheFolder } = await import("./cache-folder.mjs");
  const log = (line: string): void => console.error(line);
  const cache = join(cacheFolder(), "bench");
  const context: BenchContext = {
    sizes: values.quick ? quick : full,
    go: await buildGoTools(join(cache, "bin")),
    cacheFolder: cache,
    mayInstall: !values.quick,
    cores: cpus().length,
    log,
  };
  const chosen = values.only?.split(",").filter(isPart) ?? partNames();
  const size = values.quick ? "quick" : "full";
  const kept = resolve(__dirname, "results");
  let results: Results = {
    ...(values.only === undefined ? {} : earlier(kept, size)),
    measuredAt: new Date().toISOString(),
    cores: context.cores,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0] ?? 0,
    loadAfter: 0,
    size,
  };
  for (const part of chosen) {
    log(`bench: ${part}`);
    results = { ...results, [part]: await parts[part](context), loadAfter: loadavg()[0] ?? 0 };
    mkdirSync(kept, { recursive: true });
    write(join(kept, `${size}.md`), join(kept, `${size}.json`), results);
  }
  if (values.save) write(resolve(__dirname, "RESULTS.md"), resolve(__dirname, "results.json"), results);
  console.log(markdown(results));
}

function partNames(): Part[] {
  return Object.keys(parts) as Part[];
}

function isPart(name: string): name is Part {
  if (name in parts) return true;
  throw new Error(`there is no part "${name}"; there are ${partNames().join(", ")}`);
}

function earlier(folder: string, size: Results["size"]): Partial<Results> {
  try {
    return JSON.parse(readFileSync(join(folder, `${size}.json`), "utf8")) as Results;
  } catch {
    return {};
  }
}

function write(text: string, json: string, results: Results): void {
  writeFileSync(text, markdown(results));
  writeFileSync(json, `${JSON.stringify(results, rounded, 2)}\n`);
}

/** Rounds to three decimals; more would be false precision. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
