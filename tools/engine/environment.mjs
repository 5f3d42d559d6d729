import { mkdirSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { searchPath } from "../on-path.mjs";

/** What programs need to start, find their folders and use the right language; compared in upper case, for Windows. */
const passedOn = new Set([
  ...["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "XDG_CACHE_HOME"],
  ...["USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"],
  ...["TEMP", "TMP", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"],
]);

/** @type {typeof import("./environment.mjs").engineEnvironment} */
export function engineEnvironment({ engine, home, stateDir, passphrase = "", env = process.env }) {
  for (const folder of [home, stateDir]) mkdirSync(folder, { recursive: true });

  /** @type {Record<string, string>} */
  const result = {};
  for (const [name, value] of Object.entries(env)) {
    const known = passedOn.has(name.toUpperCase()) || name.startsWith("LC_");
    if (known && value !== undefined) result[name] = value;
  }
  return {
    ...result,
    // The engine starts its language host by name, which starts `node` by name; that must be the Node that runs us.
    PATH: [dirname(engine), dirname(process.execPath), searchPath(env)].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(stateDir).href,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
