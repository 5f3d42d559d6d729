import * as pulumi from "@pulumi/pulumi";
import {
  HostUndrain,
  SessionLogoff,
  type ErrorCode,
  type HostResult,
  type HostUndrainArgs,
  type SessionLogoffArgs,
  type Totals,
  type UndrainHostResult,
} from "pulumi-session-logoff";

const config = new pulumi.Config();

// Every leaf may be an input, including leaves of optional fields.
const args: SessionLogoffArgs = {
  hosts: [
    "rdsh01",
    pulumi.output("rdsh02"),
    Promise.resolve("rdsh03"),
    {
      host: pulumi.interpolate`rdsh04`,
      port: config.getNumber("port"),
      sessions: ["TERM04", pulumi.output(12)],
      connection: { hostKey: pulumi.output("SHA256:x"), password: config.getSecret("password") },
    },
    pulumi.output({ host: "rdsh05", sessions: { all: true } }),
  ],
  sessions: { all: pulumi.output(true), except: { users: pulumi.output(["svc-*"]) } },
  connection: {
    user: config.get("user"),
    privateKeyFile: "~/.ssh/id",
    passphrase: config.requireSecret("passphrase"),
    strictHostKeyChecking: "yes",
    keepalive: "30s",
  },
  timeouts: { logoff: 300 },
  rollout: pulumi.output({ parallel: 5 }),
  triggers: [config.get("release"), 7, { any: pulumi.output("thing") }],
};
const hosts: pulumi.Output<string[]> = pulumi.output(["a"]);

const first = new SessionLogoff("first", args, { protect: true });
export const second: SessionLogoff = new SessionLogoff(
  "second",
  { hosts, sessions: "TERM04" },
  { dependsOn: first },
);
export const ready: pulumi.Output<readonly string[]> = first.readyHosts;
export const totals: pulumi.Output<Totals> = first.totals;
export const failed: pulumi.Output<number> = first.totals.failed;
export const results: pulumi.Output<Readonly<Record<string, HostResult>>> = first.hostResults;
export const code: pulumi.Output<ErrorCode | undefined> = first.hostResults.apply(
  (by) => by["rdsh01:22"]?.error?.code,
);
// The outputs of one resource are inputs of the other.
export const undrain: HostUndrainArgs = {
  hosts: args.hosts,
  only: first.readyHosts,
  closedBy: first.hostResults,
  restartedSince: { "rdsh01:22": pulumi.output("BootId=0x2f") },
  timeouts: pulumi.output({ total: "1h" }),
};
const open = new HostUndrain("open", { ...undrain, restartedSince: first.bootIds }, { dependsOn: first });
export const opened: pulumi.Output<Readonly<Record<string, UndrainHostResult>>> = open.hostResults;
export const openHosts: pulumi.Output<readonly string[]> = open.readyHosts;
// @ts-expect-error: boot IDs do not say who has drained a host
export const wrong: HostUndrainArgs = { hosts, closedBy: { "rdsh01:22": "BootId=0x2f" } };
export const rest: pulumi.Output<number> = first.remaining;
export const when: pulumi.Output<string> = first.finishedAt;

// @ts-expect-error: hosts are required
new SessionLogoff("third", { sessions: "x" });
// @ts-expect-error: unknown field
new SessionLogoff("fourth", { hosts: ["a"], sesions: "x" });
// @ts-expect-error: not one of the allowed words
new SessionLogoff("fifth", { hosts: ["a"], ifMissing: "panic" });
// @ts-expect-error: wrong type in a nested field
new SessionLogoff("sixth", { hosts: [{ host: "a", connection: { port: "22" } }] });
