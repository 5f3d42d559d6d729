import type { HostOptions, Lab } from "../../test/lab/lab";
import type { Terminal } from "./terminal";

/** The hosts of the pictures: four languages, a service, somebody who leaves, and a session that does not end. */
export const fleet: readonly HostOptions[] = [
  { name: "rdsh01", sessions: [{ user: "alice" }, { user: "svc-backup", state: "disconnected" }] },
  {
    name: "rdsh02",
    language: "de",
    layout: "wide",
    sessions: [
      { user: "jürgen", onLogoff: { kind: "closes", ms: 1500 } },
      { user: "erika", idle: 12 },
    ],
  },
  { name: "rdsh03", sessions: [{ user: "dave", onLogoff: { kind: "stuck" } }] },
  { name: "rdsh04", language: "fr", sessions: [{ user: "amélie", idle: 3 }] },
  { name: "rdsh05", language: "ja", sessions: [{ user: "haruto" }] },
].map((host, index): HostOptions => {
  // As far away as a real host, so that one can watch the steps.
  return { ...(host as HostOptions), ssh: { connectDelayMs: 200 + 90 * index, commandDelayMs: 120 } };
});

/** What is typed. */
const command = [
  'session-logoff --all --except-user "svc-*" --hosts-file rdsh.txt --drain until-restart \\',
  '  --warn "Maintenance in {minutes} minutes. Please save your work." --grace 10s --remind 5s \\',
  "  --timeout-logoff 8s --report logoff.html",
] as const;

/** The file that the command writes. */
export const reportFile = "logoff.html";

/** What the picture of the terminal shows, for those who cannot see it. */
export const description = {
  title: "session-logoff logs users off five Windows hosts",
  text: [
    `A terminal runs: ${command.map((line) => line.replace(/\\$/u, "").trim()).join(" ")}`,
    "It lists who would be logged off and asks; the answer is y.",
    "Each host refuses new logons and people are warned. amélie leaves by herself, the others are logged off after ten seconds.",
    "At the end a table shows every session with its outcome: svc-backup is kept, and dave's session on rdsh03 did not end,",
    "so rdsh03 failed with the programs that are still running, and it accepts logons again.",
  ].join(" "),
} as const;

/** Types the command, agrees, lets one person leave, and returns when the prompt is back. */
export async function play(terminal: Terminal, lab: Lab): Promise<void> {
  await terminal.waitFor(/^\$ ?$/mu);
  await terminal.pause(700);
  for (const line of command) {
    for (const word of line.match(/ *[^ ]+/gu) ?? []) {
      await terminal.type(word);
      await terminal.pause(80);
    }
    await terminal.press("Enter");
  }
  await terminal.waitFor(/\[y\/N\] ?$/mu);
  await terminal.pause(2500);
  await terminal.type("y");
  await terminal.pause(400);
  await terminal.press("Enter");
  await terminal.waitFor(/^rdsh04:22 +waiting up to /mu);
  const { model } = lab.host("rdsh04");
  for (const { id, user } of model.sessions()) if (user === "amélie") model.leave(id);
  await terminal.waitFor(/ hosts?, 1 host failed$[^]*^\$ ?$/mu);
  await terminal.pause(300);
}
