"use strict";

const { SessionLogoff } = require("pulumi-session-logoff");

const { hosts, privateKeyFile, knownHostsFile, parallel } = JSON.parse(process.env.BENCH_JOB);

new SessionLogoff("everybody", {
  hosts,
  sessions: { all: true },
  connection: { user: "bench", privateKeyFile, knownHostsFile },
  rollout: { parallel },
});
