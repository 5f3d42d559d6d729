import { displayWidth, padLeft, padRight, type CodePage } from "../languages/code-pages";
import { fill, type Language } from "../languages/language";
import { languages, type LanguageTag } from "../languages/languages";
import type { Idle, LabSession } from "./session-model";

/** How a host prints: everything that varies by edition, version and language of Windows. */
export interface Look {
  readonly language: LanguageTag;
  /** Default: that of the language. */
  readonly codePage?: CodePage;
  /** `classic`: names are cut to 18 columns; `wide`: 26 columns, never cut, as on Windows 11 and newer servers. */
  readonly layout: "classic" | "wide";
  /** The language of the header line, if a corrected translation is above old states. Default: `language`. */
  readonly headerLanguage?: LanguageTag;
  /** Whether session 0 is marked as the caller's own. */
  readonly servicesRow: "marked" | "plain";
}

export const defaultLook: Look = { language: "en", layout: "classic", servicesRow: "marked" };

export function languageOf(look: Look): Language {
  return languages[look.language];
}

export function codePageOf(look: Look): CodePage {
  return look.codePage ?? languageOf(look).codePage;
}

/** The only difference between the layouts. */
const widths = { classic: 18, wide: 26 } as const;

/** The Windows line ending, also used in pipes. */
export const lineEnd = "\r\n";

/** The table of `qwinsta` (`query session`), with the header. `marker` is false for another server's table. */
export function renderQwinsta(rows: readonly LabSession[], look: Look, marker = true): string {
  const page = codePageOf(look);
  const line = (mark: string, cells: readonly string[], device: string): string => {
    const [name = "", user = "", id = "", state = "", type = ""] = cells;
    return (
      mark +
      padRight(name, widths[look.layout], page) +
      padRight(user, 20, page) +
      "  " +
      padLeft(id, 5, page) +
      "  " +
      padRight(state, 8, page) +
      padRight(type, 12, page) +
      device +
      lineEnd
    );
  };
  const header = languages[look.headerLanguage ?? look.language].qwinstaHeader;
  const states = languageOf(look).states;
  const table = rows.map((row) => {
    const own = marker && row.id === 0 && look.servicesRow === "marked";
    const name = cutName(row.name ?? "", look);
    const cells = [name, cutUser(row.user ?? "", look), String(row.id), states[row.state], row.type];
    return line(own ? ">" : " ", cells, " ".repeat(8));
  });
  return line(" ", header, `${header[5]} `) + table.join("");
}

/** The table of `quser` (`query user`): people only. Over SSH, no row is the caller's own. */
export function renderQuser(rows: readonly LabSession[], look: Look): string {
  const page = codePageOf(look);
  const line = (cells: readonly string[]): string => {
    const [user = "", name = "", id = "", state = "", idle = "", logon = ""] = cells;
    return (
      " " +
      padRight(user, 22, page) +
      padRight(name, widths[look.layout] - 1, page) +
      padLeft(id, 4, page) +
      "  " +
      padRight(state, 8, page) +
      padLeft(idle, 9, page) +
      "  " +
      logon +
      lineEnd
    );
  };
  const language = languageOf(look);
  const header = languages[look.headerLanguage ?? look.language].quserHeader;
  const people = rows.filter((row) => row.user !== null);
  return [
    // Idle times are right-aligned, but their heading is left-aligned.
    line(header.map((cell, column) => (column === 4 ? padRight(cell, 9, page) : cell))),
    ...people.map((row) =>
      line([
        // Cut even where the session table prints the full name.
        firstLetters(row.user ?? ""),
        cutName(row.name ?? "", look),
        String(row.id),
        language.states[row.state],
        renderIdle(row.idle, language),
        row.logonTime === null ? "" : language.logonTime(row.logonTime),
      ]),
    ),
  ].join("");
}

/** What runs under an account of Windows, and not under that of the session's user. */
const systemPrograms = ["csrss.exe", "winlogon.exe", "dwm.exe", "fontdrvhost.exe", "LogonUI.exe"];

/** The table of `qprocess /id:N` (`query process`). No process of another session is marked as the caller's own. */
export function renderQprocess(row: LabSession, look: Look): string {
  const page = codePageOf(look);
  const line = (cells: readonly string[], image: string): string => {
    const [user = "", name = "", id = "", pid = ""] = cells;
    const shown = [
      padRight(user, 22, page),
      padRight(name, widths[look.layout], page),
      padLeft(id, 4, page),
      padLeft(pid, 7, page),
    ];
    return ` ${shown.join("")}  ${image}${lineEnd}`;
  };
  const language = languages[look.headerLanguage ?? look.language];
  const [user, name, id] = language.quserHeader;
  const rows = row.processes.map((image, index) =>
    line(
      [
        systemPrograms.includes(image) ? "system" : firstLetters(row.owner ?? "system").toLowerCase(),
        cutName(row.name ?? "", look),
        String(row.id),
        String(1000 + row.id * 400 + index * 4),
      ],
      cutImage(image.toLowerCase(), look),
    ),
  );
  return line([user, name, id, "PID"], language.imageHeader ?? "IMAGE") + rows.join("");
}

/** `.`, `5`, `1:23`, `11+04:12`, or the word for none. */
export function renderIdle(idle: Idle, language: Language): string {
  if (idle === "none") return language.idleNone;
  if (typeof idle === "object") return idle.raw;
  if (idle < 1) return ".";
  const minutes = Math.floor(idle % 60);
  const hours = Math.floor(idle / 60) % 24;
  const days = Math.floor(idle / 1440);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (days > 0) return `${days}+${two(hours)}:${two(minutes)}`;
  return hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
}

/** `Error [5]:Access is denied.` in the host's language. `subject` is the session that the error concerns. */
export function renderError(error: number, look: Look, subject: string | number = ""): string {
  const language = languageOf(look);
  const text = language.errors[error] ?? languages.en.errors[error] ?? "";
  return `${language.error} [${error}]:${fill(text, subject)}${lineEnd}`;
}

function cutName(name: string, look: Look): string {
  return look.layout === "wide" || displayWidth(name, codePageOf(look)) <= 16
    ? name
    : `${name.slice(0, 13)}...`;
}

function cutImage(image: string, look: Look): string {
  return look.layout === "wide" || image.length <= 15 ? image : `${image.slice(0, 12)}...`;
}

function cutUser(user: string, look: Look): string {
  return look.layout === "wide" ? user : firstLetters(user);
}

function firstLetters(user: string): string {
  return Array.from(user).slice(0, 20).join("");
}
