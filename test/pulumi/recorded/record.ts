/** Records what this checkout's version writes into a Pulumi state; see README.md for what and why. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProject } from "../../e2e/project";
import { labUser, startLab } from "../../lab/lab";
import { build, checkout } from "../dynamic/built-package";

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** Fields that describe the machine the engine ran on. */
const ofThisMachine = ["secrets_providers", "sourcePosition", "stackTrace"];

/** Returns the state without those fields, and without the default port in `hosts`. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).filter(([name]) => !ofThisMachine.includes(name));
  return Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      name === "hosts" && Array.isArray(field) ? field.map(withoutPort) : cleaned(field),
    ]),
  );
}

function withoutPort(entry: unknown): unknown {
  if (typeof entry === "string") return entry.replace(/:22$/u, "");
  return isRecord(entry) ? { ...entry, host: withoutPort(entry["host"]) } : entry;
}

async function record(): Promise<void> {
  await build();
  const { version } = (await import(join(checkout, "package.json"))) as { readonly version: string };
  const lab = await startLab({
    hosts: [
      { name: "rdsh01", sessions: [{ user: "alice" }, { user: "svc-backup" }] },
      { name: "rdsh02", sessions: [{ user: "bob", onLogoff: { kind: "ignored" } }] },
      { name: "rdsh03", sessions: [{ user: "carol" }] },
      { name: "rdsh04", sessions: [{ user: "dave" }] },
      { name: "rdsh05", sessions: [{ user: "erin", state: "disconnected" }] },
      { name: "rdsh06", sessions: [{ user: "frank" }, { user: "grace" }] },
    ],
    // rdsh03 becomes unreachable once carol is reminded.
    onCommand: () => {
      const messages = lab
        .host("rdsh03")
        .commandTexts()
        .filter((text) => /\bmsg\b/u.test(text));
      if (messages.length === 2) lab.host("rdsh03").stopListening();
    },
  });
  const project = await createProject();
  try {
    const address = (name: string): string => lab.addressOf(name);
    const connection = (names: readonly string[]): object => ({
      user: labUser.name,
      password: labUser.password,
      knownHosts: names.map((name) => lab.host(name).knownHosts).join(""),
    });
    const four = ["rdsh01", "rdsh02", "rdsh03", "rdsh04"];
    const warn = {
      message: "Patches begin in {minutes} minute, {user}",
      gracePeriod: "6s",
      reminders: ["3s"],
    };
    const sessions = { users: ["*"], states: ["active", "disconnected"], except: { users: ["svc-*"] } };
    project.resources({
      done: {
        hosts: [address("rdsh05"), { host: address("rdsh06"), sessions: { users: ["frank"] } }],
        sessions,
        connection: { ...connection(["rdsh05", "rdsh06"]), keepalive: "20s" },
        rollout: { parallel: 2, waves: [1, "100%"] },
        limits: { sessionsPerHost: 10 },
        timeouts: { connect: "5s", logoff: "1m" },
        triggers: ["2026-11", { patch: 7 }],
      },
      unfinished: {
        hosts: four.map(address),
        sessions,
        connection: connection(four),
        drain: "until-destroy",
        warn,
        rollout: { waves: [3] },
        timeouts: { connect: "2s", logoff: "2s" },
        triggers: ["2026-11"],
      },
    });
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(code, 0, output);
    const exported = await project.pulumi("stack", "export", "--show-secrets");
    let text = exported.output;
    for (const { name, address: ip, port } of lab.hosts) {
      const host = `${name}.corp.example`;
      text = text.replaceAll(`[${ip}]:${port}`, host).replaceAll(`${ip}:${port}`, `${host}:22`);
    }
    const state = JSON.stringify(cleaned(JSON.parse(text)), undefined, 2);
    writeFileSync(join(__dirname, `state-${version}.json`), `${state}\n`, { flag: "wx" });
  } finally {
    project.remove();
    await lab.close();
  }
}

void record();
