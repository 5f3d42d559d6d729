/** The part of docs/getting-started.md with the lab, to the letter: its commands in their order, at one home folder. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homedir, tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { shellWord } from "../lab/lab-folder";
import { until } from "../lab/until";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { isRun, readPages, readWalk, walkPage, type Block, type Page } from "./blocks";
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
export PATH="$PWD:$PATH"
\`\`\`

\`\`\`sh
session-logoff --all --host rdsh01
kill $(cat pid)
\`\`\`

\`\`\`sh
cd ~/pulumi-session-logoff
nohup npm run lab -- ~/lab > ~/lab.log 2>&1 &
\`\`\`

\`\`\`sh
cd
test -s ~/lab.log
ssh -F ~/lab/ssh_config rdsh01 qwinsta | grep alice
\`\`\`
`,
};

/** Whether a block belongs to the walk: what needs an engine or cannot run is tried elsewhere, or not at all. */
function isStep(block: Block): boolean {
  return (isRun(block, "sh") || isRun(block, "console")) && !needsEngine(block);
}

const page = readPages().find(({ file }) => file === walkPage);

describe("getting started", { timeout: 600_000 }, () => {
  before(build);
  for (const one of [sample, ...(page === undefined ? [] : [page])])
    describe(one.file, () => {
      const base = mkdtempSync(join(tmpdir(), "session-logoff-start-"));
      const [home, bin] = [join(base, "home"), join(base, "bin")];
      for (const folder of [home, bin]) mkdirSync(folder);
      const pidFile = join(home, "lab", "pid");
      const labs = join(base, "labs");
      after(async () => {
        await endLabs(labs);
        rmSync(base, { recursive: true, force: true, maxRetries: 10 });
      });
      addPrograms(bin, home, labs);
      const env = {
        ...plainEnvironment(home),
        PATH: pathWith(bin),
        // The home folder is empty, but what the set-up has made is where it was.
        XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
      };
      const terminal = { folder: join(base, "folder"), variables: join(base, "variables") };
      const steps = readWalk(one).filter(isStep);

      // A page that does not clone the repository begins in a clone of it.
      const cloned = steps.some(({ code }) => /\bgit clone\b/u.test(code));
      let hasStarted = false;

      it(`${one.file} starts the lab`, () => {
        assert.ok(steps.some(startsLab), "no block that is run has npm run lab: remove its <!-- not run -->");
      });

      for (const block of steps)
        it(`${block.file}:${block.line} (${block.language})`, async () => {
          const lab = pidIn(pidFile);
          const shell: Shell = { home, cwd: cloned || hasStarted ? home : checkout, env };
          const run = block.language === "sh" ? runCommands : runTranscript;
          const starts = startsLab(block);
          const ends = /\bkill\b/u.test(block.code);
          assert.equal(shown(await run(shell, inTerminal(block, terminal))), "");
          if (starts) await until("the lab is ready", () => existsSync(pidFile));
          hasStarted ||= starts;
          if (ends && lab !== undefined) await hasEnded(lab);
          // The page goes on in another terminal, which starts at home.
          if (starts) for (const file of Object.values(terminal)) rmSync(file, { force: true });
        });
    });
});

function startsLab({ code }: Block): boolean {
  return /\bnpm run lab\b/u.test(code);
}

/** The files in which a terminal remembers its folder and its variables from one block to the next. */
interface Terminal {
  readonly folder: string;
  readonly variables: string;
}

/** The block, in the terminal in which the block before it has run. */
function inTerminal(block: Block, { folder, variables }: Terminal): Block {
  const [before, after] = [
    `if [ -f ${shellWord(variables)} ]; then . ${shellWord(variables)}; cd "$(cat ${shellWord(folder)})" 2> /dev/null || cd; fi`,
    // A lab in the background is waited for, until it goes on on its own.
    `{ [ -z "$!" ] || wait "$!"; } && export -p > ${shellWord(variables)} && pwd > ${shellWord(folder)}`,
  ];
  const prompt = block.language === "sh" ? "" : "$ ";
  return { ...block, code: `${prompt}${before}\n${block.code}${prompt}${after}\n` };
}

/**
 * `git clone` links this checkout, and `npm run lab` goes on in the background, in a session of its own, since the blocks of a page
 * follow each other. Everything else is what it always is.
 */
function addPrograms(bin: string, home: string, labs: string): void {
  const scripts: Readonly<Record<string, string>> = {
    git: `
if [ "$1" = clone ]; then exec ln -s ${shellWord(checkout)} "\${3:-$(basename "$2" .git)}"; fi
exec git "$@"
`,
    npm: `
if [ "$1 $2" != "run lab" ]; then exec npm "$@"; fi
output=${shellWord(join(home, ".lab-output"))}
: > "$output"
setsid npm "$@" < /dev/null >> "$output" 2>&1 &
echo $! >> ${shellWord(labs)}
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

/** Ends the labs that the page has not ended itself; each npm leads a process group. */
async function endLabs(file: string): Promise<void> {
  if (!existsSync(file)) return;
  for (const pid of readFileSync(file, "utf8").trim().split("\n").map(Number)) {
    try {
      process.kill(-pid, "SIGTERM");
    } catch {
      // It has ended.
    }
    await hasEnded(-pid);
  }
}

function pidIn(pidFile: string): number | undefined {
  return existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : undefined;
}

function hasEnded(pid: number): Promise<true> {
  return until("the lab has ended", () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}
