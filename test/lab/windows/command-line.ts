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

/**
 * The commands of a line, in order. In PowerShell and bash, `;` outside quotes separates commands; to cmd, it is an ordinary
 * character.
 */
export function statementsOf(line: string, shell: Shell): readonly string[] {
  if (shell === "cmd") return [line];
  const parts = line.match(/(?:"[^"]*"|'[^']*'|[^;"']|["'])+/g) ?? [line];
  return parts.map((part) => part.trim());
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
