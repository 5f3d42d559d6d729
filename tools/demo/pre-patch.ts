import type { Lab } from "../../test/lab/lab";
import type { Check } from "./examples";
import { census, table } from "./fleet";
import type { DemoLinux } from "./linux";
import { listed, up, type Stage } from "./stage";

/** The error for a right that is missing at first and then granted. */
const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
const forNow = "rdsh05";

/**
 * Runs what `npm run demo` shows, and checks the results.
 *
 * @param options.patches whether a patch step follows in the program. Default: true
 */
export async function demonstrate(
  { lab, pulumi, set, setEmpty }: Stage,
  shown: boolean,
  options: { readonly linux?: DemoLinux | undefined; readonly patches?: boolean } = {},
): Promise<readonly Check[]> {
  const { linux, patches = true } = options;
  const say = (text: string): void => {
    if (shown) console.log(text);
  };
  const hosts = lab.hosts.map(({ address, port }) => `${address}:${port}`);
  const places = [...hosts, ...(linux === undefined ? [] : [linux.place])];
  await set({ ...listed("hosts", places), gracePeriod: "3s", patchRelease: "2026-11" });
  await setEmpty("reminders");
  const before = await census(lab, linux);

  say(
    `\n1. pulumi up. On ${forNow} our login lacks a right, so the resource fails; the other hosts are done all the same.\n`,
  );
  lab.host(forNow).fault({ on: "qwinsta", times: 1000, trouble: denied });
  const first = await pulumi(up, shown);
  say(`\n${table(before, await census(lab, linux), reasonsIn(lab, first.output))}\n`);

  say(
    `2. Somebody grants the right on ${forNow}. pulumi up runs only that host${patches ? ", and then the patch step" : ""}.\n`,
  );
  lab.host(forNow).clearFaults();
  const connectionsBefore = connections(lab);
  const second = await pulumi(up, shown);
  const again = [...connections(lab)]
    .filter(([name, count]) => count > (connectionsBefore.get(name) ?? 0))
    .map(([name]) => name);
  say(`\n${table(before, await census(lab, linux), reasonsIn(lab, first.output + second.output))}\n`);
  say(`  hosts contacted by this run: ${again.join(", ")}\n`);

  say("3. pulumi up once more: nothing has changed, no host is contacted.\n");
  const connectionsThen = connections(lab);
  const third = await pulumi(up, shown);
  const quiet = [...connections(lab)].every(([name, count]) => count === connectionsThen.get(name));
  const drained = drains(lab);

  say("4. pulumi destroy: the hosts take logons again.\n");
  const destroyed = await pulumi(["destroy", "--yes", "--skip-preview", "--suppress-permalink=true"], shown);
  const messages = lab.hosts.map(({ model }) => model.messages().length);
  return [
    [
      `the first run failed because of ${forNow} only, and nothing was patched`,
      first.code !== 0 &&
        first.output.includes("permission-denied") &&
        !first.output.includes(" gets 2026-11"),
    ],
    [`the second ran ${forNow} and no other host`, second.code === 0 && again.join() === forNow],
    ...(patches
      ? [
          [
            "then the patch step ran, for every host",
            hosts.every((host) => second.output.includes(`patch: ${host} gets 2026-11`)),
          ] as const,
        ]
      : []),
    [
      "the third contacted nobody and changed nothing",
      third.code === 0 && quiet && third.output.includes("unchanged"),
    ],
    ["everybody who was connected had been warned, once", messages.join() === "1,2,1,2,1,0"],
    [
      "svc-backup and the console's user are still logged on",
      lab.host("rdsh01").model.people().join() === "svc-backup" &&
        lab.host("rdsh03").model.people().join() === "operator",
    ],
    [
      "nobody else is",
      [...(await census(lab, linux)).values()].flatMap((people) => [...people]).length === 2,
    ],
    ["every host refused new logons until then", drained.every((mode) => mode === "until-restart")],
    [
      "and takes them again after the destroy",
      destroyed.code === 0 && drains(lab).every((mode) => mode === "open"),
    ],
  ];
}

function drains(lab: Lab): readonly string[] {
  return lab.hosts.map(({ model }) => model.drain());
}

function connections(lab: Lab): ReadonlyMap<string, number> {
  return new Map(lab.hosts.map((host) => [host.name, host.counters().connections]));
}

/** The reasons that the run printed for kept sessions; the output names hosts by address. */
function reasonsIn(lab: Lab, output: string): (host: string, id: string) => string | undefined {
  return (host, id) => {
    const { address, port } = lab.hosts.find(({ name }) => name === host) ?? { address: host, port: 0 };
    const place = `${address}:${port}: kept ${id} `.replaceAll(".", "\\.");
    return new RegExp(`${place}.*: ([a-z-]+)\\s*$`, "mu").exec(output)?.[1];
  };
}
