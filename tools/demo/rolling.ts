import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { labUser, type HostOptions, type LabHost } from "../../test/lab/lab";
import type { Check } from "./examples";
import { listed, up, type Stage } from "./stage";

const restarts = { answersForMs: 200, downForMs: 1000, listenersAfterMs: 500 } as const;

/** Two batches; the second host of the first ignores the command to restart, and the last host joins the second one later. */
export const rollingHosts: readonly HostOptions[] = [
  {
    name: "rdsh01",
    sessions: [{ user: "alice" }, { user: "svc-backup" }],
    onShutdown: restarts,
  },
  {
    name: "rdsh02",
    sessions: [{ user: "bob", state: "disconnected" }],
    onShutdown: { answersForMs: "for-ever" },
  },
  { name: "rdsh03", sessions: [{ user: "carol" }], onShutdown: restarts },
  { name: "rdsh04", sessions: [{ user: "dave" }], onShutdown: restarts },
];

/** Runs examples/rolling: a host that does not restart stops the rollout, the next run finishes it, and a host is added later. */
export async function demonstrateRolling(
  { lab, folder, pulumi, set }: Stage,
  shown: boolean,
): Promise<readonly Check[]> {
  const say = (text: string): void => {
    if (shown) console.log(`\n${text}\n`);
  };
  const [first, second, third, fourth] = ["rdsh01", "rdsh02", "rdsh03", "rdsh04"].map((name) =>
    lab.host(name),
  ) as [LabHost, LabHost, LabHost, LabHost];
  const modes = (): string => lab.hosts.map(({ model }) => model.drain()).join(" ");
  const connections = (): readonly number[] => lab.hosts.map((host) => host.counters().connections);
  await set({
    ...listed("batches[0]", [lab.addressOf("rdsh01"), lab.addressOf("rdsh02")]),
    ...listed("batches[1]", [lab.addressOf("rdsh03")]),
    sshConfig: writeLogin(folder, lab.clientKey.privateKey, lab.knownHosts),
    gracePeriod: "2s",
    backWithin: "50s",
  });

  say("1. pulumi up. rdsh02 ignores the restart, so it is not opened, and the second batch is not touched.");
  const stopped = await pulumi(up, shown);
  const modesThen = modes();
  const [connectionsThen, thirdThen] = [connections(), third.model.people().join()];

  say("2. Somebody restarts rdsh02. pulumi up opens it and goes on with the second batch.");
  second.model.reboot({});
  const finished = await pulumi(up, shown);
  const connectionsAfter = connections();

  say("3. pulumi up once more: nothing has changed, no host is contacted.");
  const quiet = await pulumi(up, shown);
  const connectionsQuiet = connections();

  say("4. rdsh04 joins the second batch while carol is back on rdsh03. pulumi up restarts rdsh04 only.");
  third.model.logon({ user: "carol" });
  await set(listed("batches[1]", [lab.addressOf("rdsh03"), lab.addressOf("rdsh04")]));
  const added = await pulumi(up, shown);
  return [
    [
      "the first run failed because rdsh02 had not restarted",
      stopped.code !== 0 && stopped.output.includes("1 not-restarted"),
    ],
    ["rdsh01 was open again, and rdsh02 closed", modesThen === "open drain open open"],
    [
      "the second batch was not touched",
      connectionsThen[2] === 0 && thirdThen === "carol" && !stopped.output.includes("batch-2-patch"),
    ],
    [
      "the second run finished",
      finished.code === 0 && finished.output.includes("waits for 1 of 2 hosts (1 failed)"),
    ],
    ["it did not contact rdsh01", connectionsAfter[0] === connectionsThen[0]],
    [
      "the patch step restarted every host but rdsh02, once",
      [first, third].every((host) => host.restarts().length === 1 && host.isUp()),
    ],
    ["every host is open", modes() === "open open open open"],
    ["at most one batch was closed at a time", lab.mostClosed() <= 2],
    [
      "the third run contacted nobody",
      quiet.code === 0 &&
        connectionsQuiet.join() === connectionsAfter.join() &&
        quiet.output.includes("unchanged"),
    ],
    [
      "the host that was added was restarted, and people on the others were left alone",
      added.code === 0 && fourth.restarts().length === 1 && third.model.people().join() === "carol",
    ],
  ];
}

/** Writes what `ssh` needs to log in to the hosts. */
function writeLogin(folder: string, privateKey: string, knownHosts: string): string {
  const [key, known, config] = ["key", "known_hosts", "ssh_config"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(key, privateKey, { mode: 0o600 });
  writeFileSync(known, knownHosts);
  writeFileSync(
    config,
    `User ${labUser.name}\nIdentityFile "${key}"\nIdentitiesOnly yes\nUserKnownHostsFile "${known}"\n`,
  );
  return config;
}
