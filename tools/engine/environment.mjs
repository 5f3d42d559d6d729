import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { searchPath } from "../on-path.mjs";

/** What programs need to start, find their folders and use the right language; compared in upper case, for Windows. */
const passedOn = new Set([
  ...["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "XDG_CACHE_HOME"],
  ...["USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"],
  ...["TEMP", "TMP", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"],
]);

/** @type {typeof import("./environment.mjs").engineEnvironment} */
export function engineEnvironment({
  engine,
  home,
  stateDir,
  passphrase = "",
  languages = [],
  env = process.env,
}) {
  for (const folder of [home, stateDir]) mkdirSync(folder, { recursive: true });
  for (const language of languages) putHost(language, home);

  /** @type {Record<string, string>} */
  const result = {};
  for (const [name, value] of Object.entries(env)) {
    const known = passedOn.has(name.toUpperCase()) || name.startsWith("LC_");
    if (known && value !== undefined) result[name] = value;
  }
  return {
    ...result,
    // The engine starts its language host by name, which starts `node` by name; that must be the Node that runs us.
    PATH: [
      ...languages.flatMap(({ path }) => path),
      dirname(engine),
      dirname(process.execPath),
      searchPath(env),
    ].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(stateDir).href,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/**
 * Puts a language's host where the engine keeps plugins, because it warns of one on PATH. It takes no notice of a folder that is a
 * link.
 *
 * @param {import("./language.mjs").Language} language @param {string} home
 */
function putHost({ name, host }, home) {
  if (!host) return;
  const folder = join(home, "plugins", `language-${name}-v${host.version}`);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(host.folder)) {
    if (!existsSync(join(folder, file))) symlinkSync(join(host.folder, file), join(folder, file), "file");
  }
}
