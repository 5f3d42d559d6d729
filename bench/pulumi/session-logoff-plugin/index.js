"use strict";
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS program, as `pulumi new` makes it for JavaScript */

const { readFileSync } = require("node:fs");
const { CustomResource } = require("@pulumi/pulumi");

const {
  hosts,
  privateKeyFile,
  knownHostsFile,
  parallel,
  resources = 1,
} = JSON.parse(readFileSync("job.json", "utf8"));
const each = Math.ceil(hosts.length / resources);

for (let index = 0; index < resources; index += 1)
  new CustomResource("session-logoff:index:SessionLogoff", `everybody-${index + 1}`, {
    hosts: hosts.slice(index * each, (index + 1) * each),
    sessions: { all: true },
    connection: { user: "bench", privateKeyFile, knownHostsFile },
    rollout: { parallel },
  });
