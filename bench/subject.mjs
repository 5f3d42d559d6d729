/* global performance, AbortController */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * The process that is measured: it logs everybody off with the built package, wired as the fronts wire it. It is plain
 * JavaScript, so that no compiler start-up is measured.
 *
 * Reads its job as JSON from the first argument and prints one JSON line.
 *
 * @typedef {object} Job
 * @property {string} folder The folder that the fleet wrote
 * @property {number} port
 * @property {number} hosts How many hosts to use, from the first
 * @property {number} parallel
 * @property {{ message: string, gracePeriod: string }} [warn]
 * @property {boolean} [listOnly] Change nothing
 * @property {"openssh"} [client] Default: the built-in one
 *
 * @typedef {object} Done
 * @property {number} runMs Time from the plan's text to the report
 * @property {number} cpuMs Processor time of this process
 * @property {number} peakMb Peak resident memory, in MiB
 * @property {import("../provider/report/report.js").Totals} totals
 */

const started = performance.now();
const require = createRequire(import.meta.url);
/** @type {<T>(module: string) => T} */
const built = (module) => require(`../dist/provider/${module}.js`);
/** @type {typeof import("../provider/base/concurrency.js")} */
const { KeyedMutex } = built("base/concurrency");
const { ConnectionSlots } = built("base/connection-slots");
const { readOpenFiles } = built("files/open-files");
/** @type {typeof import("../provider/base/clock.js")} */
const { systemClock } = built("base/clock");
/** @type {typeof import("../provider/plan/read-plan.js")} */
const { readPlan } = built("plan/read-plan");
/** @type {typeof import("../provider/run/rollout.js")} */
const { runRollout } = built("run/rollout");
/** @type {typeof import("../provider/clients/open-clients.js")} */
const { openClients } = built("clients/open-clients");

/** @type {Job} */
const job = JSON.parse(process.argv[2] ?? "");
const addresses = readFileSync(join(job.folder, "hosts"), "utf8").split("\n").slice(0, job.hosts);
const { plan, problems } = readPlan({
  hosts: addresses.map((address) => `${address}:${job.port}`),
  sessions: { all: true },
  connection: {
    user: "bench",
    privateKeyFile: join(job.folder, "id_ed25519"),
    knownHostsFile: join(job.folder, "known_hosts"),
    ...(job.client === undefined ? {} : { client: job.client, sshConfig: false }),
  },
  rollout: { parallel: job.parallel },
  ...(job.warn === undefined ? {} : { warn: job.warn }),
});
if (plan === undefined) throw new Error(JSON.stringify(problems));

const report = await runRollout(
  plan,
  {
    connect: openClients({ baseFolder: job.folder }).connect,
    clock: systemClock,
    slots: new ConnectionSlots(readOpenFiles),
    turns: new KeyedMutex(),
    readOnly: job.listOnly === true ? "list" : undefined,
    onProgress: () => undefined,
  },
  new AbortController().signal,
);
const runMs = performance.now() - started;
const failed = report.hosts.filter(({ status }) => status !== "ok");
if (failed.length > 0) throw new Error(`${failed.length} hosts failed: ${failed[0]?.error?.message}`);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
/** @type {Done} */
const done = {
  runMs: Math.round(runMs),
  cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000),
  peakMb: Math.round(maxRSS / 1024),
  totals: report.totals,
};
console.log(JSON.stringify(done));
