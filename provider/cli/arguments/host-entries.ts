/** Hosts as the command takes them: `[user@]address[:port][>server]`, from arguments or a file. */
import type { HostArgs } from "../../plan/input";
import type { CommandLine } from "./argv";

/** One host as it was written, and where, for messages. */
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

/** The hosts of a file: one a line, blanks around it and everything behind a `#` ignored. */
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

/** What every host of the command has. */
export interface EachHost {
  readonly via?: string;
  readonly platform?: string;
}

/** The input's `hosts`: text where text says it all. With `via` every entry is a server behind that host. */
export function hostInputs(entries: readonly GivenHost[], each: EachHost): readonly (string | HostArgs)[] {
  return entries.map(({ text }) => {
    const arrow = text.indexOf(">");
    const host = arrow < 0 ? text : text.slice(0, arrow).trim();
    const server = arrow < 0 ? undefined : text.slice(arrow + 1).trim();
    const relay = each.via === undefined ? server : text;
    if (relay === undefined && each.platform === undefined) return host;
    return {
      host: each.via ?? host,
      ...(relay === undefined ? {} : { server: relay }),
      ...(each.platform === undefined ? {} : { platform: each.platform as "windows" | "linux" }),
    };
  });
}

/**
 * A host as `--hosts-file` reads it back, without `--via`: as it was written. Its label would be another host where
 * ssh_config has a say, which knows names by their case and gives them ports.
 */
export function hostLine({ text }: GivenHost, { via }: EachHost): string {
  return via === undefined ? text : `${via}>${text}`;
}
