import { noExceptions, type Selector } from "../../provider/session/selector";
import type { Session } from "../../provider/session/session";

/** A user session, by default active over RDP. */
export function aSession(fields: Partial<Session> = {}): Session {
  return {
    id: "2",
    name: "rdp-tcp#0",
    user: "alice",
    userCertain: true,
    kind: "user",
    state: "active",
    stateText: "Active",
    own: false,
    ...fields,
  };
}

/** Removes fields, which `aSession` cannot do under exactOptionalPropertyTypes. */
export function without(session: Session, ...fields: readonly (keyof Session)[]): Session {
  return Object.fromEntries(
    Object.entries(session).filter(([key]) => !fields.includes(key as keyof Session)),
  ) as unknown as Session;
}

export const services: Session = without(
  aSession({ id: "0", name: "services", kind: "services", state: "other", stateText: "Disc" }),
  "user",
);
export const console1: Session = without(
  aSession({ id: "1", name: "console", kind: "console", state: "other", stateText: "Conn" }),
  "user",
);
export const listener: Session = without(
  aSession({ id: "65536", name: "rdp-tcp", kind: "listener", state: "other", stateText: "Listen" }),
  "user",
);

export function aSelector(fields: Partial<Selector> = {}): Selector {
  return { all: false, current: false, console: false, except: noExceptions, ...fields };
}
