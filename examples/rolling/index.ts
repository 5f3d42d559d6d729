/**
 * Rolling maintenance: one batch of hosts after the other is drained, logged off, patched, restarted and opened again, so that
 * people can log on somewhere the whole time. A batch begins when every host of the one before takes logons again.
 *
 *     pulumi config set --path 'batches[0][0]' rdsh01.corp.example
 *     pulumi config set --path 'batches[1][0]' rdsh02.corp.example
 *     pulumi config set --path 'batches[1][1]' rdsh03.corp.example
 *     pulumi config set patchRelease 2026-11
 *     pulumi up
 *
 * If a host is not back, the batches after it are not touched. When it is, run `pulumi up` again: it opens that host and goes
 * on with the next batch.
 */
import * as pulumi from "@pulumi/pulumi";
import { HostUndrain, SessionLogoff } from "pulumi-session-logoff";
import { Patch } from "./patch";

const config = new pulumi.Config();
const batches = config.requireObject<string[][]>("batches");
const release = config.get("patchRelease") ?? "";

let previous: pulumi.Resource[] = [];
batches.forEach((hosts, index) => {
  const batch = `batch-${index + 1}`;
  const loggedOff = new SessionLogoff(
    batch,
    {
      hosts,
      sessions: { all: true, except: { users: ["svc-*"] } },
      // With until-restart, people could log on as soon as a host is up, before anything has shown that it works.
      drain: "until-destroy",
      warn: {
        message: "Maintenance starts in {minutes} minutes. Please save your work and log off.",
        gracePeriod: config.get("gracePeriod") ?? "15m",
      },
      // The restart ends what does not end by itself.
      ifStuck: "continue",
      triggers: [release],
    },
    { dependsOn: previous },
  );
  const patch = new Patch(
    `${batch}-patch`,
    {
      hosts: loggedOff.readyHosts,
      release,
      sshConfig: config.get("sshConfig") ?? "",
    },
    { dependsOn: loggedOff },
  );
  const open = new HostUndrain(
    `${batch}-open`,
    {
      hosts,
      only: loggedOff.readyHosts,
      closedBy: loggedOff.hostResults,
      restartedSince: loggedOff.bootIds,
      timeouts: { total: config.get("backWithin") ?? "30m" },
      triggers: [release],
    },
    { dependsOn: patch },
  );
  previous = [open];
});
