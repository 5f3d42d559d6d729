/**
 * Puts the names of a host into a ProxyCommand, which a shell reads. Hosts come from inventories, so every name is first checked for what a
 * shell would not take as plain text. Pure.
 */
import { LogoffError } from "../../base/errors";
import { hasControls } from "../../base/text";

/** What the tokens of a command stand for. */
export interface ProxyNames {
  /** Names the host in errors. */
  readonly label: string;
  /** `%n`: the host as it was given. */
  readonly givenName: string;
  /** `%h`: the host after ssh_config; as in OpenSSH, in lower case. */
  readonly address: string;
  /** `%p` */
  readonly port: number;
  /** `%r` */
  readonly user: string;
}

/**
 * The command with its tokens replaced, for `sh -c` or, on Windows, for `cmd.exe /d /s /c`. Backslashes of the user name are doubled for sh.
 * Only names that the command uses are checked, and an unknown token is left as it is.
 * @throws LogoffError `plan-invalid` for a name that must not get into a command; the error names the host, and nothing of the command
 */
export function expandProxyCommand(
  command: string,
  { label, givenName, address, port, user }: ProxyNames,
  platform: NodeJS.Platform,
): string {
  const isWindows = platform === "win32";
  const checked = (text: string, what: string, forbidden: string): string => {
    const wrong = wrongPart(text, isWindows ? `${forbidden}%^!` : forbidden);
    if (wrong === undefined) return text;
    throw new LogoffError(
      "plan-invalid",
      `Cannot connect to "${label}" through its proxy command: ${what} ${wrong}, which a shell could take for more than a name`,
    );
  };
  const login = (): string => {
    const text = checked(user, "its user name (`connection.user`)", special);
    // In `"%r"`, a backslash at the end would take the quote for a part of the name.
    if (isWindows) return checked(text, "its user name (`connection.user`)", text.endsWith("\\") ? "\\" : "");
    return text.replaceAll("\\", "\\\\");
  };
  return command.replace(/%(.)/gsu, (token, letter: string) => {
    switch (letter) {
      case "%":
        return "%";
      case "h":
        return checked(address.toLowerCase(), "its address", `${special}\\`);
      case "n":
        return checked(givenName, "its name", `${special}\\`);
      case "p":
        return String(port);
      case "r":
        return login();
      default:
        return token;
    }
  });
}

/** The characters that OpenSSH 9.6 and newer refuse in a host, but for the backslash. */
const special = `'"$;&<>|(){},\``;

/** What keeps a text from being a plain word for a shell; undefined: nothing. */
function wrongPart(text: string, forbidden: string): string | undefined {
  if (text.startsWith("-")) return 'begins with "-"';
  if (hasControls(text)) return "contains a control character";
  if (/\s/u.test(text)) return "contains a blank";
  const letter = Array.from(text).find((one) => forbidden.includes(one));
  return letter === undefined ? undefined : `contains ${letter === '"' ? "a quotation mark" : `"${letter}"`}`;
}
