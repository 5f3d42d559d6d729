"use strict";
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS program, as `pulumi new` makes it for JavaScript */

const { readFileSync } = require("node:fs");

const {
  hosts,
  privateKeyFile,
  knownHostsFile,
  parallel,
  resources = 1,
  front = "class",
} = JSON.parse(readFileSync("job.json", "utf8"));
const each = Math.ceil(hosts.length / resources);

/** Declares the resource with the class, or with the plugin. */
function declare(name, inputs) {
  if (front === "class") {
    const { SessionLogoff } = require("pulumi-session-logoff");
    new SessionLogoff(name, inputs);
  } else {
    const { CustomResource } = require("@pulumi/pulumi");
    new CustomResource("session-logoff:index:SessionLogoff", name, inputs);
  }
}

for (let index = 0; index < resources; index += 1)
  declare(`everybody-${index + 1}`, {
    hosts: hosts.slice(index * each, (index + 1) * each),
    sessions: { all: true },
    connection: { user: "bench", privateKeyFile, knownHostsFile },
    rollout: { parallel },
  });
