/** Hosts of the command: `[user@]address[:port][>server]`, from arguments or a file. */
import type { CommandLine } from "./argv";

/** A host as it was written, and where. */
export interface GivenHost {
  /** `--host`, `/server:`, or the file's name and line. */
  readonly from: string;
  readonly text: string;
}

/** The hosts of the arguments. */
export function givenHosts({ server, values }: CommandLine): readonly GivenHost[] {
  return [
    ...(server === undefined ? [] : [{ from: "/server:", text: server }]),
    ...(values.get("host") ?? []).map((text) => ({ from: "--host", text })),
  ];
}

/** The hosts of a file, one per line. Blanks around a host and everything after `#` are ignored. */
export function readHostsFile(text: string, name: string): readonly GivenHost[] {
  return text
    .replace(/^\uFEFF/u, "")
    .split(/\r\n|\n|\r/u)
    .map((line, index) => ({ from: `${name}:${index + 1}`, text: withoutComment(line).trim() }))
    .filter((entry) => entry.text !== "");
}

function withoutComment(line: string): string {
  const start = line.indexOf("#");
  return start < 0 ? line : line.slice(0, start);
}

/** Settings of every host of the command. */
export interface EachHost {
  readonly via?: string;
  readonly platform?: string;
}

/** The input `hosts`: text, or objects where text is not enough. With `via` every entry is a server behind that host. */
export function hostInputs(entries: readonly GivenHost[], each: EachHost): readonly unknown[] {
  return entries.map(({ text }) => {
    const arrow = text.indexOf(">");
    const host = arrow < 0 ? text : text.slice(0, arrow).trim();
    const server = arrow < 0 ? undefined : text.slice(arrow + 1).trim();
    const relay = each.via === undefined ? server : text;
    if (relay === undefined && each.platform === undefined) return host;
    return {
      host: each.via ?? host,
      ...(relay === undefined ? {} : { server: relay }),
      ...(each.platform === undefined ? {} : { platform: each.platform }),
    };
  });
}

/**
 * A host as `--hosts-file` reads it back without `--via`, exactly as it was written. Its label may mean another host to ssh_config, which
 * matches names by case and sets ports.
 */
export function hostLine({ text }: GivenHost, { via }: EachHost): string {
  return via === undefined ? text : `${via}>${text}`;
}
