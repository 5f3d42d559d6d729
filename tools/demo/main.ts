/**
 * `npm run demo`: the main use case, end to end. A Pulumi engine runs the program in examples/pre-patch against six simulated
 * Windows hosts that speak SSH, and a real Linux host if this machine can run one. The table is read from the hosts, not from
 * our report.
 * `npm run demo -- NAME` does the same with another program in examples/.
 */
import { examples } from "./examples";
import { demoHosts } from "./fleet";
import { startDemoLinux, type DemoLinux } from "./linux";
import { demonstrate } from "./pre-patch";
import { openStage, type Stage } from "./stage";

async function main(name = "pre-patch"): Promise<boolean> {
  const example = examples[name];
  if (example === undefined && name !== "pre-patch") {
    console.error(`There is no demo of ${name}: there are pre-patch, ${Object.keys(examples).join(", ")}`);
    return false;
  }
  const stage = await openStage(name, example ?? { hosts: demoHosts });
  const linux = example === undefined ? await linuxFor(stage) : undefined;
  try {
    console.log("Simulated hosts are running:");
    for (const { name: host, address, port } of stage.lab.hosts) console.log(`  ${host}  ${address}:${port}`);
    if (linux !== undefined) console.log(`and a real Linux host:\n  ${linux.name}  ${linux.place}`);
    const checks = await (example === undefined
      ? demonstrate(stage, true, { linux })
      : example.run(stage, true));
    console.log("");
    for (const [what, holds] of checks) console.log(`  ${holds ? "ok  " : "FAIL"} ${what}`);
    return checks.every(([, holds]) => holds);
  } finally {
    await linux?.stop();
    await stage.close();
  }
}

async function linuxFor({ lab, trust }: Stage): Promise<DemoLinux | undefined> {
  const started = await startDemoLinux(lab.clientKey.publicKey);
  if ("unavailable" in started) {
    console.log(`No Linux host in this demo: ${started.unavailable}`);
    return undefined;
  }
  await trust(started.knownHosts);
  return started;
}

main(process.argv[2]).then(
  (worked) => {
    process.exitCode = worked ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
