/** Parses the values of ssh_config options: numbers, times, and text with tokens and variables. */
import { configError } from "./ssh-config-file";
import type { ConfigValue } from "./ssh-config-values";

/** A port, or undefined without a line. @throws LogoffError `plan-invalid` */
export function portOf(value: ConfigValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value.words[0]);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw configError(value.place, "Port must be a number from 1 to 65535");
}

/** A time in OpenSSH's format, such as `90`, `90s` or `1m30s`, in seconds; undefined for `none`. @throws LogoffError `plan-invalid` */
export function secondsOf(value: ConfigValue | undefined): number | undefined {
  const word = value?.words[0]?.toLowerCase();
  if (value === undefined || word === undefined || word === "none") return undefined;
  const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const parts = [...word.matchAll(/(\d+)([smhdw]?)/gu)];
  const seconds = parts.reduce(
    (sum, [, count = "", unit = ""]) => sum + Number(count) * (units[unit] ?? 1),
    0,
  );
  // Any other text would be missing from the joined parts. The limit is that of a C int, as in OpenSSH.
  if (parts.map(([part]) => part).join("") === word && seconds < 2 ** 31) return seconds;
  throw configError(value.place, "the value must be a time such as 30 or 1m");
}

/** The text with tokens such as `%h` replaced. @throws LogoffError `plan-invalid` for a token that is not in `tokens` */
export function expandTokens(
  value: ConfigValue | undefined,
  text: string | undefined,
  tokens: Readonly<Record<string, string>>,
): string | undefined {
  return text?.replace(/%(.?)/gu, (whole, letter: string) => {
    const replacement = tokens[letter];
    if (replacement === undefined)
      throw configError(value?.place ?? "", `token ${whole} is not supported here`);
    return replacement;
  });
}

/** The text with each `${NAME}` replaced. @throws LogoffError `plan-invalid` for a variable that is not set */
export function expandVariables(
  value: ConfigValue | undefined,
  text: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (text === undefined) return undefined;
  let expanded = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf("${", at);
    const end = start < 0 ? -1 : text.indexOf("}", start);
    if (end < 0) return expanded + text.slice(at);
    const name = text.slice(start + 2, end);
    const replacement = env[name];
    if (replacement === undefined)
      throw configError(value?.place ?? "", `environment variable "${name}" is not set`);
    expanded += text.slice(at, start) + replacement;
    at = end + 1;
  }
}
