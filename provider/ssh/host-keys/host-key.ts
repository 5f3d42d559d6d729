/** Checks a host's key before any credential is sent. */
import { LogoffError } from "../../base/errors";
import type { HostKeyPolicy } from "../../connection";
import { knownHostsName, type KnownHostsEntry } from "./known-hosts";
import type { KnownHostsSource } from "./known-hosts-files";
import {
  decodePublicKey,
  fingerprint,
  formatPublicKey,
  parsePublicKey,
  rsaBits,
  type PublicKey,
} from "./public-key";

/** The properties of a host against which its key is checked. */
export interface KeyOwner {
  readonly label: string;
  readonly address: string;
  readonly port: number;
  /** The name to use in known_hosts instead of address and port (HostKeyAlias). */
  readonly alias?: string;
  /** RequiredRSASize of ssh_config. */
  readonly requiredRsaBits?: number;
  readonly hostKeys: HostKeyPolicy;
}

export interface HostKeyRules {
  /** The types of the host's known keys, requested first, because a key of another type would be unknown. */
  readonly knownTypes: readonly string[];
  /** False if any key is accepted: then no password may be offered, because an impostor could receive it. */
  readonly provesHost: boolean;
  readonly check: (blob: Buffer) => HostKeyVerdict;
}

type HostKeyVerdict =
  | {
      readonly trusted: true;
      readonly warning?: string;
      /** With `accept-new`, the known_hosts line of a new host, to be written before any login. */
      readonly learn?: string;
    }
  | { readonly trusted: false; readonly error: LogoffError };

/**
 * The rules for the key of one host: the pinned keys if there are any, else known_hosts. Entries of the text given by value take
 * precedence over those of files, and a `@revoked` line anywhere over all others.
 * @throws LogoffError `plan-invalid` for a pinned key that is neither a fingerprint nor a public key
 */
export function hostKeyRules(owner: KeyOwner, sources: readonly KnownHostsSource[]): HostKeyRules {
  const pins = owner.hostKeys.pinned.map(parsePin);
  const rules = pins.length > 0 ? pinnedRules(owner, pins) : knownHostsRules(owner, sources);
  return { ...rules, check: (blob) => tooSmall(owner, blob) ?? rules.check(blob) };
}

function tooSmall({ label, requiredRsaBits }: KeyOwner, blob: Buffer): HostKeyVerdict | undefined {
  const bits = rsaBits(blob);
  if (bits === undefined || requiredRsaBits === undefined || bits >= requiredRsaBits) return undefined;
  const message =
    `Cannot trust "${label}": its key ${describeKey(blob)} has ${bits} bits, but RequiredRSASize in ssh_config requires ` +
    `${requiredRsaBits}; give the host a larger key`;
  return { trusted: false, error: new LogoffError("no-common-algorithm", message) };
}

/** A fingerprint as `SHA256:…` without padding, or a public key. */
export type Pin = string | PublicKey;

/** @throws LogoffError `plan-invalid` for a text that is neither */
export function parsePin(text: string): Pin {
  const print = /^(SHA256:[A-Za-z0-9+/]{43})=?$/u.exec(text.trim())?.[1];
  if (print !== undefined) return print;
  const fields = text.trim().split(/[ \t]+/u);
  // "TYPE KEY [COMMENT]" as in a .pub file, or "NAMES TYPE KEY" as ssh-keyscan prints it
  for (const at of [0, 1]) {
    const key = parsePublicKey(fields[at] ?? "", fields[at + 1] ?? "");
    if (key !== undefined) return key;
  }
  const message = 'must be a fingerprint such as "SHA256:…" or a public key such as "ssh-ed25519 AAAA…"';
  throw new LogoffError("plan-invalid", `Cannot use a pinned host key: it ${message}`, {
    problems: [{ path: "connection.hostKey", message }],
  });
}

function pinnedRules(owner: KeyOwner, pins: readonly Pin[]): HostKeyRules {
  const prints = pins.map((pin) => (typeof pin === "string" ? pin : fingerprint(pin.blob)));
  return {
    knownTypes: pins.flatMap((pin) => (typeof pin === "string" ? [] : [pin.type])),
    provesHost: true,
    check: (blob) => {
      if (prints.includes(fingerprint(blob))) return { trusted: true };
      const message =
        `Cannot trust "${owner.label}": its key ${describeKey(blob)} is not the pinned one ` +
        `(\`connection.hostKey\`: ${prints.join(", ")}); compare it with the host's own key before you pin it instead` +
        (pins.some((pin) => typeof pin === "string")
          ? "; if the pinned fingerprint is that of another type of key, pin the public key itself"
          : "");
      return { trusted: false, error: new LogoffError("host-key-changed", message) };
    },
  };
}

/** The name of a host in known_hosts. */
export function nameInKnownHosts(owner: Omit<KeyOwner, "hostKeys">): string {
  return owner.alias?.toLowerCase() ?? knownHostsName(owner.address, owner.port);
}

function knownHostsRules(owner: KeyOwner, sources: readonly KnownHostsSource[]): HostKeyRules {
  const name = nameInKnownHosts(owner);
  const bareName = owner.alias === undefined ? knownHostsName(owner.address, 22) : name;
  const find = (wanted: string): readonly KnownHostsEntry[] =>
    sources.flatMap((source) => source.find(wanted));
  const ofHost = find(name);
  // Like OpenSSH, accept a key that is listed without the port if it is the same; such a line never makes a key "changed".
  const ofName = name === bareName ? [] : find(bareName);
  const revoked = [...ofHost, ...ofName].filter((entry) => entry.marker === "revoked");
  const authorities = ofHost.filter((entry) => entry.marker === "cert-authority");
  const byValue = sources
    .filter((source) => source.byValue === true)
    .flatMap((source) => source.find(name))
    .filter((entry) => entry.marker === undefined);
  const known = byValue.length > 0 ? byValue : ofHost.filter((entry) => entry.marker === undefined);
  const spare = known.length > 0 ? [] : ofName.filter((entry) => entry.marker === undefined);
  const takesAny = owner.hostKeys.strict === "no";
  // A file that cannot be read may contain another key of this host, or revoke this one.
  const learns = owner.hostKeys.strict === "accept-new" && !sources.some((source) => source.unreadable);

  const check = (blob: Buffer): HostKeyVerdict => {
    const has = (entry: KnownHostsEntry): boolean => entry.key.blob.equals(blob);
    const revocation = revoked.find(has);
    if (revocation) return refuse("host-key-revoked", revokedMessage(owner, blob, revocation));
    if (known.some(has) || spare.some(has)) return { trusted: true };
    const other = known.find((entry) => entry.key.type === typeOf(blob)) ?? known.find(canBeAskedFor);
    if (!other && learns) return { trusted: true, learn: lineFor(name, blob) };
    const error = other
      ? new LogoffError("host-key-changed", changedMessage(owner, name, blob, other))
      : new LogoffError("host-key-unknown", unknownMessage(owner, name, blob, sources, authorities, known));
    if (!takesAny) return { trusted: false, error };
    const difference = other ? `not the one at ${other.place}` : "unknown";
    const warning = `host key of "${owner.label}" was not checked (\`connection.strictHostKeyChecking: no\`): ${describeKey(blob)} is ${difference}`;
    return { trusted: true, warning };
  };
  return { knownTypes: [...known, ...spare].map((entry) => entry.key.type), provesHost: !takesAny, check };
}

function refuse(code: "host-key-revoked", message: string): HostKeyVerdict {
  return { trusted: false, error: new LogoffError(code, message) };
}

/** Whether ssh2 can request a key of this type. A host that is known only by another type shows a key that we cannot compare. */
function canBeAskedFor(entry: KnownHostsEntry): boolean {
  return /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/u.test(entry.key.type);
}

function typeOf(blob: Buffer): string {
  return decodePublicKey(blob)?.type ?? "unreadable";
}

/** The type and fingerprint of a key. */
export function describeKey(blob: Buffer): string {
  return `${typeOf(blob)} ${fingerprint(blob)}`;
}

function lineFor(name: string, blob: Buffer): string {
  return `${name} ${formatPublicKey({ type: typeOf(blob), blob })}`;
}

function revokedMessage(owner: KeyOwner, blob: Buffer, entry: KnownHostsEntry): string {
  return (
    `Cannot trust "${owner.label}": its key ${describeKey(blob)} is @revoked at ${entry.place} ` +
    `(${describeKey(entry.key.blob)}); give the host a new key`
  );
}

function changedMessage(owner: KeyOwner, name: string, blob: Buffer, entry: KnownHostsEntry): string {
  return (
    `Cannot trust "${owner.label}": its key ${describeKey(blob)} is not the known one, ${describeKey(entry.key.blob)} at ` +
    `${entry.place}; the host was reinstalled, or someone is intercepting the connection: compare the key with the host's own, ` +
    `and only then replace that line with: ${lineFor(name, blob)}`
  );
}

function unknownMessage(
  owner: KeyOwner,
  name: string,
  blob: Buffer,
  sources: readonly KnownHostsSource[],
  authorities: readonly KnownHostsEntry[],
  unusable: readonly KnownHostsEntry[],
): string {
  const looked = sources
    .map((source) => `"${source.name}"${source.problem ? ` (${source.problem})` : ""}`)
    .join(", ");
  const skipped = sources.reduce((count, source) => count + source.warnings.length, 0);
  const hints = [
    ...authorities.map(
      (entry) => `${entry.place} is a @cert-authority line, but certificates are not supported`,
    ),
    ...unusable.map((entry) => `${entry.place} has a ${entry.key.type} key, a type that is not supported`),
    ...(owner.hostKeys.strict === "accept-new"
      ? [
          "`connection.strictHostKeyChecking: accept-new` accepts a key only if every known_hosts file can be read",
        ]
      : []),
    ...(skipped > 0
      ? [
          `${skipped} ${skipped === 1 ? "line was" : "lines were"} skipped, the first at ${firstPlace(sources)}`,
        ]
      : []),
  ];
  return (
    `Cannot trust "${owner.label}": its key ${describeKey(blob)} is unknown; looked in ${looked || "no file"}` +
    `${hints.length > 0 ? ` (${hints.join("; ")})` : ""}; compare it with the host's own ` +
    `(on the host: ssh-keygen -lf FILE.pub), and then add to known_hosts: ${lineFor(name, blob)}`
  );
}

function firstPlace(sources: readonly KnownHostsSource[]): string {
  const warning = sources.flatMap((source) => source.warnings)[0] ?? "";
  return warning.slice(0, warning.indexOf(": "));
}
