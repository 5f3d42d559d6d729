import { installPackages, mayInstall, missingPackages } from "../system-packages.mjs";
import { programs } from "./find.mjs";

const ready = "Kerberos is installed: `npm test -- test/real` uses it";

/**
 * Installs the programs of Kerberos that tests run, where that is allowed. Nothing else is set up: each test has its realm in a folder of
 * its own, and no service of the machine is started.
 *
 * @param {{ readonly env: NodeJS.ProcessEnv, readonly log: (line: string) => void }} options
 * @returns {Promise<string>} what is there now
 * @throws {Error} says what is missing and how to get it
 */
export async function setUpKerberos({ env, log }) {
  if (process.platform !== "linux") throw new Error("Cannot set up Kerberos: this machine is not a Linux");
  const missing = missingPackages(programs, env);
  if (missing.length === 0) return ready;
  if (!mayInstall(env)) {
    throw new Error(
      [
        `Cannot set up Kerberos: ${missing.join(", ")} not installed (the names of the packages in Debian).`,
        "As root on Debian, run `npm run setup:extras -- --install`, or set CI=true.",
        "Elsewhere, install MIT Kerberos with its KDC, and OpenSSH with GSSAPI.",
      ].join("\n"),
    );
  }
  log(`Installing ${missing.join(", ")} (apt-get)`);
  await installPackages(missing, { env, log });
  return ready;
}
