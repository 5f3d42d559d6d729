import type { SessionState } from "../windows/session-model";
import type { CodePage } from "./code-pages";

/** How one language edition of Windows speaks. `{0}` is the value that a sentence is about. */
export interface Language {
  /** The code page of its consoles. */
  readonly codePage: CodePage;
  /** `SESSIONNAME`, `USERNAME`, `ID`, `STATE`, `TYPE`, `DEVICE` of qwinsta. */
  readonly qwinstaHeader: readonly [string, string, string, string, string, string];
  /** `USERNAME`, `SESSIONNAME`, `ID`, `STATE`, `IDLE TIME`, `LOGON TIME` of quser. */
  readonly quserHeader: readonly [string, string, string, string, string, string];
  readonly states: Readonly<Record<SessionState, string>>;
  /** The word for no idle time; English prints a blank behind it, which shows in the column. */
  readonly idleNone: string;
  readonly logonTime: (time: Date) => string;
  /** The sentence of chcp. */
  readonly activeCodePage: string;
  /** `Error` in `Error [5]:Access is denied.` */
  readonly error: string;
  /** Texts of Windows' error numbers; those that are missing are printed in English. */
  readonly errors: Readonly<Partial<Record<number, string>>>;
  /** cmd.exe about a program that it cannot find; two lines. */
  readonly notRecognized: string;
  readonly noUser: string;
  readonly noSession: string;
  /** reg.exe about a key or value that is not there. */
  readonly regNotFound: string;
}

/** Fills in what a sentence is about. */
export function fill(sentence: string, value: string | number): string {
  return sentence.replace("{0}", String(value));
}

/** Year, month, day, hour, minute; the lab's hosts all live in UTC. */
export function parts(time: Date): readonly [number, number, number, number, number] {
  return [
    time.getUTCFullYear(),
    time.getUTCMonth() + 1,
    time.getUTCDate(),
    time.getUTCHours(),
    time.getUTCMinutes(),
  ];
}

export function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `20.04.2021 09:35` with the separator given. */
export function dayMonthYear(
  separator: string,
  hours: (hour: number) => string = two,
): (time: Date) => string {
  return (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${two(day)}${separator}${two(month)}${separator}${year} ${hours(hour)}:${two(minute)}`;
  };
}
