import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { logonTimesOf, steadied } from "../../provider/session/logon-times";
import { noOwnSessions, withOwnMarked } from "../../provider/session/own-sessions";
import type { Session, SessionList } from "../../provider/session/session";
import { aSession, without } from "./sample";

/** A login without a terminal, as ours are. */
function aLogin(fields: Partial<Session>): Session {
  return without(aSession({ user: "root", ...fields }), "name");
}

function idsOfOwn(list: SessionList): string[] {
  return list.filter(({ own }) => own).map(({ id }) => id);
}

/** Marks one listing after another. */
function ownSessions(connections: () => number): (list: SessionList) => SessionList {
  let known = noOwnSessions;
  return (list) => {
    const marked = withOwnMarked(known, list, connections());
    known = marked.own;
    return marked.list;
  };
}

const alice = aSession({ id: "2" });
const first = aLogin({ id: "10", logonTime: "05:28:10, leader 710" });
const second = aLogin({ id: "11", logonTime: "05:29:11, leader 811" });
const current = (session: Session): Session => ({ ...session, own: true });

describe("our own sessions", () => {
  it("include those of previous connections", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    assert.deepEqual(idsOfOwn(mark([alice, current(first)])), ["10"]);
    connections = 2;
    assert.deepEqual(idsOfOwn(mark([alice, first, current(second)])), ["10", "11"]);
    assert.deepEqual(idsOfOwn(mark([alice, second])), ["11"], "also in a list that tells none");
  });

  it("stay ours when the host's clock changes", () => {
    let connections = 1;
    let times = logonTimesOf([]);
    const mark = ownSessions(() => connections);
    const look = (list: SessionList): string[] => {
      const steady = steadied(times, list);
      times = steady.times;
      return idsOfOwn(mark(steady.list));
    };
    const person = { ...alice, logonTime: "05:00:00, leader 600" };
    look([person, current(first)]);
    connections = 2;
    const moved = [
      { ...person, logonTime: "06:00:00, leader 600" },
      { ...first, logonTime: "06:28:10, leader 710" },
    ];
    assert.deepEqual(look([...moved, current(second)]), ["10", "11"]);
  });

  it("do not include another user who has the ID of one now", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    mark([current(first)]);
    connections = 2;
    const others = [
      { ...first, user: "bob" },
      { ...first, logonTime: "06:00:00, leader 999" },
    ];
    for (const other of others) assert.deepEqual(idsOfOwn(mark([other, current(second)])), ["11"]);
  });

  it("are recognized by their properties if the connection was lost before its first listing", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    mark([alice, current(aLogin({ id: "9" }))]);
    connections = 3;
    const bob = aLogin({ id: "12", user: "bob" });
    const atTerminal = aSession({ id: "13", user: "root", name: "pts/3" });
    assert.deepEqual(idsOfOwn(mark([alice, first, bob, atTerminal, current(second)])), ["10", "11"]);
    const later = aLogin({ id: "14" });
    assert.deepEqual(idsOfOwn(mark([first, later, current(second)])), ["10", "11"], "all are told by now");
  });

  it("are the newest, at most as many as connections were lost before the first listing", () => {
    const mark = ownSessions(() => 2);
    const old = aLogin({ id: "9" });
    assert.deepEqual(idsOfOwn(mark([old, first, current(second)])), ["10", "11"]);
  });

  it("are a single one on this machine, where all connections share a session", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    mark([current(first)]);
    connections = 2;
    assert.deepEqual(idsOfOwn(mark([current(first), second])), ["10"]);
  });

  it("are not guessed for ever if the session of a lost connection ended at once", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    mark([current(first)]);
    connections = 3;
    mark([current(second)]);
    assert.deepEqual(idsOfOwn(mark([current(second), aLogin({ id: "12" })])), ["11"]);
  });

  it("do not include a login of the same user if the session of every connection is known", () => {
    const mark = ownSessions(() => 1);
    assert.deepEqual(idsOfOwn(mark([first, current(second)])), ["11"]);
  });

  it("do not include a login that is older than the lost connection", () => {
    let connections = 1;
    const mark = ownSessions(() => connections);
    const older = aLogin({ id: "9" });
    mark([older, current(first)]);
    connections = 3;
    const third = aLogin({ id: "12" });
    assert.deepEqual(idsOfOwn(mark([older, second, current(third)])), ["11", "12"]);
  });
});
