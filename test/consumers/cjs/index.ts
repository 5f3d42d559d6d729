import pulumi = require("@pulumi/pulumi");
import logoff = require("pulumi-session-logoff");

const loggedOff = new logoff.SessionLogoff("pre-patch", {
  hosts: ["rdsh01", { host: "rdsh02", sessions: 12 }],
  sessions: { users: ["alice"] },
  connection: { passwordEnv: "PASSWORD", port: pulumi.output(22) },
});

const open = new logoff.HostUndrain("open", {
  hosts: ["rdsh01", { host: "rdsh02", sessions: 12 }],
  only: loggedOff.readyHosts,
  closedBy: loggedOff.hostResults,
  restartedSince: loggedOff.bootIds,
});

const args: logoff.SessionLogoffArgs = { hosts: ["a"], sessions: { all: true } };
export = { loggedOff, open, args, ready: loggedOff.readyHosts };
