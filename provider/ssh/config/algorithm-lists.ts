/** The lists of algorithms in ssh_config, applied to those of this client: they narrow and order them and never add any. */
import { matchesWildcards } from "../../base/wildcard";
import { allowedAlgorithms, type AllowedAlgorithms } from "../transport/algorithms";
import { configError } from "./ssh-config-file";
import { matchesCased, type ConfigValue } from "./ssh-config-values";

/**
 * Our algorithms that remain for a host. `CASignatureAlgorithms` and `HostbasedAcceptedAlgorithms` are about things that we
 * never do (certificates, host-based logins), so they change nothing.
 * @throws LogoffError `plan-invalid` when a list leaves none or is malformed
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
  // The same names as for host keys: an algorithm signs on either side.
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
  if (narrowed === undefined) throw configError(value.place, `${option}: "!" is only possible behind "-"`);
  if (narrowed.length > 0) return narrowed;
  throw configError(
    value.place,
    `${option} leaves none of the algorithms that this client has: ${ours.join(", ")}`,
  );
}

/**
 * A list as OpenSSH's kex_assemble_names reads it: patterns, or changes to the defaults: `+` appends, `-` removes, `^` moves
 * to the front. Algorithms that are not ours cannot be added. Undefined when the list is malformed.
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
  throw configError(value.place, "RequiredRSASize is not a number of bits");
}
