/**
 * Parses known_hosts as described in sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", and read by OpenSSH's hostfile.c: a line is
 * `[@marker] names keytype base64-key [comment]`. Parsing never fails: an invalid line is skipped with a warning.
 */
import { matchesWildcards } from "../../base/wildcard";
import { createHmac } from "node:crypto";
import { trimEnd } from "../../base/text";
import { parsePublicKey, type PublicKey } from "./public-key";

type Marker = "revoked" | "cert-authority";

export interface KnownHostsEntry {
  /** `FILE:LINE`, with lines counted from 1. */
  readonly place: string;
  readonly marker?: Marker;
  /** As written: a comma-separated list of patterns, or one hashed name. */
  readonly names: string;
  readonly key: PublicKey;
}

export interface KnownHosts {
  readonly entries: readonly KnownHostsEntry[];
  /** One for each skipped line, beginning with its place. */
  readonly warnings: readonly string[];
  /** The entries for the host with that {@link knownHostsName}, in order. */
  readonly find: (name: string) => readonly KnownHostsEntry[];
}

/** The entries of a known_hosts text. @param source names the text in places: a path, or the input that contains it */
export function parseKnownHosts(text: string, source: string): KnownHosts {
  const entries: KnownHostsEntry[] = [];
  const warnings: string[] = [];
  text.split("\n").forEach((raw, index) => {
    const line = trimEnd(raw, " \t\r").replace(/^[ \t]+/u, "");
    if (line === "" || line.startsWith("#")) return;
    const place = `${source}:${index + 1}`;
    const entry = parseLine(line, place);
    if (typeof entry === "string") warnings.push(`${place}: line skipped: ${entry}`);
    else entries.push(entry);
  });
  return { entries, warnings, find: finder(entries) };
}

/**
 * Finds plain names in a map, and compares only patterns and hashes one by one: with a few thousand hosts, comparing every line
 * for every host would take most of the time of a run.
 */
function finder(entries: readonly KnownHostsEntry[]): KnownHosts["find"] {
  const byName = new Map<string, number[]>();
  const others: (readonly [index: number, entry: KnownHostsEntry])[] = [];
  entries.forEach((entry, index) => {
    const { names } = entry;
    if (/[*?!|]/u.test(names)) {
      others.push([index, entry]);
      return;
    }
    for (const name of new Set(names.toLowerCase().split(","))) {
      const found = byName.get(name);
      if (found === undefined) byName.set(name, [index]);
      else found.push(index);
    }
  });
  return (name) => {
    const matching = others.flatMap(([index, entry]) => (matchesName(entry, name) ? [index] : []));
    const indexes = [...(byName.get(name) ?? []), ...matching].sort((a, b) => a - b);
    return indexes.flatMap((index) => entries[index] ?? []);
  };
}

/** The name of a host in known_hosts: in lower case, as `[…]:port` if the port is not 22. */
export function knownHostsName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether the entry is for the host with that {@link knownHostsName}. */
export function matchesName(entry: Pick<KnownHostsEntry, "names">, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/u.exec(entry.names);
  if (hashed === null) return matchesPatternList(entry.names, name);
  const [, salt = "", hash = ""] = hashed;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

/**
 * Whether a name matches OpenSSH's pattern list: `*` is any text, `?` one character, and `!` negates. At least one pattern must
 * match, and no negated one, in any order. Patterns are compared in lower case, and `name` must be in lower case.
 */
export function matchesPatternList(list: string, name: string): boolean {
  let found = false;
  for (const item of list.toLowerCase().split(",")) {
    const excludes = item.startsWith("!");
    if (!matchesWildcards(excludes ? item.slice(1) : item, name)) continue;
    if (excludes) return false;
    found = true;
  }
  return found;
}

/** The entry, or what is wrong with the line. */
function parseLine(line: string, place: string): KnownHostsEntry | string {
  const fields = line.split(/[ \t]+/u);
  let marker: Marker | undefined;
  if (line.startsWith("@")) {
    const word = fields.shift();
    if (word !== "@revoked" && word !== "@cert-authority") return "unknown marker";
    marker = word === "@revoked" ? "revoked" : "cert-authority";
  }
  const [names, type, base64] = fields;
  if (names === undefined || type === undefined || base64 === undefined) return "not NAMES TYPE KEY";
  if (names.startsWith("|") && !isHashedName(names)) return "not a hashed name of the form |1|SALT|HASH";
  const key = parsePublicKey(type, base64);
  if (key === undefined) return "unknown key type or damaged key";
  return { place, names, key, ...(marker && { marker }) };
}

function isHashedName(names: string): boolean {
  const [, magic, salt = "", hash = "", ...more] = names.split("|");
  return magic === "1" && more.length === 0 && isSha1(salt) && isSha1(hash);
}

function isSha1(base64: string): boolean {
  return /^[A-Za-z0-9+/]{27}=$/u.test(base64);
}
