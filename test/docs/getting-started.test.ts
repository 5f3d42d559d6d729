/** docs/getting-started.md to the letter: its commands in their order, at one home folder, with the lab that it starts. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homedir, tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { shellWord } from "../lab/lab-folder";
import { until } from "../lab/until";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { isRun, readBlocks, readPages, type Block, type Page } from "./blocks";
import { needsEngine, shown } from "./run-block";
import { runCommands, runTranscript, type Shell } from "./shell";
import { pathWith, plainEnvironment } from "./workshop";

/** Shows that the test itself works, whatever the page says at the moment. */
const sample: Page = {
  file: "a page",
  text: `
\`\`\`sh
git clone https://github.com/example/pulumi-session-logoff.git
cd pulumi-session-logoff
npm run lab -- ~/lab
\`\`\`

\`\`\`console
$ cd ~/lab
$ ./session-logoff --list --host rdsh01
HOST ID USER NAME STATE IDLE LOGON TIME
rdsh01:22  1     console  connected
rdsh01:22  2  alice  rdp-tcp#0  active  0s  3/3/2025 9:32 AM
…
$ ssh -F ssh_config rdsh02.corp.example qwinsta
…
\`\`\`

\`\`\`sh
./session-logoff --all --host rdsh01
kill $(cat pid)
\`\`\`

\`\`\`sh
cd ~/pulumi-session-logoff
nohup npm run lab -- ~/lab > ~/lab.log 2>&1 &
\`\`\`

\`\`\`sh
test -s ~/lab.log
ssh -F ~/lab/ssh_config rdsh01 qwinsta | grep alice
\`\`\`
`,
};

/** Whether a block belongs to the walk: what needs an engine or cannot run is tried elsewhere, or not at all. */
function isStep(block: Block): boolean {
  return (isRun(block, "sh") || isRun(block, "console")) && !needsEngine(block);
}

const page = readPages().find(({ file }) => file === "docs/getting-started.md");

describe("getting started", { timeout: 600_000 }, () => {
  before(build);
  for (const one of [sample, ...(page === undefined ? [] : [page])])
    describe(one.file, () => {
      const base = mkdtempSync(join(tmpdir(), "session-logoff-start-"));
      const [home, bin] = [join(base, "home"), join(base, "bin")];
      for (const folder of [home, bin]) mkdirSync(folder);
      const pidFile = join(home, "lab", "pid");
      after(async () => {
        await endLab(pidFile);
        rmSync(base, { recursive: true, force: true, maxRetries: 10 });
      });
      addPrograms(bin, home);
      const env = {
        ...plainEnvironment(home),
        PATH: pathWith(bin),
        // The home folder is empty, but what the set-up has made is where it was.
        XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
      };
      let cwd = home;
      for (const block of readBlocks(one).blocks.filter(isStep))
        it(`${block.file}:${block.line} (${block.language})`, async () => {
          const shell: Shell = { home, cwd, env: { ...env, LAST_FOLDER: join(base, "cwd") } };
          const run = block.language === "sh" ? runCommands : runTranscript;
          const starts = /\bnpm run lab\b/u.test(block.code);
          const ends = /\bkill\b/u.test(block.code);
          assert.equal(shown(await run(shell, rememberingFolder(block))), "");
          // The page speaks of another terminal, which starts at home.
          cwd = starts ? home : readFileSync(join(base, "cwd"), "utf8").trim();
          if (starts) await until("the lab is ready", () => existsSync(pidFile));
          if (ends) await until("the lab has ended", () => !existsSync(pidFile));
          if (!existsSync(cwd)) cwd = home;
        });
    });
});

/** The next block goes on in the folder where this one ends. */
function rememberingFolder(block: Block): Block {
  // A lab in the background is waited for, until it goes on on its own.
  const last = '{ [ -z "$!" ] || wait "$!"; } && pwd > "$LAST_FOLDER"';
  return { ...block, code: `${block.code}${block.language === "sh" ? last : `$ ${last}`}\n` };
}

/**
 * `git clone` links this checkout, and `npm run lab` goes on in the background, in a session of its own, since the blocks of a page
 * follow each other. Everything else is what it always is.
 */
function addPrograms(bin: string, home: string): void {
  const scripts: Readonly<Record<string, string>> = {
    git: `
if [ "$1" = clone ]; then exec ln -s ${shellWord(checkout)} "\${3:-$(basename "$2" .git)}"; fi
exec git "$@"
`,
    npm: `
if [ "$1 $2" != "run lab" ]; then exec npm "$@"; fi
output=${shellWord(join(home, ".lab-output"))}
setsid npm "$@" < /dev/null > "$output" 2>&1 &
while kill -0 $! 2> /dev/null && ! grep -q Ctrl-C "$output"; do sleep 0.1; done
cat "$output"
grep -q Ctrl-C "$output"
`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/bash\nPATH=\${PATH#*:}\n${script}`);
    chmodSync(join(bin, name), 0o755);
  }
}

/** Ends the lab as the page says, if it has not done so itself. */
async function endLab(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGTERM");
  await until("the lab has ended", () => !existsSync(pidFile));
}
