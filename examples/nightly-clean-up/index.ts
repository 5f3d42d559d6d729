/**
 * Ends sessions that were left behind disconnected for hours, every night again:
 *
 *     pulumi up --refresh --yes --skip-preview
 *
 * In mode `ensure` a refresh lists every host, read-only; matching sessions are drift, and `up` runs only those hosts.
 * `pulumi refresh --preview-only --expect-no-changes` tells whether there is anything to do, and does nothing.
 */
import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff } from "pulumi-session-logoff";

const config = new pulumi.Config();

const cleanUp = new SessionLogoff("clean-up", {
  hosts: config.requireObject<string[]>("hosts"),
  sessions: {
    states: ["disconnected"],
    idleFor: config.get("idleFor") ?? "2h",
    except: { users: ["svc-*"] },
  },
  mode: "ensure",
  // Nobody waits for this: a host that cannot be reached tonight has its turn tomorrow.
  failOn: "budget",
  rollout: { maxFailures: "50%" },
  previewSessions: true,
});

export const remaining = cleanUp.remaining;
