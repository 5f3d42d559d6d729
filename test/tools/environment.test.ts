import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { fakeMachine } from "./fake-machine.js";

test("engineEnvironment is separate from the caller's and passes on no credentials", async (t) => {
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const { folder } = fakeMachine(t);
  const [home, stateDir] = [join(folder, "pulumi home"), join(folder, "states", "one")];
  const env = engineEnvironment({
    engine: join(folder, "engine", "bin", "pulumi"),
    home,
    stateDir,
    env: {
      PATH: "/usr/bin",
      HOME: "/home/me",
      LC_ALL: "C.UTF-8",
      PULUMI_ACCESS_TOKEN: "pul-1",
      PULUMI_STACK: "production",
      AWS_SECRET_ACCESS_KEY: "x",
      SSH_AUTH_SOCK: "/run/agent",
      NODE_OPTIONS: "--inspect",
      npm_config_registry: "https://registry.example",
    },
  });
  assert.deepEqual(env, {
    HOME: "/home/me",
    LC_ALL: "C.UTF-8",
    PATH: [join(folder, "engine", "bin"), dirname(process.execPath), "/usr/bin"].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(stateDir).href,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  });
  assert.ok(existsSync(home) && existsSync(stateDir), "both folders are made");
});

test("engineEnvironment gives the engine the hosts of further languages", async (t) => {
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const { folder } = fakeMachine(t);
  const host = join(folder, "kept", "bin");
  mkdirSync(host, { recursive: true });
  writeFileSync(join(host, "pulumi-language-python"), "the host");
  const home = join(folder, "home of pulumi");
  const options = {
    engine: join(folder, "engine", "bin", "pulumi"),
    home,
    stateDir: join(folder, "states"),
    languages: [
      {
        name: "python",
        host: { folder: host, version: "3.60.0" },
        path: [join(folder, "venv", "bin")],
        why: "",
      },
      { name: "yaml", path: [], why: "the engine brings it" },
    ],
    env: { PATH: "/usr/bin" },
  } as const;
  const { PATH } = engineEnvironment(options);
  assert.equal(
    PATH,
    [join(folder, "venv", "bin"), join(folder, "engine", "bin"), dirname(process.execPath), "/usr/bin"].join(
      delimiter,
    ),
  );
  const plugin = join(home, "plugins", "language-python-v3.60.0", "pulumi-language-python");
  assert.equal(readFileSync(plugin, "utf8"), "the host");
  assert.doesNotThrow(() => engineEnvironment(options), "the same home again");
});
