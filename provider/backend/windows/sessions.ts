import type { Session, SessionKind, SessionState } from "../../session/session";
import { consoleWidth } from "./code-page";
import type { Row } from "./table";

/** IDs from here on are listeners. */
export const firstListenerId = 65_536;
/** The width of the user's column in the classic layout, which cuts longer users. */
const classicUserWidth = 20;

/**
 * The session of a row.
 * @param decoded whether the code page of the text is known
 * @param classic whether the layout cuts long users
 */
export function toSession(row: Row, decoded: boolean, classic: boolean): Session {
  const { id, name, user, own, stateText } = row;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { user }),
    userCertain: user === undefined || isCertain(user, decoded, classic),
    kind: kindOf(row),
    state: stateOf(name, user),
    stateText,
    own,
  };
}

/** `?` replaces a letter that the code page lacks; no account name contains one. */
function isCertain(user: string, decoded: boolean, classic: boolean): boolean {
  const width = consoleWidth(user);
  // A letter of two columns does not fit into the last column, so a name with such letters may be cut one column earlier.
  const fits = width < classicUserWidth - (width > user.length ? 1 : 0);
  const cut = user.endsWith("...") || (classic && !fits);
  const unreadable = /[?\ufffd\u0080-\u009f]/u.test(user) || (!decoded && /[^ -~]/u.test(user));
  return !cut && !unreadable;
}

/**
 * Names are ASCII and the same in every language. A row with a user is a person, whatever its ID. Very old systems have ID 0
 * on the console.
 */
function kindOf({ id, name, user }: Row): SessionKind {
  const lowerName = name?.toLowerCase();
  if (lowerName === "console") return "console";
  if (user !== undefined) return "user";
  if (id === "0" || lowerName === "services") return "services";
  return Number(id) >= firstListenerId ? "listener" : "user";
}

function stateOf(name: string | undefined, user: string | undefined): SessionState {
  if (user === undefined) return "other";
  return name === undefined ? "disconnected" : "active";
}
