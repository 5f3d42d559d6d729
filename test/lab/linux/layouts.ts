/** How versions of loginctl print a row of `list-sessions --no-legend`: all columns changed except the first. */
export const layouts = ["v219", "v232", "elogind-246", "v252", "v254", "v256"] as const;
export type Layout = (typeof layouts)[number];

/** The possible fields of a row. */
export interface Row {
  readonly id: string;
  readonly uid: number;
  readonly user: string;
  readonly seat: string;
  readonly tty: string;
  readonly leader: number;
  readonly sessionClass: string;
  readonly state: string;
}

/**
 * Renders one row. The elogind 246 layout was recorded; the others follow the known column names of their versions, with ID
 * and UID right-aligned and, from v254 on, a dash for an empty cell.
 */
export function renderRow(layout: Layout, row: Row): string {
  const { id, uid, user, seat, tty, leader, sessionClass, state } = row;
  const dash = (text: string): string => (text === "" ? "-" : text);
  switch (layout) {
    case "v219":
      return [id.padStart(10), String(uid).padStart(10), user.padEnd(16), seat.padEnd(16)].join(" ");
    case "v232":
      return [
        id.padStart(10),
        String(uid).padStart(10),
        user.padEnd(16),
        seat.padEnd(16),
        tty.padEnd(16),
      ].join(" ");
    case "elogind-246":
    case "v252":
      return [id.padStart(7), String(uid).padStart(4), user.padEnd(8), seat.padEnd(5), tty.padEnd(5)].join(
        " ",
      );
    case "v254":
      return [id.padStart(7), String(uid).padStart(4), user, dash(seat), dash(tty), state, "no", "-"].join(
        " ",
      );
    case "v256":
      return [
        id.padStart(7),
        String(uid).padStart(4),
        user,
        dash(seat),
        String(leader),
        sessionClass,
        dash(tty),
        "no",
        "-",
      ].join(" ");
  }
}
