import { stat } from "node:fs/promises";
import { ShortCache } from "../../files/short-cache";
import type { HostKeyPolicy } from "../../connection";
import { resolvePath } from "../../files/paths";
import { readTextFile, whyUnreadable } from "../../files/read-text-file";
import type { SshContext } from "../options";
import { parseKnownHosts, type KnownHosts } from "./known-hosts";

/** A source of known hosts: the given text, or a file. */
export interface KnownHostsSource extends KnownHosts {
  readonly name: string;
  /** Why there are no entries: the file is missing or unreadable. */
  readonly problem?: string;
  /** The file exists but cannot be read, so it may contain entries against a key. */
  readonly unreadable?: true;
  /** Given in the inputs and not by a file: its entries for a host take precedence over the files. */
  readonly byValue?: true;
}

/**
 * Reads the sources of a policy: first the text given by value, then the files in order. Never rejects.
 * @param reads is called with each file before it is read
 */
type ReadKnownHosts = (
  policy: HostKeyPolicy,
  reads?: (path: string) => void,
) => Promise<readonly KnownHostsSource[]>;

export interface KnownHostsReader {
  /** Returns the files as they were at most a second ago. */
  readonly read: ReadKnownHosts;
  /** Returns the files as they are on disk, uncached: for a holder of their lock, before and after writing. */
  readonly readNow: ReadKnownHosts;
}

interface CachedFile {
  readonly stamp: string;
  readonly source: KnownHostsSource;
}

/** The known_hosts files that a policy names, or OpenSSH's defaults: the user's two, then the machine's two. */
export function knownHostsPaths(policy: HostKeyPolicy, context: SshContext): readonly string[] {
  const named = policy.knownHostsFiles?.map((path) => resolvePath(context, path));
  if (named !== undefined) return named;
  return [
    ...["known_hosts", "known_hosts2"].map((name) => resolvePath(context, `~/.ssh/${name}`)),
    ...context.systemKnownHostsFiles,
  ];
}

/** A reader that parses each text and each state of a file once, because a thousand hosts of a run share one known_hosts. */
export function knownHostsReader(context: SshContext): KnownHostsReader {
  const files = new Map<string, CachedFile>();
  const latest = new ShortCache<KnownHostsSource>(context.clock);
  let lastText: { readonly text: string; readonly source: KnownHostsSource } | undefined;

  const readText = (text: string): KnownHostsSource => {
    const name = "connection.knownHosts";
    if (lastText?.text !== text)
      lastText = { text, source: { name, byValue: true, ...parseKnownHosts(withoutMark(text), name) } };
    return lastText.source;
  };
  const readOne = async (path: string): Promise<KnownHostsSource> => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const cached = files.get(path);
      if (cached?.stamp === stamp) return cached.source;
      const source = { name: path, ...parseKnownHosts(await readTextFile(path), path) };
      files.set(path, { stamp, source });
      return source;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      const empty = { name: path, ...parseKnownHosts("", path) };
      // ENOTDIR: a folder of the path is a file, so the known_hosts file cannot exist either.
      if (code === "ENOENT" || code === "ENOTDIR") return { ...empty, problem: "no such file" };
      // Not cached: there may have been too many open files for a moment.
      latest.forget(path);
      return { ...empty, problem: whyUnreadable(thrown), unreadable: true };
    }
  };
  const readAgain = (path: string): Promise<KnownHostsSource> => latest.renew(path, () => readOne(path));
  const readLately = (path: string): Promise<KnownHostsSource> => latest.get(path, () => readOne(path));
  const reading =
    (readFrom: (path: string) => Promise<KnownHostsSource>): ReadKnownHosts =>
    async (policy, reads) => {
      const fromFiles: KnownHostsSource[] = [];
      for (const path of knownHostsPaths(policy, context)) {
        reads?.(path);
        fromFiles.push(await readFrom(path));
      }
      return policy.knownHosts === undefined ? fromFiles : [readText(policy.knownHosts), ...fromFiles];
    };
  return { read: reading(readLately), readNow: reading(readAgain) };
}

/** Removes a byte order mark, which text copied from a file may begin with. */
function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
