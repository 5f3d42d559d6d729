import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** The file name of a program on this platform: `go` or `go.exe`. @param {string} name */
export function executableName(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}

/**
 * The absolute path of the first executable with that name on PATH, or undefined.
 *
 * On Windows, only `.exe` counts: Node refuses to start a `.cmd` without a shell, and a shell would parse the arguments again.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
export function findOnPath(name, env) {
  for (const folder of searchPath(env).split(delimiter)) {
    if (folder === "") continue;
    const file = resolve(join(folder, executableName(name)));
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/** The value of PATH, whatever the case of its name on Windows. @param {NodeJS.ProcessEnv} env */
export function searchPath(env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH");
  return (name && env[name]) || "";
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
