import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/**
 * ssh2, the library that session-logoff is built on, and nothing else: the same programs in the same order, each in a command of its own, as
 * session-logoff asked before it asked in one line, or in its lines. Without host keys, deadlines, a plan or a report.
 */

const { Client } = createRequire(import.meta.url)("ssh2");
/** @type {{ folder: string, port: number, hosts: number, parallel: number, threads: number, commands: "same" | "fewest" }} */
const { folder, port, hosts, parallel, threads, commands } = JSON.parse(process.argv[2] ?? "");
const addresses = readFileSync(join(folder, "hosts"), "utf8").split("\n").slice(0, hosts);
const privateKey = readFileSync(join(folder, "id_ed25519"));

const bootIds = [
  String.raw`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Windows" /v ShutdownTime`,
  String.raw`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters" /v BootId`,
];

const mark = "(if errorlevel 2 (echo --- 2) else if errorlevel 0 (echo ---) else (echo --- 2))";
/** @param {string[]} programs */
const oneLine = (...programs) => programs.map((program) => `${program} 2>&1 & ${mark}`).join(" & ");
const listing = oneLine("qwinsta.exe", "quser.exe");
/** The half that cmd reads of the first line of session-logoff. */
const firstLine = `echo '& ${oneLine("chcp.com", "qwinsta.exe", "quser.exe", ...bootIds)} & rem '`;

/** @param {string} host */
async function visit(host) {
  const client = new Client();
  await new Promise((resolve, reject) => {
    client.on("ready", () => resolve(undefined)).on("error", reject);
    client.on("connect", () => client.setNoDelay(true));
    client.connect({ host, port, username: "bench", privateKey });
  });
  /** @param {string[]} commands @returns {Promise<string[]>} */
  const together = (...lines) => Promise.all(lines.map((line) => run(client, line)));
  if (commands === "fewest") {
    const [, , users = ""] = (await run(client, firstLine)).split("---");
    await together(...idsIn(users).map((id) => `logoff.exe ${id}`));
    const [, left = ""] = (await run(client, listing)).split("---");
    if (idsIn(left).length > 0) throw new Error(`somebody is still logged on to ${host}`);
    client.end();
    return;
  }
  await together("chcp.com", "echo which shell; uname -s", "qwinsta.exe", "quser.exe", ...bootIds);
  const [, users = ""] = await together("qwinsta.exe", "quser.exe");
  await together(...idsIn(users).map((id) => `logoff.exe ${id}`));
  const [left = ""] = await together("qwinsta.exe", "quser.exe");
  if (peopleIn(left).length > 0) throw new Error(`somebody is still logged on to ${host}`);
  client.end();
}

/** @param {any} client @param {string} command @returns {Promise<string>} */
function run(client, command) {
  return new Promise((resolve, reject) => {
    client.exec(command, (/** @type {Error | undefined} */ error, /** @type {any} */ channel) => {
      if (error) {
        reject(error);
        return;
      }
      let output = "";
      channel.on("data", (/** @type {Buffer} */ data) => (output += data.toString("latin1")));
      channel.on("close", () => resolve(output));
      channel.stderr.resume();
      channel.end();
    });
  });
}

/** @param {string} table what `qwinsta` printed */
function peopleIn(table) {
  const rows = table.split("\r\n").filter((line) => !line.includes("USERNAME"));
  return rows.map((line) => line.slice(19, 39).trim()).filter((user) => user !== "");
}

/** @param {string} table what `quser` printed */
function idsIn(table) {
  return [...table.matchAll(/ ([0-9]+) {2}(?:Active|Disc)/gu)].map(([, id]) => id ?? "");
}

/** @param {readonly string[]} mine @param {number} atOnce */
async function visitAll(mine, atOnce) {
  let next = 0;
  const worker = async () => {
    while (next < mine.length) await visit(mine[next++] ?? "");
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

if (!isMainThread) {
  await visitAll(workerData, parallel / threads);
} else if (threads === 1) {
  await visitAll(addresses, parallel);
} else {
  const ended = Array.from({ length: threads }, (_, thread) => {
    const mine = addresses.filter((_address, index) => index % threads === thread);
    return once(
      new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: mine }),
      "exit",
    );
  });
  const codes = (await Promise.all(ended)).flat();
  if (codes.some((code) => code !== 0)) throw new Error("a thread failed");
}
