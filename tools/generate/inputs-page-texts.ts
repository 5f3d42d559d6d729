/** What the pages on inputs say besides the declarations. */
import type { OnChange } from "../../provider/plan/schema/type";

/** The words of a page on the inputs of one resource. */
export interface InputsPageText {
  readonly title: string;
  /** Paragraphs before the tables. */
  readonly introduction: readonly string[];
  /** What a change of the inputs with each effect does. */
  readonly effects: readonly (readonly [OnChange, string])[];
  readonly afterEffects: string;
  /** The page that explains a field, by its name. */
  readonly pages: Readonly<Record<string, readonly [title: string, file: string]>>;
  /** Values of types that their description does not show. */
  readonly examples: Readonly<Record<string, string>>;
}

const connecting = ["Connecting over SSH", "connecting.md"] as const;
const whatRuns = ["What runs again when", "what-runs-again.md"] as const;
const timedOut = ["Troubleshooting", "troubleshooting.md#timed-out"] as const;

export const sessionLogoffText: InputsPageText = {
  title: "Inputs",
  introduction: [
    "This page lists every input of `SessionLogoff`, with its type, its default and the option of the command that sets it. Only `hosts` and `sessions` are required:",
    block("ts", `hosts: ["rdsh01.corp.example"],\nsessions: { all: true },`),
    "Each value may be a `pulumi.Input`. Unknown fields, wrong types and impossible combinations are all reported together, before anything connects.",
  ],
  effects: [
    [
      "run",
      "`pulumi up` runs hosts again: all of them for `triggers`, those without `sessions` of their own for `sessions`, and for `hosts` those that are new or have other `sessions`. A host that is removed and that this resource drained is undrained.",
    ],
    [
      "store",
      '`pulumi up` stores the new value and contacts only the hosts that are not done. `drain: "none"` also undrains the hosts that this resource drained.',
    ],
    ["nothing", "`pulumi up` does nothing. The new value takes effect when hosts run for another reason."],
  ],
  afterEffects:
    "A host that failed or was skipped runs again in any case. [What runs again when](what-runs-again.md) has the details.",
  pages: {
    hosts: connecting,
    connection: connecting,
    sessions: ["Selecting sessions", "selecting-sessions.md"],
    ifMissing: ["Selecting sessions", "selecting-sessions.md"],
    ifArrived: ["Selecting sessions", "selecting-sessions.md"],
    limits: ["Selecting sessions", "selecting-sessions.md"],
    drain: ["Draining hosts", "draining.md"],
    warn: ["Warning people", "warning-people.md"],
    atDeadline: ["Warning people", "warning-people.md"],
    ifStuck: ["Troubleshooting", "troubleshooting.md#session-stuck"],
    settle: ["Rollouts and windows", "rollouts.md"],
    rollout: ["Rollouts and windows", "rollouts.md"],
    failOn: ["Rollouts and windows", "rollouts.md"],
    window: ["Rollouts and windows", "rollouts.md"],
    timeouts: timedOut,
    mode: whatRuns,
    triggers: whatRuns,
    report: ["Reports", "reports.md"],
    server: ["Windows hosts", "windows-hosts.md"],
  },
  examples: {
    SessionsArgs: block(
      "ts",
      `sessions: { all: true, except: { users: ["svc-*"] } }, // everybody but the service accounts`,
    ),
    ConnectionArgs: block(
      "ts",
      `connection: { user: "patch", privateKeyFile: "~/.ssh/patch", jumpHosts: ["gateway.corp.example"] },`,
    ),
    HostArgs: block(
      "ts",
      `hosts: ["rdsh01.corp.example", { host: "rdsh02.corp.example", sessions: ["TERM04", 12] }],`,
    ),
    WarningArgs: block(
      "ts",
      `warn: { message: "Maintenance starts in {minutes} minutes.", gracePeriod: "15m", reminders: ["5m", "1m"] },`,
    ),
    RolloutArgs: block(
      "ts",
      `rollout: { parallel: 50, waves: [1, "10%", "50%"], pause: "10m", maxFailures: "5%" },`,
    ),
    MaintenanceWindowArgs: block("ts", `window: { daily: "22:00-05:00", timeZone: "Europe/Berlin" },`),
  },
};

export const hostUndrainText: InputsPageText = {
  title: "Inputs of HostUndrain",
  introduction: [
    "`HostUndrain` is the resource for the time after the patch: it waits until hosts have restarted and answer again, and lifts the drain of each. This page lists every input, with its type and its default. Types that it shares with `SessionLogoff` are on the page about [its inputs](inputs.md).",
    "Only `hosts` is required. A program usually gives it the hosts of a `SessionLogoff` and what that resource has found out about them:",
    block(
      "js",
      `new HostUndrain(
  "after-patch",
  {
    hosts, // as in SessionLogoff
    only: logoff.readyHosts, // the hosts that were patched
    closedBy: logoff.hostResults, // whose drains to lift
    restartedSince: logoff.bootIds, // wait until each host has restarted
  },
  { dependsOn: patch },
);`,
    ),
    "Each value may be a `pulumi.Input`. Unknown fields, wrong types and impossible combinations are all reported together, before anything connects.",
  ],
  effects: [
    [
      "run",
      "`pulumi up` waits for hosts again: for all of them if `triggers` changes, and otherwise for those that are new.",
    ],
    ["store", "`pulumi up` stores the new value and contacts only the hosts that are not done."],
    ["nothing", "`pulumi up` does nothing. The new value takes effect when hosts are waited for again."],
  ],
  afterEffects: "A host that failed or was skipped is waited for again in any case.",
  pages: {
    hosts: connecting,
    connection: connecting,
    only: ["Outputs and states", "outputs.md"],
    closedBy: ["Draining hosts", "draining.md"],
    timeouts: timedOut,
    report: ["Reports", "reports.md"],
  },
  examples: {
    UndrainTimeoutsArgs: block("ts", `timeouts: { total: "1h" },`),
    UndrainRolloutArgs: block("ts", `rollout: { parallel: 50 },`),
  },
};

function block(language: "ts" | "js", code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}
