import { spawn } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";

interface PatchInputs {
  readonly hosts: readonly string[];
  /** A new one patches every host again. */
  readonly release: string;
  /** The ssh_config with the login; empty: OpenSSH's own. */
  readonly sshConfig: string;
}

/** Restarts a host, and resolves with what went wrong. The restart begins after five seconds, so that its answer arrives first. */
function restart(host: string, sshConfig: string): Promise<string | undefined> {
  const config = sshConfig === "" ? [] : ["-F", sshConfig];
  const command = ["shutdown.exe", "/r", "/t", "5"];
  return new Promise((resolve) => {
    const ssh = spawn("ssh", ["-o", "BatchMode=yes", ...config, `ssh://${host}`, ...command], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    ssh.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    ssh.once("error", ({ message }) => resolve(`${host}: ${message}`));
    ssh.once("close", (code) => resolve(code === 0 ? undefined : `${host}: ${errors.trim()}`));
  });
}

/** Only restarts the hosts, all at the same time: put your own patch step in its place. */
async function patch({ hosts, sshConfig }: PatchInputs): Promise<void> {
  const problems = await Promise.all(hosts.map((host) => restart(host, sshConfig)));
  const failed = problems.filter((problem) => problem !== undefined);
  if (failed.length > 0) throw new Error(`Cannot restart ${failed.join("; ")}`);
}

const provider: pulumi.dynamic.ResourceProvider<PatchInputs, PatchInputs> = {
  create: async (inputs) => {
    await patch(inputs);
    return { id: "patch", outs: inputs };
  },
  update: async (_id, olds, news) => {
    // People are back on the hosts that have been patched to this release.
    const patched = olds.release === news.release ? olds.hosts : [];
    await patch({ ...news, hosts: news.hosts.filter((host) => !patched.includes(host)) });
    return { outs: news };
  },
};

/** Patches and restarts hosts that everybody has left. */
export class Patch extends pulumi.dynamic.Resource {
  constructor(
    name: string,
    args: {
      readonly hosts: pulumi.Input<readonly string[]>;
      readonly release: string;
      readonly sshConfig: string;
    },
    options: pulumi.CustomResourceOptions,
  ) {
    super(provider, name, args, options);
  }
}
