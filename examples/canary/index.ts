/**
 * A careful rollout: one host first, then a quarter of them, then the rest. When more fail than the budget allows, nobody
 * else is logged off; the next `pulumi up` goes on with the hosts that are left.
 *
 *     pulumi config set --path 'hosts[0]' canary.corp.example
 *     pulumi config set --path window.daily 22:00-05:00
 *     pulumi config set --path window.timeZone Europe/Berlin
 *     pulumi up
 */
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff, type MaintenanceWindowArgs } from "pulumi-session-logoff";

const config = new pulumi.Config();

const loggedOff = new SessionLogoff("canary", {
  hosts: config.requireObject<string[]>("hosts"),
  sessions: { all: true, except: { users: ["svc-*"] } },
  rollout: { waves: [1, "25%", "100%"], pause: config.get("pause") ?? "5m", maxFailures: "5%" },
  // What a mistake in the selection may cost at most.
  limits: { sessionsPerHost: 200 },
  window: config.getObject<MaintenanceWindowArgs>("window"),
  // Failed hosts within the budget do not hold up the patch of those that are ready.
  failOn: "budget",
  triggers: [config.get("patchRelease") ?? ""],
  report: config.get("report") ?? "canary.html",
});

export const readyHosts = loggedOff.readyHosts;
