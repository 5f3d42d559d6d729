/** Applies the algorithm lists of ssh_config to ours: they narrow and reorder our lists, and never add an algorithm. */
import { matchesWildcards } from "../../base/wildcard";
import { allowedAlgorithms, type AllowedAlgorithms } from "../transport/algorithms";
import { configError } from "./ssh-config-file";
import { matchesCased, type ConfigValue } from "./ssh-config-values";

/**
 * The algorithms that remain for a host. `CASignatureAlgorithms` and `HostbasedAcceptedAlgorithms` are ignored, because we use
 * neither certificates nor host-based logins.
 * @throws LogoffError `plan-invalid` if a list is malformed or leaves no algorithm
 */
export function configuredAlgorithms(
  level: "default" | "legacy",
  first: ReadonlyMap<string, ConfigValue>,
): AllowedAlgorithms {
  const ours = allowedAlgorithms(level);
  const narrow = <T extends string>(option: string, algorithms: readonly T[]): readonly T[] => {
    const value = first.get(option.toLowerCase());
    return value === undefined ? algorithms : left(option, value, algorithms);
  };
  const bits = requiredRsaBits(first.get("requiredrsasize"));
  // The names are the same as for host keys: both sides sign with the same algorithms.
  const userKeys = first.has("pubkeyacceptedalgorithms")
    ? narrow("PubkeyAcceptedAlgorithms", ours.hostKeys)
    : undefined;
  return {
    keyExchanges: narrow("KexAlgorithms", ours.keyExchanges),
    ciphers: narrow("Ciphers", ours.ciphers),
    macs: narrow("MACs", ours.macs),
    hostKeys: narrow("HostKeyAlgorithms", ours.hostKeys),
    ...(userKeys && { userKeys }),
    ...(bits !== undefined && { requiredRsaBits: bits }),
  };
}

function left<T extends string>(option: string, value: ConfigValue, ours: readonly T[]): readonly T[] {
  const narrowed = narrowList(value.words[0] ?? "", ours);
  if (narrowed === undefined) throw configError(value.place, `${option}: "!" is allowed only after "-"`);
  if (narrowed.length > 0) return narrowed;
  throw configError(
    value.place,
    `${option} excludes every algorithm that this client supports: ${ours.join(", ")}`,
  );
}

/**
 * Applies a list as OpenSSH's kex_assemble_names does. It consists of patterns, or changes the defaults: `+` appends, `-`
 * removes, `^` moves to the front. Only our own algorithms can be listed. Undefined if the list is malformed.
 */
export function narrowList<T extends string>(list: string, ours: readonly T[]): readonly T[] | undefined {
  const sign = /^[-+^]/u.exec(list)?.[0];
  const patterns = sign === undefined ? list : list.slice(1);
  if (sign === "-") return ours.filter((name) => !matchesCased(patterns, name));
  if (patterns.includes("!")) return undefined;
  if (sign === "+") return ours;
  const named = patterns
    .split(",")
    .flatMap((pattern) => ours.filter((name) => matchesWildcards(pattern, name)));
  return [...new Set(sign === "^" ? [...named, ...ours] : named)];
}

function requiredRsaBits(value: ConfigValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const word = value.words[0] ?? "";
  if (/^[0-9]{1,6}$/u.test(word)) return Number(word);
  throw configError(value.place, "RequiredRSASize must be a number of bits");
}
