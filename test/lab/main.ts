/**
 * `npm run lab [-- FOLDER]`: six hosts for trying `ssh`, `session-logoff` and `pulumi up` by hand, until Ctrl-C, SIGTERM or the end of
 * the program that started it.
 */
import { fstatSync } from "node:fs";
import { join } from "node:path";
import { fleet, startFleet } from "./fleet";
import { labUser, type Lab } from "./lab";
import { openLabFolder, writeAccess, writeCommand } from "./lab-folder";
import { programsIn } from "./windows/command-line";

/** The text printed at the start. */
function guide(lab: Lab, folder: string): string {
  const first = lab.hosts.slice(0, 2).map(({ name }) => JSON.stringify(lab.addressOf(name)));
  return [
    `Six simulated Windows hosts, on this computer only. Their files are in ${folder}`,
    "",
    ...fleet.map(({ name, about }) => `  ${name}  ${lab.addressOf(name).padEnd(22)}  ${about}`),
    "",
    "To try, in another terminal:",
    "",
    `  cd ${folder}`,
    "  ./session-logoff --list --hosts-file rdsh.txt",
    "  ssh -F ssh_config rdsh01 qwinsta",
    "  ssh -F ssh_config rdsh01 shutdown.exe /r /t 0     (away for ten seconds)",
    "",
    "From a Pulumi program:",
    "",
    '  new SessionLogoff("try", {',
    `    hosts: [${first.join(", ")}],`,
    '    sessions: { all: true, except: { users: ["svc-*"] } },',
    "    connection: {",
    `      user: ${JSON.stringify(labUser.name)},`,
    `      privateKeyFile: ${JSON.stringify(join(folder, "key"))},`,
    `      knownHostsFile: ${JSON.stringify(join(folder, "known_hosts"))},`,
    "    },",
    "  });",
    "",
    "In the background: nohup npm run lab -- ~/lab > lab.log 2>&1 &",
    "and to end it:     kill $(cat ~/lab/pid)",
    "",
    "Commands that arrive are shown below. Ctrl-C ends the lab.",
    "",
  ].join("\n");
}

/** Resolves when the lab is to end. */
function ending(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
    // Node undoes what `nohup` sets. A terminal that goes away ends only the lab that it shows.
    process.on("SIGHUP", () => {
      if (process.stdout.isTTY) resolve();
    });
    // tools/lab.mjs was killed.
    process.once("disconnect", resolve);
    // A test that was killed. A terminal would stop a job in the background that reads from it, and /dev/null has ended already.
    const stdin = fstatSync(0);
    if (!stdin.isFIFO() && !stdin.isSocket()) return;
    process.stdin.once("end", resolve);
    process.stdin.once("error", () => resolve());
    process.stdin.resume().unref();
  });
}

async function main([name, ...others]: readonly string[]): Promise<void> {
  if (others.length > 0) throw new Error("npm run lab takes at most one folder: npm run lab -- FOLDER");
  const ended = ending();
  const place = await openLabFolder(name);
  // A host that restarts does not keep the process, and all six may restart at once.
  const staying = setInterval(() => undefined, 2 ** 30);
  try {
    const lab = await startFleet({
      // Of a line with several programs, only these tell a reader something.
      onCommand: ({ host, caller, command }) =>
        console.log(`${host}  ${caller.user}  ${programsIn(command, "cmd").join(" & ")}`),
    });
    await writeAccess(place, lab);
    await writeCommand(place);
    // Written last: a program that waits for it finds the others too.
    await place.write("pid", `${process.pid}\n`);
    console.log(guide(lab, place.folder));
    await ended;
    // By hand, everything is allowed: what would fail a test is only reported.
    for (const { host, what } of lab.takeUnexpected()) console.log(`${host}  not scripted: ${what}`);
    await lab.close();
  } finally {
    clearInterval(staying);
    await place.remove();
  }
}

main(process.argv.slice(2))
  .catch((error: unknown) => {
    console.error(`npm run lab: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  })
  .finally(() => {
    if (process.connected) process.disconnect();
  });
