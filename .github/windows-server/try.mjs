/* eslint no-console: "off" -- a program for the terminal */
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Tries this package against one Windows host over SSH, and records what the host prints. The workflow windows-server.yml calls it.
 *
 *     node .github/windows-server/try.mjs SSH_CONFIG HOST FOLDER
 *
 * Logs nobody off: it lists, checks, and drains with a selection that matches nobody. It drains only a host that allows new logons, and
 * then always ends by allowing them again.
 *
 * Writes into FOLDER: recorded.json, in the form of CONTRIBUTING.md, "Recorded listings" (`from` and `expect` are left to the
 * reader); raw.json, every command with the exact bytes of its output in Base64; and a file for what each of our own commands printed.
 */

const [config = "", host = "", folder = ""] = process.argv.slice(2);
if (folder === "") {
  console.error("Usage: node .github/windows-server/try.mjs SSH_CONFIG HOST FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const main = fileURLToPath(new URL("../../dist/command/session-logoff.js", import.meta.url));
/** No account has this name, so nobody is ever selected. */
const nobody = ["--session-user", "nobody-has-this-name", "--if-missing", "ignore"];
/** @type {string[]} */
const failures = [];
/** @type {Record<string, { exitCode: number | null, stdoutBase64: string, stderrBase64?: string }>} */
const raw = {};

/** Runs a command of the host itself, by OpenSSH. @param {string} label @param {string} command */
function onHost(label, command) {
  const done = spawnSync("ssh", ["-F", config, "-T", "-o", "BatchMode=yes", host, command], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
  if (done.error) failures.push(`ssh ${host} ${command}: ${done.error.message}`);
  const [stdout, stderr] = [done.stdout, done.stderr].map((bytes) => bytes ?? Buffer.alloc(0));
  raw[label] = {
    exitCode: done.status,
    stdoutBase64: stdout.toString("base64"),
    ...(stderr.length === 0 ? {} : { stderrBase64: stderr.toString("base64") }),
  };
  const text = `${stdout}${stderr}`;
  console.log(`--- ${command} (exit code ${done.status})\n${text}`);
  return text.trim();
}

/** Runs our command. @param {string} label @param {readonly string[]} args */
function ours(label, args) {
  const done = spawnSync(process.execPath, [main, "--ssh-config", config, "--host", host, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: 300_000,
  });
  const text = `exit status ${done.status}\n--- standard output\n${done.stdout}--- standard error\n${done.stderr}`;
  writeFileSync(join(folder, `${label}.txt`), text);
  console.log(`--- session-logoff ${args.join(" ")}\n${text}`);
  if (done.status !== 0) failures.push(`session-logoff ${args.join(" ")}: exit status ${done.status}`);
  return done.stdout;
}

/** The result of a run as JSON, with its only host. @param {string} text */
function resultOf(text) {
  try {
    const { totals, hosts } = JSON.parse(text);
    return { totals, drained: hosts[0]?.drained, findings: hosts[0]?.findings ?? [] };
  } catch {
    return { totals: {}, drained: undefined, findings: [] };
  }
}

/** @param {boolean} holds @param {string} what */
function expect(holds, what) {
  console.log(`${holds ? "ok" : "NOT OK"}: ${what}`);
  if (!holds) failures.push(what);
}

const codePage = Number(/(\d+)\D*$/u.exec(onHost("chcp", "chcp.com"))?.[1]);
onHost("version", "cmd.exe /d /c ver");
onHost("qwinsta", "qwinsta.exe");
onHost("quser", "quser.exe");
onHost("processes-of-session-1", "qprocess.exe /id:1");
const recorded = {
  from: "",
  codePage,
  commands: { qwinsta: raw.qwinsta, quser: raw.quser },
  expect: { sessions: [] },
};
writeFileSync(join(folder, "recorded.json"), `${JSON.stringify(recorded, null, 2)}\n`);

ours("check", ["--check"]);
ours("list", ["--list", "--output", "json"]);

const { findings } = resultOf(ours("check-json", ["--check", "--output", "json"]));
const mode = findings.find((/** @type {{ check: string }} */ one) => one.check === "drain-mode")?.fact;
// Undraining a host that somebody else has drained would let people in.
if (mode === "open") drainAndUndrain();
else failures.push(`The host is not drained, because its mode is not "open" but "${mode}"`);

function drainAndUndrain() {
  // What the mode is called depends on the language, and the exit code is 1 also on success, so only the texts are compared.
  const query = "chglogon.exe /query";
  const open = onHost("logons-before", query);
  const dryRun = resultOf(ours("dry-run", [...nobody, "--dry-run", "--output", "json"]));
  expect(dryRun.totals.sessions === 0, "a dry run says that nobody would be logged off");
  if (dryRun.totals.sessions !== 0) return;
  try {
    const run = [...nobody, "--drain", "until-restart", "--limit", "1", "--yes", "--output", "json"];
    const drain = resultOf(ours("drain", run));
    expect(drain.totals.loggedOff === 0, "nobody was logged off");
    expect(drain.drained === "until-restart", "the run reports that the host refuses new logons");
    expect(onHost("logons-drained", query) !== open, "the host's own query prints another mode");
  } finally {
    const undrain = resultOf(ours("undrain", ["--undrain", "--yes", "--output", "json"]));
    expect(undrain.drained === "undrained", "the run reports that the host allows new logons again");
    expect(onHost("logons-after", query) === open, "the host's own query prints the first mode again");
  }
}

writeFileSync(join(folder, "raw.json"), `${JSON.stringify(raw, null, 2)}\n`);
for (const failure of failures) console.error(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
