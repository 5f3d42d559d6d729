import { setUpWine } from "./wine/make.mjs";

/**
 * `npm run setup:extras [-- --install]`: sets up what some tests use and what is too large for every machine: Wine, whose cmd.exe
 * then reads our command lines. `--install` allows it to install the packages.
 */

const [option, ...others] = process.argv.slice(2);
if ((option !== undefined && option !== "--install") || others.length > 0) {
  console.error("Usage: npm run setup:extras [-- --install]");
  process.exitCode = 2;
} else {
  /** @type {NodeJS.ProcessEnv} */
  const env = option === undefined ? process.env : { ...process.env, SESSION_LOGOFF_TEST_INSTALL: "1" };
  try {
    const folder = await setUpWine({ env, log: (line) => console.error(line) });
    console.error(`Wine is set up in ${folder}: \`npm test -- test/real\` uses it`);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
