/**
 * The night of a patch: refuse new logons, warn everybody, give them time, log off who stayed, then patch the hosts that
 * are ready.
 *
 *     pulumi config set --path 'hosts[0]' rdsh01.corp.example
 *     pulumi config set session-logoff:user 'CORP\patch-operator'
 *     pulumi config set --secret session-logoff:privateKey < ~/.ssh/patch-operator
 *     pulumi config set session-logoff:knownHosts < known_hosts
 *     pulumi config set patchRelease 2026-11
 *     pulumi up
 *
 * After the restart the hosts take logons again by themselves. When something failed, fix it and run `pulumi up` again: it
 * goes on with the hosts that are left.
 */
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff } from "pulumi-session-logoff";
import { Patch } from "./patch";

const config = new pulumi.Config();
const release = config.get("patchRelease") ?? "";

const loggedOff = new SessionLogoff("pre-patch", {
  hosts: config.requireObject<string[]>("hosts"),
  sessions: { all: true, except: { users: ["svc-*"] } },
  drain: "until-restart",
  warn: {
    message: "Maintenance starts in {minutes} minutes. Please save your work and log off.",
    gracePeriod: config.get("gracePeriod") ?? "15m",
    reminders: config.getObject<string[]>("reminders") ?? ["5m", "1m"],
    cancelMessage: "The maintenance is postponed. You can continue working.",
  },
  rollout: { parallel: 20 },
  // A new release runs everything again; without one, a second `pulumi up` changes nothing.
  triggers: [release],
});

// Stands for the real patch step, which depends on this in the same way.
new Patch("patch", { hosts: loggedOff.readyHosts, release }, { dependsOn: loggedOff });

export const readyHosts = loggedOff.readyHosts;
export const totals = loggedOff.totals;
