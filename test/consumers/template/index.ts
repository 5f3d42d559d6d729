import * as pulumi from "@pulumi/pulumi";
import { SessionLogoff, SessionLogoffArgs } from "pulumi-session-logoff";

const config = new pulumi.Config();
const args: SessionLogoffArgs = {
  hosts: [
    "rdsh01",
    pulumi.output("rdsh02"),
    {
      host: pulumi.interpolate`rdsh03`,
      port: config.getNumber("port"),
      sessions: ["TERM04", pulumi.output(12)],
      connection: { password: config.getSecret("password"), jumpHosts: [{ host: "bastion", user: "me" }] },
    },
  ],
  sessions: { all: true, except: { users: pulumi.output(["svc-*"]) } },
  rollout: pulumi.output({ parallel: 5 }),
  triggers: [config.get("patchRelease") ?? "", { any: pulumi.output("thing") }],
};
const loggedOff = new SessionLogoff("pre-patch", args);
export const readyHosts: pulumi.Output<readonly string[]> = loggedOff.readyHosts;
export const failed: pulumi.Output<number> = loggedOff.totals.failed;
export const message = loggedOff.hostResults.apply((by) => by["rdsh01:22"]?.error?.message);
