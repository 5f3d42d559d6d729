import type { SessionState } from "../windows/session-model";
import type { CodePage } from "./code-pages";

/** The texts of one language edition of Windows. `{0}` stands for the value in a sentence. */
export interface Language {
  /** The code page of its consoles. */
  readonly codePage: CodePage;
  /** qwinsta's `SESSIONNAME`, `USERNAME`, `ID`, `STATE`, `TYPE`, `DEVICE`. */
  readonly qwinstaHeader: readonly [string, string, string, string, string, string];
  /** quser's `USERNAME`, `SESSIONNAME`, `ID`, `STATE`, `IDLE TIME`, `LOGON TIME`. */
  readonly quserHeader: readonly [string, string, string, string, string, string];
  /** qprocess's `IMAGE`. Default: that. */
  readonly imageHeader?: string;
  readonly states: Readonly<Record<SessionState, string>>;
  /** The word for no idle time. English prints a trailing space, which shows in the column. */
  readonly idleNone: string;
  readonly logonTime: (time: Date) => string;
  /** The sentence that chcp prints. */
  readonly activeCodePage: string;
  /** `Error` in `Error [5]:Access is denied.` */
  readonly error: string;
  /** Texts for Windows error numbers; missing texts are printed in English. */
  readonly errors: Readonly<Partial<Record<number, string>>>;
  /** What cmd.exe prints for a program that it cannot find; two lines. */
  readonly notRecognized: string;
  readonly noUser: string;
  readonly noSession: string;
  /** What reg.exe prints for a missing key or value. */
  readonly regNotFound: string;
}

/** Fills in the placeholder of a sentence. */
export function fill(sentence: string, value: string | number): string {
  return sentence.replace("{0}", String(value));
}

/** Year, month, day, hour, minute. All hosts of the lab use UTC. */
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

/** `20.04.2021 09:35`, with the given separator. */
export function dayMonthYear(
  separator: string,
  hours: (hour: number) => string = two,
): (time: Date) => string {
  return (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${two(day)}${separator}${two(month)}${separator}${year} ${hours(hour)}:${two(minute)}`;
  };
}
