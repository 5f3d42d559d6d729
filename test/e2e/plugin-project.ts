import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProject, type Project } from "./project";

/**
 * A program without an SDK of the package. In the args of a resource, `"@secret:TEXT"` stands for a secret, `"@finishedAt:NAME"` for an output of
 * an earlier resource, `$options` holds options of the resource, and `$provider` the inputs of an explicit provider.
 */
const program = `
const fs = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const results = ["totals", "readyHosts", "hostResults", "remaining", "finishedAt", "resume", "stateVersion"];
const undefinedResults = Object.fromEntries(results.map((name) => [name, undefined]));
const made = {};
const fill = (value) =>
  typeof value === "string" && value.startsWith("@secret:") ? pulumi.secret(value.slice(8))
  : typeof value === "string" && value.startsWith("@finishedAt:") ? made[value.slice(12)].finishedAt
  : Array.isArray(value) ? value.map(fill)
  : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]))
  : value;
for (const [name, { $options = {}, $provider, ...args }] of Object.entries(JSON.parse(fs.readFileSync("resources.json", "utf8")))) {
  const provider = $provider && new pulumi.ProviderResource("session-logoff", name + "-login", fill($provider));
  const { dependsOn = [], ...options } = $options;
  const given = { ...options, ...(provider ? { provider } : {}), dependsOn: dependsOn.map((one) => made[one]) };
  made[name] = new pulumi.CustomResource("session-logoff:index:SessionLogoff", name, { ...fill(args), ...undefinedResults }, given);
  const { readyHosts, finishedAt, remaining, totals, hostResults } = made[name];
  exports[name] = { readyHosts, finishedAt, remaining, totals, hostResults };
}
`;

/** A project whose program uses the plugin, bundled anew. */
export async function createPluginProject(): Promise<Project> {
  const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-plugin-"));
  await bundlePlugin(folder);
  const settings = `plugins:\n  providers:\n    - name: session-logoff\n      path: ${JSON.stringify(folder)}\n`;
  const project = await createProject({ program, settings });
  return {
    ...project,
    remove: () => {
      project.remove();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
