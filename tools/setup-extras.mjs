import { setUpKerberos } from "./kerberos/install.mjs";
import { setUpWine } from "./wine/make.mjs";

/**
 * `npm run setup:extras [-- --install]`: sets up what some tests use and what is too large for every machine: Kerberos, which
 * then logs us in to real hosts, and Wine, whose cmd.exe then reads our command lines. `--install` allows it to install the packages. What
 * cannot be set up does not keep the rest from it.
 */

const [option, ...others] = process.argv.slice(2);
if ((option !== undefined && option !== "--install") || others.length > 0) {
  console.error("Usage: npm run setup:extras [-- --install]");
  process.exitCode = 2;
} else {
  /** @type {NodeJS.ProcessEnv} */
  const env = option === undefined ? process.env : { ...process.env, SESSION_LOGOFF_TEST_INSTALL: "1" };
  /** @param {string} line */
  const log = (line) => console.error(line);
  for (const setUp of [setUpKerberos, setUpWine]) {
    try {
      log(await setUp({ env, log }));
    } catch (error) {
      log(/** @type {Error} */ (error).message);
      process.exitCode = 1;
    }
  }
}
