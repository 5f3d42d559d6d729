/**
 * Logs users off servers that have no SSH server: one management host has, and acts on the others with `/server:NAME`, as
 * an administrator would by hand. All of them share one connection.
 *
 *     pulumi config set management mgmt01.corp.example
 *     pulumi config set --path 'servers[0]' RDSH01
 *     pulumi config set session-logoff:user 'CORP\patch-operator'
 *     pulumi config set --secret session-logoff:password
 *     pulumi config set session-logoff:knownHosts < known_hosts
 *     pulumi up
 *
 * A login with a password, not with a key: Windows forwards no key login to another machine. `drain` cannot be relayed.
 */
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff } from "pulumi-session-logoff";

const config = new pulumi.Config();
const management = config.require("management");

const loggedOff = new SessionLogoff("relay", {
  hosts: config.requireObject<string[]>("servers").map((server) => ({ host: management, server })),
  sessions: { all: true, except: { users: ["svc-*"] } },
  triggers: [config.get("patchRelease") ?? ""],
});

/** By identity: `mgmt01.corp.example:22>rdsh01`. */
export const readyHosts = loggedOff.readyHosts;
