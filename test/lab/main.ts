/** `npm run lab`: six hosts for trying `ssh` and `pulumi up` by hand, until Ctrl-C or the end of standard input. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientKey, labUser, startLab, type HostOptions, type Lab } from "./lab";
import type { LoginUser } from "./ssh/login";

const helper: LoginUser & { readonly password: string } = {
  name: "helper",
  password: "Lab-only!Helper",
  publicKeys: [clientKey.publicKey],
  rights: "query-only",
};
const nobody: LoginUser & { readonly password: string } = {
  name: "nobody",
  password: "Lab-only!Nobody",
  publicKeys: [clientKey.publicKey],
  rights: "none",
};
const users = [labUser, helper, nobody] as const;

/** The hosts, each with its special trait. */
const hosts: readonly (HostOptions & { readonly about: string })[] = [
  {
    name: "rdsh01",
    about: "English, an ordinary day",
    sessions: [{ user: "alice" }, { user: "bob", state: "disconnected", idle: 83 }, { user: "svc-backup" }],
  },
  {
    name: "rdsh02",
    about: "German, the wide layout, logoffs take three seconds",
    language: "de",
    layout: "wide",
    sessions: [
      { user: "jürgen", onLogoff: { kind: "closes", ms: 3000 } },
      { user: "Anna Schmidt", idle: "none", onLogoff: { kind: "closes", ms: 3000, waits: true } },
    ],
  },
  {
    name: "rdsh03",
    about: "English, dave's session hangs at signing out until it is reset",
    sessions: [{ user: "carol" }, { user: "dave", id: 12, onLogoff: { kind: "stuck" } }],
  },
  {
    name: "rdsh04",
    about: `German, somebody at the console; log in as ${helper.name} or ${nobody.name} for missing rights`,
    language: "de",
    console: { user: "operator" },
    sessions: [{ user: "erika" }],
  },
  {
    name: "rdsh05",
    about: "English, the wide layout, PowerShell, already drained",
    layout: "wide",
    shell: "powershell",
    drain: "until-restart",
    sessions: [{ user: "frank", name: "31C5CE94259D4006A9E4#0" }, { user: "a-name-of-more-than-20-letters" }],
    listeners: ["31C5CE94259D4006A9E4", "rdp-tcp"],
  },
  {
    name: "rdsh06",
    about: "English, slow, busy at first, and it resets the connection at goodbye",
    sessions: [
      { user: "grace", onLogoff: { kind: "busy", times: 2 } },
      { user: "heidi", onLogoff: { kind: "ignored" } },
    ],
    ssh: { connectDelayMs: 300, commandDelayMs: 200, resetAtGoodbye: true },
  },
];

/** The text printed at the start. */
function guide(lab: Lab, folder: string): string {
  const ssh = `ssh -F none -i ${join(folder, "key")} -o IdentitiesOnly=yes -o UserKnownHostsFile=${join(folder, "known_hosts")}`;
  const first = lab.host("rdsh01");
  const addresses = hosts.map(({ name }) => JSON.stringify(lab.addressOf(name))).join(", ");
  return [
    "Simulated Windows hosts, on this computer only:",
    "",
    ...hosts.map(({ name, about }) => `  ${name}  ${lab.addressOf(name).padEnd(22)}  ${about}`),
    "",
    "With ssh (any command of the qwinsta family; there is no interactive shell):",
    "",
    `  ${ssh} -p ${first.port} ${labUser.name}@${first.address} qwinsta`,
    "",
    `Users: ${users.map(({ name, password, rights }) => `${name} (${rights ?? ""}), password ${password}`).join("; ")}`,
    "",
    "From a Pulumi program:",
    "",
    '  new SessionLogoff("try", {',
    `    hosts: [${addresses}],`,
    '    sessions: { all: true, except: { users: ["svc-*"] } },',
    "    connection: {",
    `      user: ${JSON.stringify(labUser.name)},`,
    `      privateKeyFile: ${JSON.stringify(join(folder, "key"))},`,
    `      knownHostsFile: ${JSON.stringify(join(folder, "known_hosts"))},`,
    "    },",
    "  });",
    "",
    "Commands that arrive are shown below. Ctrl-C ends the lab.",
    "",
  ].join("\n");
}

/** Resolves on SIGINT, SIGTERM or the end of standard input. */
function ending(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    process.stdin.once("end", resolve);
    process.stdin.once("error", () => resolve());
    process.stdin.resume();
  });
}

async function main(): Promise<void> {
  const ended = ending();
  const folder = await mkdtemp(join(tmpdir(), "session-logoff-lab-"));
  try {
    const lab = await startLab({
      hosts: hosts.map((host) => ({ users, ...host })),
      onCommand: ({ host, caller, command }) => console.log(`${host}  ${caller.user}  ${command}`),
    });
    await writeFile(join(folder, "known_hosts"), lab.knownHosts);
    await writeFile(join(folder, "key"), clientKey.privateKey, { mode: 0o600 });
    console.log(guide(lab, folder));
    await ended;
    // By hand, everything is allowed: what would fail a test is only reported.
    for (const { host, what } of lab.takeUnexpected()) console.log(`${host}  not scripted: ${what}`);
    await lab.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
    process.stdin.destroy();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
