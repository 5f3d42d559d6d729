import type { ExecResult } from "../../connection";
import { programsFirst } from "../programs";
import { longestListing } from "../replies";
import type { ReadableHost } from "./readable-host";

/**
 * What Windows itself runs in every session, in lower case: it ends last and says nothing about why a session stays. Programs that people
 * start, such as cmd.exe, are not in this list.
 */
const windowsOwn: readonly string[] = [
  "applicationframehost.exe",
  "backgroundtaskhost.exe",
  "conhost.exe",
  "consent.exe",
  "csrss.exe",
  "ctfmon.exe",
  "dllhost.exe",
  "dwm.exe",
  "explorer.exe",
  "fontdrvhost.exe",
  "lockapp.exe",
  "logonui.exe",
  "rdpclip.exe",
  "rdpinput.exe",
  "rdpsaproxy.exe",
  "rdpshell.exe",
  "runtimebroker.exe",
  "searchapp.exe",
  "searchhost.exe",
  "searchui.exe",
  "securityhealthsystray.exe",
  "shellexperiencehost.exe",
  "shellhost.exe",
  "sihost.exe",
  "smartscreen.exe",
  "startmenuexperiencehost.exe",
  "svchost.exe",
  "systemsettings.exe",
  "tabtip.exe",
  "taskhost.exe",
  "taskhostex.exe",
  "taskhostw.exe",
  "textinputhost.exe",
  "tstheme.exe",
  "userinit.exe",
  "useroobebroker.exe",
  "wininit.exe",
  "winlogon.exe",
  "wlrmdr.exe",
];

/**
 * Reads the table of `qprocess /id:N`, whose columns, header and user names differ by version and language, but whose rows end in the ID of
 * the session, the process and its image. A row that does not is left out, and so is an image with letters of an unknown code page.
 * @param id the number of the session
 */
export function readProcesses(host: ReadableHost, id: string, { stdout }: ExecResult): readonly string[] {
  if (stdout.length > longestListing) return [];
  const { text, certain } = host.read(stdout);
  const images = text.split("\n").flatMap((row) => imageIn(row, Number(id)) ?? []);
  return programsFirst(certain ? images : images.filter(isAscii), isWindowsOwn);
}

/** The image, which may hold blanks, after the last two numbers of which the first is the session's ID: users may be numbers too. */
function imageIn(row: string, id: number): string | undefined {
  const words = row.trim().split(/ +/u);
  const at = words.findLastIndex(
    (word, index) =>
      index + 2 < words.length && isNumber(word) && Number(word) === id && isNumber(words[index + 1]),
  );
  return at === -1 ? undefined : words.slice(at + 2).join(" ");
}

function isNumber(word: string | undefined): boolean {
  return /^[0-9]{1,10}$/u.test(word ?? "");
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/u.test(text);
}

/** Some versions cut an image: `tpautoconnec...`. */
function isWindowsOwn(name: string): boolean {
  const cut = name.endsWith("...") ? name.slice(0, -"...".length) : undefined;
  return windowsOwn.some((own) => (cut === undefined ? own === name : own.startsWith(cut)));
}
