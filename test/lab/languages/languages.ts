import { ja, zhCn } from "./asia";
import { de, es, fr, it, pl, ptBr, ru } from "./europe";
import { type Language, parts, two } from "./language";

/** English, from Microsoft's command reference. */
const en: Language = {
  codePage: 437,
  qwinstaHeader: ["SESSIONNAME", "USERNAME", "ID", "STATE", "TYPE", "DEVICE"],
  quserHeader: ["USERNAME", "SESSIONNAME", "ID", "STATE", "IDLE TIME", "LOGON TIME"],
  states: {
    active: "Active",
    connected: "Conn",
    "connect-query": "ConnQ",
    shadow: "Shadow",
    disconnected: "Disc",
    idle: "Idle",
    listen: "Listen",
    reset: "Reset",
    down: "Down",
    init: "Init",
  },
  idleNone: "none ",
  logonTime: (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${month}/${day}/${year} ${hour % 12 === 0 ? 12 : hour % 12}:${two(minute)} ${hour < 12 ? "AM" : "PM"}`;
  },
  activeCodePage: "Active code page: {0}",
  error: "Error",
  errors: {
    5: "Access is denied.",
    87: "The parameter is incorrect.",
    1722: "The RPC server is unavailable.",
    1825: "A security package specific error occurred.",
    7007: "A close operation is pending on the session.",
    7022: "Session {0} is not found.",
    7024:
      "The requested operation cannot be completed because the terminal connection is currently busy " +
      "processing a connect, disconnect, reset, or delete operation.",
    7045: "The requested session access is denied.",
  },
  notRecognized:
    "'{0}' is not recognized as an internal or external command,\r\noperable program or batch file.",
  noUser: "No User exists for {0}",
  noSession: "No session exists for {0}",
  regNotFound: "ERROR: The system was unable to find the specified registry key or value.",
};

/** All languages of the lab, by tag. */
export const languages = { en, de, fr, es, it, ru, "pt-BR": ptBr, ja, "zh-CN": zhCn, pl } as const;
export type LanguageTag = keyof typeof languages;
/** The tags, for tests that iterate over all languages. */
export const languageTags = Object.keys(languages) as readonly LanguageTag[];
