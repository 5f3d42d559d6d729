import { optionSections, type OptionRow } from "./options";
import type { Shell } from "./run-request";

const rows: readonly OptionRow[] = optionSections.flatMap((section) => [...section.rows]);

/** A script that completes our options and their values in a shell. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bash();
    case "zsh":
      return zsh();
    case "fish":
      return fish();
    case "powershell":
      return powershell();
  }
}

function wordsOf({ completes }: OptionRow): readonly string[] {
  return completes === undefined || completes === "file" ? [] : completes;
}

function takesFile({ completes }: OptionRow): boolean {
  return completes === "file";
}

function bash(): string {
  const cases = rows.flatMap((row) => {
    if (takesFile(row)) return [`    --${row.name}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`];
    if (row.kind === "flag") return [];
    const words = wordsOf(row).join(" ");
    return [`    --${row.name}) COMPREPLY=($(compgen -W "${words}" -- "$cur")); return ;;`];
  });
  return `# session-logoff completion for bash: eval "$(session-logoff --completion bash)"
_session_logoff() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  case "$prev" in
${cases.join("\n")}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "${rows.map(({ name }) => `--${name}`).join(" ")}" -- "$cur")) ;;
    /*) COMPREPLY=($(compgen -W "/server: /v /?" -- "$cur")) ;;
  esac
}
complete -F _session_logoff session-logoff
`;
}

function zsh(): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/gu, "\\$&");
  const specs = rows.map((row) => {
    const again = row.kind === "list" || row.kind === "values" ? "*" : "";
    const value =
      row.kind === "flag"
        ? ""
        : takesFile(row)
          ? ":file:_files"
          : `:${quoted(row.value ?? "value").toLowerCase()}:(${wordsOf(row).join(" ")})`;
    return `    '${again}--${row.name}[${quoted(row.help)}]${value}'`;
  });
  return `#compdef session-logoff
# session-logoff completion for zsh: session-logoff --completion zsh > "\${fpath[1]}/_session-logoff"
_session_logoff() {
  _arguments -s \\
${specs.map((spec) => `${spec} \\`).join("\n")}
    '*:session name or ID:'
}
if [ "$funcstack[1]" = "_session-logoff" ]; then _session_logoff "$@"; else compdef _session_logoff session-logoff; fi
`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = rows.map((row) => {
    const short = row.short === undefined ? "" : ` -s ${row.short}`;
    const words = wordsOf(row);
    const value =
      row.kind === "flag"
        ? ""
        : takesFile(row)
          ? " -r -F"
          : words.length > 0
            ? ` -x -a ${quoted(words.join(" "))}`
            : " -x";
    return `complete -c session-logoff -l ${row.name}${short}${value} -d ${quoted(row.help)}`;
  });
  return `# session-logoff completion for fish: session-logoff --completion fish | source
complete -c session-logoff -f
${lines.join("\n")}
`;
}

function powershell(): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const options = rows.map(({ name, help }) => `    ${quoted(`--${name}`)} = ${quoted(help)}`);
  const words = rows
    .filter((row) => wordsOf(row).length > 0)
    .map((row) => `    ${quoted(`--${row.name}`)} = @(${wordsOf(row).map(quoted).join(", ")})`);
  return `# session-logoff completion for PowerShell: session-logoff --completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName session-logoff -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $options = [ordered]@{
${options.join("\n")}
    '/server:' = 'the host'
    '/v' = 'show each step'
    '/?' = 'help'
  }
  $words = @{
${words.join("\n")}
  }
  $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
  $before = $elements[-1]
  if ($before -and $words.ContainsKey($before)) {
    $words[$before] | Where-Object { $_ -like "$wordToComplete*" } |
      ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
    return
  }
  $options.GetEnumerator() | Where-Object { $_.Key -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_.Key, $_.Key, 'ParameterName', $_.Value) }
}
`;
}
