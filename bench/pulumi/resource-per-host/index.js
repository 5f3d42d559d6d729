"use strict";
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS program, as `pulumi new` makes it for JavaScript */

const { readFileSync } = require("node:fs");
const { dynamic } = require("@pulumi/pulumi");

/** What somebody writes who needs it by Friday: no host keys, no deadlines, no second look. */
const provider = {
  async create({ host, privateKeyFile }) {
    const { readFileSync } = require("node:fs");
    const { Client } = require("ssh2");
    const client = new Client();
    const [address, port] = host.split(":");
    await new Promise((resolve, reject) => {
      client.on("ready", resolve).on("error", reject);
      client.connect({
        host: address,
        port: Number(port),
        username: "bench",
        privateKey: readFileSync(privateKeyFile),
      });
    });
    const run = (command) =>
      new Promise((resolve, reject) => {
        client.exec(command, (error, channel) => {
          if (error) {
            reject(error);
            return;
          }
          let output = "";
          channel.on("data", (data) => (output += data)).on("close", () => resolve(output));
          channel.stderr.resume();
        });
      });
    const ids = (table) =>
      [...table.matchAll(/ ([0-9]+) {2}(?:Active|Disc)/gu)]
        .map(([, id]) => id)
        .filter((id) => id !== undefined);
    try {
      for (const id of ids(await run("quser.exe"))) await run(`logoff.exe ${id}`);
      if (ids(await run("quser.exe")).length > 0) throw new Error(`somebody is still logged on to ${host}`);
    } finally {
      client.end();
    }
    return { id: host, outs: { host } };
  },
};

class HostLogoff extends dynamic.Resource {
  constructor(name, props) {
    super(provider, name, props);
  }
}

const { hosts, privateKeyFile } = JSON.parse(readFileSync("job.json", "utf8"));
for (const host of hosts) new HostLogoff(host, { host, privateKeyFile });
