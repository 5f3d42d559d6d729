/** The shell that Windows' sshd passes a command to. */
export type Shell = "cmd" | "powershell" | "powershell-7" | "git-bash" | "cygwin";

/** A command line as the program sees it, or why the lab cannot simulate the shell. */
export type CommandLine =
  { readonly program: string; readonly args: readonly string[] } | { readonly unsupported: string };

const isBash = (shell: Shell): boolean => shell === "git-bash" || shell === "cygwin";

/** Characters that make a shell do more than start one program. We never send them on purpose. */
const special: Readonly<Record<"cmd" | "powershell" | "bash", RegExp>> = {
  cmd: /[&|<>^%!\r\n]/,
  powershell: /[&|<>;$`(){}@#\r\n]/,
  bash: /[&|<>;$`(){}*?~#!\r\n]/,
};

/** A part of a line, as the shell sees it. */
export type Statement =
  | {
      readonly kind: "command";
      readonly text: string;
      /** Whether it is `echo`, `uname` or `ver` and not a program of Windows' own. */
      readonly isBuiltIn: boolean;
      /** Whether `2>&1` sends its errors to standard output. */
      readonly mergesErrors: boolean;
    }
  /** cmd's `if errorlevel N (echo …) else …`: what is printed for each least exit code, the highest first, and otherwise. */
  | {
      readonly kind: "if";
      readonly cases: readonly (readonly [number, string])[];
      readonly otherwise: string;
    };

/** The parts of a line, in order: `&` separates them in cmd, `;` in PowerShell and bash, outside quotes and brackets. */
export function statementsOf(line: string, shell: Shell): readonly Statement[] {
  const separated =
    shell === "cmd" && !line.includes("&&")
      ? line.match(/(?:"[^"]*"|\((?:[^()"]|\([^()]*\))*\)|2>&1|[^&"(]|["(])+/gu)
      : shell === "cmd"
        ? null
        : line.match(/(?:"[^"]*"|'[^']*'|[^;"']|["'])+/gu);
  const texts = (separated ?? [line]).map((part, index) =>
    // cmd's echo prints blanks at the end of its text, so only those before the next separator are removed.
    shell === "cmd" && index === (separated ?? []).length - 1 ? part.trimStart() : part.trim(),
  );
  const remark = shell === "cmd" ? texts.findIndex((text) => /^rem(?: |$)/iu.test(text)) : -1;
  return (remark === -1 ? texts : texts.slice(0, remark)).map((text) => statementOf(text, shell));
}

function statementOf(text: string, shell: Shell): Statement {
  const conditions = shell === "cmd" ? /^\((if errorlevel .*)\)$/iu.exec(text)?.[1] : undefined;
  if (conditions !== undefined) {
    const cases = [...conditions.matchAll(/if errorlevel ([0-9]+) \(echo ([^()]*)\) else /giu)];
    const [, otherwise] = /else \(echo ([^()]*)\)$/iu.exec(conditions) ?? [];
    if (cases.length > 0 && otherwise !== undefined)
      return { kind: "if", cases: cases.map(([, least, said = ""]) => [Number(least), said]), otherwise };
  }
  const mergesErrors = shell === "cmd" && text.endsWith(" 2>&1");
  const command = mergesErrors ? text.slice(0, -" 2>&1".length) : text;
  return { kind: "command", text: command, isBuiltIn: /^(?:echo|uname|ver)\b/iu.test(command), mergesErrors };
}

/** The programs that a line runs. One that runs a single program, or none, is returned whole. */
export function programsIn(line: string, shell: Shell): readonly string[] {
  const programs = statementsOf(line, shell).flatMap((one) =>
    one.kind === "command" && !one.isBuiltIn ? [one.text] : [],
  );
  return programs.length > 1 ? programs : [line];
}

/** Splits a line as `shell` and the C runtime do, and rewrites the arguments as bash does. */
export function parseCommandLine(line: string, shell: Shell): CommandLine {
  const kind = isBash(shell) ? "bash" : shell === "cmd" ? "cmd" : "powershell";
  // The only variable that people use in paths of system tools.
  if (kind === "cmd") line = line.replaceAll(/%(systemroot|windir)%/gi, "C:\\Windows");
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? "") + character;
      continue;
    }
    if (character === '"' || (character === "'" && kind !== "cmd")) {
      quote = character;
      word ??= "";
    } else if (/[ \t]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (special[kind].test(character)) {
      return {
        unsupported: `${shell} gives ${JSON.stringify(character)} a meaning that the lab does not know`,
      };
    } else if (character === "\\" && kind === "bash") {
      at += 1;
      word = (word ?? "") + line.charAt(at);
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== undefined) return { unsupported: "a quote is never closed" };
  if (word !== undefined) words.push(word);
  return kind === "bash" ? applyBash(words) : namedProgram(words);
}

function namedProgram(words: readonly string[]): CommandLine {
  const [program, ...args] = words;
  return program === undefined ? { unsupported: "an empty command" } : { program, args };
}

/** MSYS converts what looks like a Unix path to a Windows path, unless an environment variable disables it. */
function applyBash(words: readonly string[]): CommandLine {
  const assignments = words.findIndex((word) => !/^\w+=/.test(word));
  const variables = assignments === -1 ? words : words.slice(0, assignments);
  const line = namedProgram(assignments === -1 ? [] : words.slice(assignments));
  if ("unsupported" in line) return line;
  const untouched = variables.some(
    (word) => word === "MSYS_NO_PATHCONV=1" || word === "MSYS2_ARG_CONV_EXCL=*",
  );
  return untouched ? line : { program: line.program, args: line.args.map(mangle) };
}

/** `//v` → `/v`, `/v` → `V:/`, `/server:x` → `C:/Program Files/Git/server:x`. */
function mangle(argument: string): string {
  if (argument.startsWith("//")) return argument.slice(1);
  if (/^\/[A-Za-z]$/.test(argument)) return `${argument.charAt(1).toUpperCase()}:/`;
  return argument.startsWith("/") ? `C:/Program Files/Git${argument}` : argument;
}

/** `C:\Windows\System32\QWINSTA.EXE` → `qwinsta`, its name in the lab's program table. */
export function programName(program: string): string {
  return program
    .toLowerCase()
    .replace(/^c:[\\/]windows[\\/]system32[\\/]/, "")
    .replace(/\.(exe|com)$/, "");
}
