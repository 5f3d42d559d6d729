import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../command";
import type { Contestant } from "../contest";
import type { Fleet } from "../fleet";

/** The ssh_config for every host of the fleet; host keys are checked, as in our runs. */
export function sshConfig({ folder, port }: Fleet): string {
  const lines = [
    "Host *",
    "User bench",
    `Port ${port}`,
    `IdentityFile ${folder}/id_ed25519`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${folder}/known_hosts`,
    "GlobalKnownHostsFile none",
    "StrictHostKeyChecking yes",
    "BatchMode yes",
    "LogLevel ERROR",
  ];
  const file = join(folder, "ssh_config");
  writeFileSync(file, `${lines.join("\n  ")}\n`);
  return file;
}

/** One ssh call per command: list, log everybody off, list again to check that nobody is left. */
const callPerCommand = `
set -eu
config=$1 host=$2
list() { ssh -F "$config" "$host" quser.exe 2>/dev/null || true; }
for id in $(list | awk 'NR > 1 { print ($2 ~ /^[0-9]+$/) ? $2 : $3 }'); do
  ssh -F "$config" "$host" "logoff.exe $id"
done
[ -z "$(list)" ]
`;

/** Everything in a single Windows command line. The simulated hosts accept exactly this one. */
const powershell =
  "powershell.exe -NoProfile -Command \"quser; quser | select -Skip 1 | % { logoff ($_.Substring(40) -split '\\s+')[1] }; quser\"";
const oneCall = `
set -eu
config=$1 host=$2 command=$3
# What is printed ends with the second list, which must be empty: one header only.
[ "$(ssh -F "$config" "$host" "$command" 2>/dev/null | grep -c USERNAME)" = 1 ]
`;

function xargs(fleet: Fleet, hosts: number, parallel: number, script: string, command: string): Command {
  const list = join(fleet.folder, "xargs-hosts");
  const file = join(fleet.folder, "visit.sh");
  writeFileSync(list, `${fleet.addresses.slice(0, hosts).join("\n")}\n`);
  writeFileSync(file, script);
  const visit = ["sh", file, sshConfig(fleet), "HOST", command];
  return { program: "xargs", args: ["-a", list, "-P", String(parallel), "-I", "HOST", ...visit] };
}

export const sshPerCommand: Contestant = {
  name: "ssh + xargs -P, a call per command",
  prepare: (fleet, hosts, parallel) => xargs(fleet, hosts, parallel, callPerCommand, ""),
};

export const sshOneCall: Contestant = {
  name: "ssh + xargs -P, all in one call",
  prepare: (fleet, hosts, parallel) => xargs(fleet, hosts, parallel, oneCall, powershell),
};
