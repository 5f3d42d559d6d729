/**
 * The main job, for real: a Pulumi engine runs the program of the root Pulumi.yaml against six simulated Windows hosts that
 * speak SSH, and a real Linux host where this machine can have one. What the table shows is read from the hosts, not from our report.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labUser, startLab, type Lab } from "../../test/lab/lab";
import { census, demoHosts, table } from "./fleet";
import { startDemoLinux, type DemoLinux } from "./linux";
import { runEngine, shadowProject, type Ran } from "./project";

/** The right that is missing at first, and that somebody grants then. */
const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
const forNow = "rdsh05";

async function main(): Promise<boolean> {
  const { ensureEngine } = await import("../engine/ensure.mjs");
  const { engineEnvironment } = await import("../engine/environment.mjs");
  const engine = await ensureEngine({ log: (line) => console.log(line) });
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-demo-"));
  const lab = await startLab({ hosts: demoHosts });
  const started = await startDemoLinux(lab.clientKey.publicKey);
  const linux = "unavailable" in started ? undefined : started;
  if ("unavailable" in started) console.log(`No Linux host in this demo: ${started.unavailable}`);
  try {
    lab.host(forNow).fault({ on: "qwinsta", times: 1000, trouble: denied });
    const cwd = shadowProject(join(folder, "project"));
    const env = engineEnvironment({
      engine: engine.path,
      home: join(folder, "home"),
      stateDir: join(folder, "state"),
      passphrase: "demo",
    });
    const pulumi = (args: readonly string[], shown = false, stdin?: string): Promise<Ran> =>
      runEngine(engine.path, [...args, "--color", "never"], {
        cwd,
        env,
        ...(shown ? { prefix: "  | " } : {}),
        ...(stdin === undefined ? {} : { stdin }),
      });
    return await demonstrate(lab, linux, pulumi);
  } finally {
    await linux?.stop();
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Pulumi = (args: readonly string[], shown?: boolean, stdin?: string) => Promise<Ran>;

async function demonstrate(lab: Lab, linux: DemoLinux | undefined, pulumi: Pulumi): Promise<boolean> {
  await configure(lab, linux, pulumi);
  const before = await census(lab, linux);
  const up = ["up", "--yes", "--skip-preview", "--suppress-permalink=true"];

  console.log(
    `\n1. pulumi up. On ${forNow} our login lacks a right, so the resource fails; the other hosts are done all the same.\n`,
  );
  const first = await pulumi(up, true);
  console.log(`\n${table(before, await census(lab, linux), reasonsIn(lab, first.output))}\n`);

  console.log(`2. Somebody grants the right on ${forNow}. pulumi up runs only that host.\n`);
  lab.host(forNow).clearFaults();
  const connectionsBefore = connections(lab);
  const second = await pulumi(up, true);
  const again = [...connections(lab)]
    .filter(([name, count]) => count > (connectionsBefore.get(name) ?? 0))
    .map(([name]) => name);
  console.log(`\n${table(before, await census(lab, linux), reasonsIn(lab, first.output + second.output))}\n`);
  console.log(`  hosts contacted by this run: ${again.join(", ")}\n`);

  console.log("3. pulumi up once more: nothing has changed, no host is contacted.\n");
  const connectionsThen = connections(lab);
  const third = await pulumi(up, true);
  const quiet = [...connections(lab)].every(([name, count]) => count === connectionsThen.get(name));

  await pulumi(["destroy", "--yes", "--skip-preview"]);
  const checks: readonly (readonly [what: string, holds: boolean])[] = [
    [
      `the first run failed because of ${forNow} only`,
      first.code !== 0 && first.output.includes("permission-denied"),
    ],
    [`the second ran ${forNow} and no other host`, second.code === 0 && again.join() === forNow],
    [
      "the third contacted nobody and changed nothing",
      third.code === 0 && quiet && third.output.includes("unchanged"),
    ],
    [
      "svc-backup and the console's user are still logged on",
      lab.host("rdsh01").model.people().join() === "svc-backup" &&
        lab.host("rdsh03").model.people().join() === "operator",
    ],
    [
      "nobody else is",
      [...(await census(lab, linux)).values()].flatMap((people) => [...people]).length === 2,
    ],
  ];
  console.log("");
  for (const [what, holds] of checks) console.log(`  ${holds ? "ok  " : "FAIL"} ${what}`);
  return checks.every(([, holds]) => holds);
}

/** As an operator would: hosts in the program's configuration, credentials encrypted in the stack's. */
async function configure(lab: Lab, linux: DemoLinux | undefined, pulumi: Pulumi): Promise<void> {
  await must(pulumi(["stack", "init", "demo"]));
  for (const [index, { address, port }] of lab.hosts.entries()) {
    await must(pulumi(["config", "set", "--path", `hosts[${index}]`, `${address}:${port}`]));
  }
  if (linux !== undefined) {
    await must(pulumi(["config", "set", "--path", `hosts[${lab.hosts.length}]`, linux.place]));
  }
  await must(pulumi(["config", "set", "session-logoff:user", labUser.name]));
  await must(
    pulumi(["config", "set", "--secret", "session-logoff:privateKey"], false, lab.clientKey.privateKey),
  );
  await must(
    pulumi(["config", "set", "session-logoff:knownHosts"], false, lab.knownHosts + (linux?.knownHosts ?? "")),
  );
  console.log("Six simulated hosts are running:");
  for (const { name, address, port } of lab.hosts) console.log(`  ${name}  ${address}:${port}`);
  if (linux !== undefined) console.log(`and a real Linux host:\n  ${linux.name}  ${linux.place}`);
}

async function must(running: Promise<Ran>): Promise<void> {
  const { code, output } = await running;
  if (code !== 0) throw new Error(`the engine failed:\n${output}`);
}

function connections(lab: Lab): ReadonlyMap<string, number> {
  return new Map(lab.hosts.map((host) => [host.name, host.counters().connections]));
}

/** What the run said about who was kept; its lines name hosts by address. */
function reasonsIn(lab: Lab, output: string): (host: string, id: string) => string | undefined {
  return (host, id) => {
    const { address, port } = lab.hosts.find(({ name }) => name === host) ?? { address: host, port: 0 };
    const place = `${address}:${port}: kept ${id} `.replaceAll(".", "\\.");
    return new RegExp(`${place}.*: ([a-z-]+)\\s*$`, "mu").exec(output)?.[1];
  };
}

main().then(
  (worked) => {
    process.exitCode = worked ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
