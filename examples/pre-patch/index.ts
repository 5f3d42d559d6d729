/**
 * Logs everybody but the service accounts off a fleet of Remote Desktop hosts, so that the hosts can be patched.
 *
 *     pulumi config set --path 'hosts[0]' rdsh01.corp.example
 *     pulumi config set session-logoff:user 'CORP\patch-operator'
 *     pulumi config set --secret session-logoff:privateKey < ~/.ssh/patch-operator
 *     pulumi config set session-logoff:knownHosts < known_hosts
 *     pulumi up
 */
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff } from "pulumi-session-logoff";

const config = new pulumi.Config();

const loggedOff = new SessionLogoff("pre-patch", {
  hosts: config.requireObject<string[]>("hosts"),
  sessions: { all: true, except: { users: ["svc-*"] } },
  rollout: { parallel: 20 },
  // A new release runs everything again; without one, a second `pulumi up` changes nothing.
  triggers: [config.get("patchRelease") ?? ""],
});

/** The patch step goes on with these: everybody who was to go has gone. */
export const readyHosts = loggedOff.readyHosts;
export const totals = loggedOff.totals;
