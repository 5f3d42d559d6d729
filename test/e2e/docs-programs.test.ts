import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { before, describe, it } from "node:test";
import { isRun, readBlocks, readPages, type Block } from "../docs/blocks";
import { isProgram, javaScript } from "../docs/programs";
import { needsEngine, shown } from "../docs/run-block";
import { runCommands, runTranscript } from "../docs/shell";
import { replaceStrings, shortenProgram } from "../docs/shorten";
import { openWorkshop, type Workshop } from "../docs/workshop";
import { fleet, namesOf } from "../lab/fleet";
import { shellWord } from "../lab/lab-folder";
import { labUser, type Lab } from "../lab/lab";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { createProject, type Project } from "./project";

/** For commands on a page without a program. */
const plainProgram = `
import { SessionLogoff } from "pulumi-session-logoff";
export const { readyHosts } = new SessionLogoff("pre-patch", { hosts: ["rdsh01"], sessions: { all: true } });
`;

/** A block that an engine runs, with its program. */
interface Case {
  readonly block: Block;
  readonly program: string;
}

function casesOf(blocks: readonly Block[]): readonly Case[] {
  let program = plainProgram;
  return blocks.flatMap((block) => {
    const runs = (["ts", "sh", "console"] as const).some((language) => isRun(block, language));
    if (!runs || !needsEngine(block)) return [];
    if (isProgram(block)) program = block.code;
    return [{ block, program }];
  });
}

/** The program with the addresses of the hosts, and nothing that takes long. */
function shortProgram(program: string, lab: Lab): string {
  const addresses = new Map(
    fleet.flatMap(({ name }) => namesOf(name).map((one) => [one, lab.addressOf(name)] as const)),
  );
  return replaceStrings(shortenProgram(program), ({ text }) => {
    const [, user = "", host = ""] = /^([^@\s]+@)?(\S+)$/u.exec(text) ?? [];
    const address = addresses.get(host);
    return address === undefined ? undefined : user + address;
  });
}

/** What the stack's configuration holds: the credentials, and something for every key that the program reads. */
async function configure(project: Project, program: string, lab: Lab): Promise<void> {
  const values = new Map<string, string>();
  const read = /config\.(?:get|require)(Secret)?(Object|Number|Boolean)?(?:<[^()]*>)?\("([\w-]+)"\)/gu;
  for (const [, , kind, name = ""] of program.matchAll(read)) {
    if (kind === "Object" && name === "hosts") {
      for (const [index, host] of ["rdsh01", "rdsh02"].entries())
        values.set(`hosts[${index}]`, lab.addressOf(host));
    } else if (name === "patchRelease") values.set(name, "2026-11");
  }
  const set = async (...args: readonly string[]): Promise<void> => {
    const { code, output } = await project.pulumi("config", "set-all", ...args);
    assert.equal(code, 0, output);
  };
  await set(
    `--plaintext=session-logoff:user=${labUser.name}`,
    `--plaintext=session-logoff:knownHosts=${lab.knownHosts}`,
    `--secret=session-logoff:privateKey=${lab.clientKey.privateKey}`,
  );
  if (values.size > 0)
    await set("--path", ...[...values].map(([name, value]) => `--plaintext=${name}=${value}`));
}

async function openCase(
  program: string,
): Promise<{ readonly workshop: Workshop; readonly project: Project }> {
  const workshop = await openWorkshop(true);
  const { home, env } = workshop.shell;
  const project = await createProject({
    environment: { HOME: home, RDS_PASSWORD: env["RDS_PASSWORD"] ?? "" },
  });
  for (const name of ["known_hosts", "key", "rdsh.txt", "ssh_config"])
    copyFileSync(join(home, name), join(project.folder, name));
  const patchStep = readFileSync(join(checkout, "examples", "pre-patch", "patch.ts"), "utf8");
  writeFileSync(join(project.folder, "patch.js"), javaScript(patchStep));
  writeFileSync(join(project.folder, "index.js"), javaScript(shortProgram(program, workshop.lab)));
  return { workshop, project };
}

describe("the programs of the documents", { timeout: 1_200_000 }, () => {
  before(build);
  for (const { block, program } of readPages().flatMap((page) => casesOf(readBlocks(page).blocks)))
    it(`${block.file}:${block.line} (${block.language})`, async () => {
      const { workshop, project } = await openCase(program);
      try {
        await configure(project, program, workshop.lab);
        if (block.language === "ts") {
          const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
          assert.equal(code, 0, output);
          return;
        }
        workshop.addProgram("pulumi", `exec ${shellWord(project.engine)} "$@"\n`);
        const { shell } = workshop;
        const path = [shell.env["PATH"], project.env["PATH"]].join(delimiter);
        const env = { ...project.env, ...shell.env, PATH: path, PULUMI_SKIP_CONFIRMATIONS: "true" };
        const run = block.language === "sh" ? runCommands : runTranscript;
        assert.equal(shown(await run({ ...shell, cwd: project.folder, env }, block)), "");
      } finally {
        project.remove();
        await workshop.close();
      }
    });
});
