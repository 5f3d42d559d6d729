/** The trust in host keys, as lines for `ssh -F` and the files that they name. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Host } from "../../connection";
import { parsePin } from "../../ssh/host-keys/host-key";
import { knownHostsPaths, type KnownHostsReader } from "../../ssh/host-keys/known-hosts-files";
import { formatPublicKey } from "../../ssh/host-keys/public-key";
import type { SshContext } from "../../ssh/options";
import { clientProblem, isAtLeast, type SshVersion } from "../machine/version";
import { quotedPath } from "./names";
import type { ResolvedHost } from "./resolve";

/** Lines before and after the user's own files. */
export interface TrustLines {
  readonly lines: readonly string[];
  readonly defaults: readonly string[];
}

/** Why no new key may be accepted: the known_hosts files that exist but cannot be read, as one of them may contain another key of the host. */
export async function unreadableFiles(
  { host, knownHostsFiles }: ResolvedHost,
  read: KnownHostsReader["read"],
  reads: (path: string) => void,
): Promise<string | undefined> {
  const { pinned, strict, ...policy } = host.hostKeys;
  if (strict !== "accept-new" || pinned.length > 0) return undefined;
  const sources = await read(
    { pinned, strict, ...(knownHostsFiles && { knownHostsFiles }), ...policy },
    reads,
  );
  const unreadable = sources.filter((source) => source.unreadable === true);
  if (unreadable.length === 0) return undefined;
  return unreadable.map(({ name, problem }) => `"${name}" (${problem ?? "cannot be read"})`).join(", ");
}

/** Reads and writes nothing. */
const nothing = "/dev/null";

/**
 * The script behind KnownHostsCommand: prints the key that the host shows, as a line of known_hosts, if its fingerprint is the pinned one.
 * ssh runs it without a shell of its own, with tokens as arguments.
 */
const fingerprintScript = 'test "$1" = "$2" && printf "%s %s %s\\n" "$3" "$4" "$5"\nexit 0\n';

/**
 * @param base is a path in the private folder for files of this connection
 * @throws LogoffError `plan-invalid`
 */
export async function trustLines(
  host: Host,
  base: string,
  version: SshVersion,
  context: SshContext,
): Promise<TrustLines> {
  const { label, hostKeys } = host;
  const { platform } = context;
  const command = isAtLeast(version, 8, 5);
  if (hostKeys.pinned.length > 0) {
    const pins = hostKeys.pinned.map(parsePin);
    const prints = pins.filter((pin) => typeof pin === "string");
    const keys = pins.filter((pin) => typeof pin !== "string").map(formatPublicKey);
    const known = `${base}.known`;
    await writeFile(known, keys.map((key) => `* ${key}\n`).join(""), { mode: 0o600 });
    if (prints.length > 0 && platform === "win32")
      throw clientProblem(label, "on Windows, set `connection.hostKey` to the public key itself");
    if (prints.length > 0) await writeFile(`${base}.pin`, fingerprintScript, { mode: 0o600 });
    const [print = ""] = prints;
    return {
      lines: [
        `UserKnownHostsFile ${quotedPath(known, label, platform)}`,
        `GlobalKnownHostsFile ${nothing}`,
        // Otherwise a host that has a certificate shows it instead of the key.
        ...(isAtLeast(version, 7, 5) ? ["HostKeyAlgorithms -*-cert-v01@openssh.com"] : []),
        ...(prints.length > 0
          ? [`KnownHostsCommand /bin/sh ${base}.pin ${print} %f %H %t %K`]
          : command
            ? ["KnownHostsCommand none"]
            : []),
      ],
      defaults: [],
    };
  }
  const files = knownHostsPaths(hostKeys, context).map((path) => quotedPath(path, label, platform));
  if (hostKeys.knownHosts !== undefined) {
    // One file for each text, so that what accept-new adds to it holds for every host of this process.
    const digest = createHash("sha256").update(hostKeys.knownHosts).digest("hex").slice(0, 12);
    const known = join(dirname(base), `known-${digest}`);
    await writeFile(known, withoutMark(hostKeys.knownHosts), { mode: 0o600, flag: "wx" }).catch(
      (thrown: unknown) => {
        if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
      },
    );
    return {
      lines: [
        `UserKnownHostsFile ${[quotedPath(known, label, platform), ...files].join(" ")}`,
        `GlobalKnownHostsFile ${nothing}`,
        ...(command ? ["KnownHostsCommand none"] : []),
      ],
      defaults: [],
    };
  }
  const users = hostKeys.knownHostsFiles === undefined ? files.slice(0, 2) : files;
  const systems = hostKeys.knownHostsFiles === undefined ? files.slice(2) : [];
  const lines = [
    `UserKnownHostsFile ${users.join(" ") || nothing}`,
    `GlobalKnownHostsFile ${systems.join(" ") || nothing}`,
  ];
  if (hostKeys.knownHostsFiles === undefined) return { lines: [], defaults: lines };
  return { lines: [...lines, ...(command ? ["KnownHostsCommand none"] : [])], defaults: [] };
}

/** Removes a byte order mark, which text copied from a file may begin with. */
function withoutMark(text: string): string {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return clean.endsWith("\n") ? clean : `${clean}\n`;
}
