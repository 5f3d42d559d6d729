/**
 * Answers the prompts of one ssh. ssh runs a script of ours, which hands the prompt to this process and waits; so a password is on disk only
 * between the decision and the answer, and only for this user.
 */
import { access, constants, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock } from "../../base/clock";
import { clientProblem } from "../machine/version";

/** The answer to a prompt. `skip`: ssh goes on without it. `end`: ssh ends, before it sends anything in its place. */
export type Answer = { readonly text: string } | "skip" | "end";

export interface Askpass {
  /** The environment in which ssh asks the script. */
  readonly env: NodeJS.ProcessEnv;
  /** Answers this process and no other: what ssh starts, such as a ProxyCommand, has its environment. */
  readonly serve: (pid: number) => void;
  /** Ends it, and removes what is left of it. Never rejects. */
  readonly close: () => Promise<void>;
}

const pollMs = 20;

/**
 * ssh takes what the script prints, or an empty answer if it fails. An empty password would be sent, and count as a wrong one, so the script
 * ends its ssh instead, unless it is to skip a prompt that is for no password. It waits as long as ssh and its owner do.
 */
const script = (folder: string, name: string): string => `#!/bin/sh
# Written by session-logoff. Asks the process that wrote it.
end() { kill "$PPID"; exit 1; }
cd '${folder}' || end
printf '%s\\n%s' "$PPID" "$1" > ${name}.asking && mv ${name}.asking ${name}.asked || end
while [ ! -e ${name}.answer ] && [ ! -e ${name}.skip ]; do
  [ ! -e ${name}.end ] && [ -e ${name}.askpass ] && kill -0 "$PPID" 2>/dev/null || end
  sleep 0.05
done
if [ -e ${name}.skip ]; then rm -f ${name}.skip; exit 1; fi
cat ${name}.answer || end
rm -f ${name}.answer
`;

/**
 * @param base is a path in the private folder, without characters that a shell reads
 * @throws LogoffError `plan-invalid` if programs in the folder cannot be run, before ssh takes that for an empty answer
 */
export async function startAskpass(
  label: string,
  base: string,
  clock: Clock,
  decide: (prompt: string) => Promise<Answer>,
): Promise<Askpass> {
  const ending = new AbortController();
  const program = `${base}.askpass`;
  await writeFile(program, script(dirname(base), basename(base)), { mode: 0o700 });
  await access(program, constants.X_OK).catch(async () => {
    await rm(program, { force: true });
    throw clientProblem(
      label,
      `a password needs a folder in which programs may be run, which "${dirname(dirname(base))}" is not (mounted with noexec): set XDG_RUNTIME_DIR or TMPDIR to another one`,
    );
  });
  let asker: number | undefined;
  const leave = async (extension: string, text: string): Promise<void> => {
    await writeFile(`${base}.tmp`, text, { mode: 0o600 });
    await rename(`${base}.tmp`, `${base}.${extension}`);
  };
  const answering = (async () => {
    for (;;) {
      await clock.sleep(pollMs, ending.signal);
      const asked = await readFile(`${base}.asked`, "utf8").catch(() => undefined);
      if (asked === undefined) continue;
      await rm(`${base}.asked`, { force: true });
      const [pid = "", ...lines] = asked.split("\n");
      const isOurs = Number(pid) === asker;
      const answer = isOurs ? await decide(lines.join("\n")).catch(() => "end" as const) : "end";
      if (ending.signal.aborted) return;
      if (typeof answer === "string") await leave(answer, "");
      else await leave("answer", `${answer.text}\n`);
    }
  })().catch(() => undefined);
  return {
    env: {
      SSH_ASKPASS: program,
      SSH_ASKPASS_REQUIRE: "force",
    },
    serve: (pid) => (asker = pid),
    close: async () => {
      ending.abort();
      await answering;
      for (const extension of ["askpass", "asking", "asked", "answer", "skip", "end", "tmp"])
        await rm(`${base}.${extension}`, { force: true });
    },
  };
}

/** What a prompt of ssh asks for. Users and hosts are cut in it as ssh cuts them (sshconnect2.c). */
export function promptKind(prompt: string, user: string, host: string): "password" | "passphrase" | "other" {
  if (/^Enter passphrase for /u.test(prompt)) return "passphrase";
  if (prompt === `${cut(user, 30)}@${cut(host, 128)}'s password: `) return "password";
  // keyboard-interactive, since OpenSSH 8.6. After the name stands the host's own question, which may be for a code that is shown as it is typed:
  // ssh does not tell. So only the question of PAM is answered.
  const name = `(${user}@${host}) `;
  const isPassword = prompt.startsWith(name) && passwordQuestion.test(prompt.slice(name.length));
  return isPassword ? "password" : "other";
}

/** What PAM asks with, on Linux (`Password: `) and on the BSDs and macOS (`Password for user@host:`). */
const passwordQuestion = /^password(?: for \S{1,300})?: ?$/iu;

function cut(text: string, bytes: number): string {
  return Buffer.from(text).subarray(0, bytes).toString();
}
