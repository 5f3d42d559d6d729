/** The ssh_config values of a host: the first value of each option wins, but identity files accumulate. */
import { matchesWildcards } from "../../base/wildcard";
import { matchesPatternList } from "../host-keys/known-hosts";
import { configError, type ConfigLine } from "./ssh-config-file";

/** The host whose values are read. */
export interface ConfigQuery {
  /** The name as the program gave it, which `Host` lines match. */
  readonly host: string;
  /** The given user, if any: it overrides a `User` line, and `Match user` matches it. */
  readonly user?: string;
  readonly localUser: string;
}

export interface ConfigValue {
  readonly place: string;
  readonly words: readonly string[];
}

export interface ConfigValues {
  readonly first: ReadonlyMap<string, ConfigValue>;
  readonly identityFiles: readonly ConfigValue[];
  readonly warnings: readonly string[];
}

/** Old names of options. The first value under either name wins. */
const newNames: Readonly<Record<string, string>> = {
  pubkeyacceptedkeytypes: "pubkeyacceptedalgorithms",
};

/** The values for a host, from the files in order. @throws LogoffError `plan-invalid` for an invalid line */
export function configValues(files: readonly (readonly ConfigLine[])[], query: ConfigQuery): ConfigValues {
  const first = new Map<string, ConfigValue>();
  const identityFiles: ConfigValue[] = [];
  const warnings = new Set<string>();
  let final = false;
  const asked = { final: false };

  const take = (line: ConfigLine): void => {
    const value = { place: line.place, words: line.words };
    const keyword = newNames[line.keyword] ?? line.keyword;
    if (keyword !== "identityfile") {
      if (!first.has(keyword)) first.set(keyword, value);
    } else if (!identityFiles.some((other) => other.words[0] === line.words[0])) identityFiles.push(value);
  };
  // In the final pass, `Host` lines match the resolved name in lower case.
  let about = query.host;
  const walk = (lines: readonly ConfigLine[], outer: boolean): void => {
    let active = outer;
    for (const line of lines) {
      if (line.keyword === "host") active = outer && matchesHost(line.words, about);
      else if (line.keyword === "match") active = matches(line) && outer;
      else if (line.files) line.files.forEach((file) => walk(file, active));
      else if (active) take(line);
    }
  };
  const matches = (line: ConfigLine): boolean => {
    const criteria = matchCriteria(line);
    if (criteria.some((criterion) => criterion.name === "final")) asked.final = true;
    if (criteria.some((criterion) => criterion.name === "exec"))
      warnings.add(`${line.place}: Match exec is never run, so its lines do not apply`);
    return criteria.every((criterion) => holds(criterion, line));
  };
  const settledName = (): string =>
    first.get("hostname")?.words[0]?.replaceAll("%h", query.host).replaceAll("%%", "%") ?? query.host;
  const holds = ({ name, negated, argument }: Criterion, line: ConfigLine): boolean => {
    const user = query.user ?? first.get("user")?.words[0] ?? query.localUser;
    switch (name) {
      case "all":
        return true;
      case "canonical": // readconf.c checks the same flag for both
      case "final":
        return final !== negated;
      case "exec":
        return false;
      case "host":
        return matchesPatternList(argument, settledName().toLowerCase()) !== negated;
      case "originalhost":
        return matchesPatternList(argument, query.host.toLowerCase()) !== negated;
      case "user":
        return matchesCased(argument, user) !== negated;
      case "localuser":
        return matchesCased(argument, query.localUser) !== negated;
      default:
        throw configError(line.place, `Match ${name} is not supported`);
    }
  };

  files.forEach((file) => walk(file, true));
  if (asked.final) {
    final = true;
    // OpenSSH has resolved the name by then: a HostName under Match final comes too late.
    if (!first.has("hostname"))
      first.set("hostname", { place: "", words: [query.host.replaceAll("%", "%%")] });
    about = settledName().toLowerCase();
    files.forEach((file) => walk(file, true));
  }
  return { first, identityFiles, warnings: [...warnings] };
}

interface Criterion {
  readonly name: string;
  readonly negated: boolean;
  readonly argument: string;
}

function matchCriteria(line: ConfigLine): readonly Criterion[] {
  const words = [...line.words];
  const criteria: Criterion[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    // "=" is a separator only after a criterion: an argument may contain one.
    const [, bang, attribute = "", given = ""] = /^(!?)([^=]*)=?(.*)$/su.exec(word) ?? [];
    if (given !== "") words.unshift(given);
    const negated = bang === "!";
    const name = attribute.toLowerCase();
    const alone = ["all", "canonical", "final"].includes(name);
    const argument = alone ? "" : words.shift();
    if (argument === undefined) throw configError(line.place, `Match ${name} has no argument`);
    criteria.push({ name, negated, argument });
  }
  return criteria;
}

/** Whether a `Host` line matches: at least one pattern does, and no negated one. Case-sensitive, as in OpenSSH. */
function matchesHost(patterns: readonly string[], host: string): boolean {
  const excluded = patterns.some(
    (pattern) => pattern.startsWith("!") && matchesWildcards(pattern.slice(1), host),
  );
  return !excluded && patterns.some((pattern) => !pattern.startsWith("!") && matchesWildcards(pattern, host));
}

/** Whether a pattern in a comma-separated list matches, and no negated one. Case-sensitive. */
export function matchesCased(list: string, name: string): boolean {
  return matchesHost(list.split(","), name);
}
