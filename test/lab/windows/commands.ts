import type { CommandTrouble } from "../faults";
import { encode } from "../languages/code-pages";
import { fill } from "../languages/language";
import { parseCommandLine, programName, programsIn, statementsOf, type Shell } from "./command-line";
import type { Program, ProgramContext, Reply } from "./program";
import { logoff, msg, reset, rwinsta } from "./programs-act";
import { qprocess, query, quser, qwinsta } from "./programs-list";
import { shutdown } from "./programs-restart";
import { change, chcp, chglogon, reg, ver, whoami } from "./programs-system";
import { codePageOf, languageOf, lineEnd, type Look } from "./render";

/** All programs of a lab host. Add new ones here. */
const programs: Readonly<Record<string, Program>> = {
  qwinsta,
  quser,
  qprocess,
  query,
  logoff,
  rwinsta,
  reset,
  msg,
  chcp,
  chglogon,
  change,
  reg,
  shutdown,
  whoami,
};

/** What the client receives. */
export interface ExecReply {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** How a program of a line ends instead, by its place among them. */
export type PartTroubles = ReadonlyMap<number, Exclude<CommandTrouble, string>>;

type LineContext = Omit<ProgramContext, "args">;

/**
 * Runs a command line in the host's default shell, as Windows' sshd does.
 * Rejects if the command is killed while it waits.
 */
export async function runCommand(
  line: string,
  shell: Shell,
  context: LineContext,
  troubles: PartTroubles = new Map(),
): Promise<ExecReply> {
  const { look, greeting = "", errorGreeting = "" } = context.here;
  const { code, stdout, stderr } = await interpret(line, shell, context, troubles);
  // PowerShell's exit code only tells whether the last command failed.
  const collapses = shell === "powershell" || shell === "powershell-7";
  return {
    code: collapses ? Math.min(code, 1) : code,
    stdout: Buffer.concat([encode(greeting, codePageOf(look)), stdout]),
    stderr: Buffer.concat([encode(errorGreeting, codePageOf(look)), stderr]),
  };
}

async function interpret(
  line: string,
  shell: Shell,
  context: LineContext,
  troubles: PartTroubles = new Map(),
): Promise<ExecReply> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const bytes = (text = ""): Buffer => encode(text, codePageOf(context.here.look));
  const hasMany = programsIn(line, shell).length > 1;
  let code = 0;
  let programs = 0;
  let lastCode: number | undefined;
  for (const statement of statementsOf(line, shell)) {
    if (statement.kind === "if") {
      const [, said = statement.otherwise] =
        statement.cases.find(([least]) => (lastCode ?? 0) >= least) ?? [];
      stdout.push(bytes(said + lineEnd));
      continue;
    }
    const { text, isBuiltIn, mergesErrors } = statement;
    const trouble = isBuiltIn ? undefined : troubles.get(programs);
    if (!isBuiltIn) programs += 1;
    const command = hasMany ? withLastCode(text, shell, lastCode) : text;
    const reply = trouble?.instead === true ? { code: 0 } : await interpretOne(command, shell, context);
    code = trouble?.code ?? (trouble?.signal === undefined ? reply.code : -1);
    if (!isBuiltIn) lastCode = code;
    stdout.push(trouble?.stdout === undefined ? bytes(reply.stdout) : Buffer.from(trouble.stdout));
    const errors = trouble?.stderr === undefined ? bytes(reply.stderr) : Buffer.from(trouble.stderr);
    (mergesErrors ? stdout : stderr).push(errors);
  }
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** PowerShell's `$LASTEXITCODE`; to bash, it is a variable that is not set. */
function withLastCode(text: string, shell: Shell, lastCode: number | undefined): string {
  const isPowerShell = shell === "powershell" || shell === "powershell-7";
  return text.replace(/\$LASTEXITCODE$/u, isPowerShell ? String(lastCode ?? "") : "").trim();
}

async function interpretOne(
  line: string,
  shell: Shell,
  context: Omit<ProgramContext, "args">,
): Promise<Reply> {
  const parsed = parseCommandLine(line, shell);
  if ("unsupported" in parsed) {
    context.unexpected(parsed.unsupported);
    return { code: 1, stderr: `${parsed.unsupported}${lineEnd}` };
  }
  const { program, args } = parsed;
  const name = programName(program);
  if (name === "cmd") return interpretWrapped(args, context);
  if (name === "echo") return echo(line, args, shell);
  if (name === "uname") return uname(args, shell, context);
  if (name === "ver" && shell === "cmd") return ver({ ...context, args });
  const isScripted =
    Object.hasOwn(programs, name) && (name !== "shutdown" || context.here.shutDown !== undefined);
  const run = isScripted ? programs[name] : undefined;
  if (run === undefined) {
    context.unexpected(`no script for the command ${JSON.stringify(line)}`);
    return notRecognized(program, line, shell, context.here.look);
  }
  if (context.here.missingTools?.includes(name) === true) {
    return notRecognized(program, line, shell, context.here.look);
  }
  return run({ ...context, args });
}

/** `cmd.exe /d /c …`: a nested shell, which runs what follows `/c`. */
async function interpretWrapped(
  args: readonly string[],
  context: Omit<ProgramContext, "args">,
): Promise<Reply> {
  const at = args.findIndex((arg) => arg.toLowerCase() === "/c");
  const others = args.slice(0, at).filter((arg) => !["/d", "/s", "/q"].includes(arg.toLowerCase()));
  if (at === -1 || others.length > 0) {
    context.unexpected(`cmd.exe ${args.join(" ")}`);
    return { code: 1 };
  }
  const rest = args.slice(at + 1);
  // A single argument is the whole quoted line. Several arguments have lost their quotes, which are restored.
  const line =
    rest.length === 1 ? rest.join("") : rest.map((arg) => (/[ \t]/.test(arg) ? `"${arg}"` : arg)).join(" ");
  return interpretOne(line, "cmd", context);
}

/**
 * Each shell has its own `echo`: cmd's prints the rest of the line unchanged; PowerShell's is Write-Output, which prints each
 * argument on its own line (see Microsoft's reference of `echo` and Write-Output).
 */
function echo(line: string, args: readonly string[], shell: Shell): Reply {
  switch (shell) {
    case "cmd":
      return { code: 0, stdout: line.slice("echo ".length) + lineEnd };
    case "powershell":
    case "powershell-7":
      return { code: 0, stdout: args.map((arg) => arg + lineEnd).join("") };
    case "git-bash":
    case "cygwin":
      return { code: 0, stdout: `${args.join(" ")}\n` };
  }
}

/** Available in bash, and in every shell of a host with Git's tools on its path. */
function uname(args: readonly string[], shell: Shell, context: Omit<ProgramContext, "args">): Reply {
  const line = ["uname", ...args].join(" ");
  if (args.join(" ") !== "-s") context.unexpected(line);
  if (shell === "cygwin") return { code: 0, stdout: "CYGWIN_NT-10.0-20348\n" };
  if (shell === "git-bash" || context.here.unixTools === true)
    return { code: 0, stdout: "MINGW64_NT-10.0-20348\n" };
  return notRecognized("uname", line, shell, context.here.look);
}

function notRecognized(program: string, line: string, shell: Shell, look: Look): Reply {
  switch (shell) {
    case "cmd":
      return { code: 1, stderr: fill(languageOf(look).notRecognized, program) + lineEnd };
    case "powershell":
      return {
        code: 1,
        stderr: [
          `${program} : The term '${program}' is not recognized as the name of a cmdlet, function, script file, or `,
          "operable program. Check the spelling of the name, or if a path was included, verify that the path is ",
          "correct and try again.",
          "At line:1 char:1",
          `+ ${line}`,
          `+ ${"~".repeat(program.length)}`,
          `    + CategoryInfo          : ObjectNotFound: (${program}:String) [], CommandNotFoundException`,
          "    + FullyQualifiedErrorId : CommandNotFoundException",
          " ",
          "",
        ].join(lineEnd),
      };
    case "powershell-7":
      return {
        code: 1,
        stderr:
          `${program}: The term '${program}' is not recognized as a name of a cmdlet, function, script file, or ` +
          `executable program.${lineEnd}Check the spelling of the name, or if a path was included, verify that the ` +
          `path is correct and try again.${lineEnd}`,
      };
    case "git-bash":
    case "cygwin":
      return { code: 127, stderr: `bash: line 1: ${program}: command not found\n` };
  }
}
