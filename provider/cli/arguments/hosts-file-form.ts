/** Formats that people pass instead of a list of hosts. No valid line of a list of hosts matches any of them. */
interface Form {
  /** The name of the form. */
  readonly name: string;
  /** A line that identifies the form. */
  readonly line: RegExp;
  /** How many lines must match: a single one, or at least half of all. */
  readonly needs: "one line" | "half";
  readonly advice?: string;
}

const listsHosts = "ansible all --list-hosts -i FILE prints its hosts";

/** The first form that matches counts. */
const forms: readonly Form[] = [
  { name: "JSON", line: /^(?:\{|\[)\s*(?:["{[].*)?$/u, needs: "one line" },
  { name: "XML or HTML", line: /^<[?!a-z]/iu, needs: "one line" },
  { name: "an ssh_config", line: /^(?:Host|HostName|Match)[ \t=]/iu, needs: "one line" },
  {
    name: "a known_hosts file",
    line: /[ \t](?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+@openssh\.com)[ \t]+AAAA/u,
    needs: "one line",
  },
  {
    name: "an Ansible inventory",
    line: /^\[[^\]:]*(?::(?:vars|children|hosts))?\]$|[ \t]ansible_\w+=|\[\w+:\w+(?::\w+)?\](?!:)/u,
    needs: "one line",
    advice: listsHosts,
  },
  { name: "CSV", line: /^["'].*["']$|[,;\t]/u, needs: "half" },
  {
    name: "an Ansible inventory in YAML",
    line: /^---$|^(?:all|hosts|children|vars|ungrouped):$/u,
    needs: "one line",
    advice: listsHosts,
  },
  {
    name: "an /etc/hosts file",
    line: /^(?:[0-9]+\.){3}[0-9]+[ \t]+\S|^[0-9a-f]*:[0-9a-f:]+[ \t]+\S/iu,
    needs: "half",
  },
  { name: "a table", line: /^-{2,}(?:[ \t]+-{2,})*$|^[|+]/u, needs: "one line" },
];

/** The length of the part of a file that is searched for a form. */
const mostLines = 1000;

/**
 * The form of a hosts file that is no list of hosts, as a sentence that follows the file's name; undefined if it may be a list with mistakes.
 */
export function foreignForm(text: string): string | undefined {
  const lines = text
    .slice(0, 1_000_000)
    .split(/\r\n|\n|\r/u)
    .map((line) => line.replace(/#.*$/u, "").trim())
    .filter((line) => line !== "")
    .slice(0, mostLines);
  const form = forms.find(({ line, needs }) => {
    const count = lines.filter((one) => line.test(one)).length;
    return needs === "half" ? count * 2 >= lines.length && count > 0 : count > 0;
  });
  if (form === undefined) return undefined;
  const { name, advice } = form;
  return `looks like ${name}, but must be a list: one host a line, [user@]address[:port]${advice === undefined ? "" : `; ${advice}`}`;
}
