import type { SessionCounts } from "../../../provider/report/report";

/** The counts of a host without any sessions. */
export const noSessions: SessionCounts = {
  sessions: 0,
  loggedOff: 0,
  left: 0,
  alreadyGone: 0,
  kept: 0,
  notFound: 0,
  stillPresent: 0,
  failedSessions: 0,
};
