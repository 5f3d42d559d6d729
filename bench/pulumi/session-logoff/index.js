"use strict";
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS program, as `pulumi new` makes it for JavaScript */

const { SessionLogoff } = require("pulumi-session-logoff");

const { hosts, privateKeyFile, knownHostsFile, parallel } = JSON.parse(process.env.BENCH_JOB);

new SessionLogoff("everybody", {
  hosts,
  sessions: { all: true },
  connection: { user: "bench", privateKeyFile, knownHostsFile },
  rollout: { parallel },
});
