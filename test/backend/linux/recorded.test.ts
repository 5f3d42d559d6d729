import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readSessions } from "../../../provider/backend/linux/sessions";
import type { SessionList } from "../../../provider/session/session";
import {
  fixtureNames,
  linuxFolder,
  readLinuxFixture,
  type ExpectedRow,
  type LinuxFixture,
} from "../fixtures";

function listOf({ local, list }: LinuxFixture): SessionList {
  return readSessions({ label: "h:22", local }, list);
}

describe("a recorded Linux listing", () => {
  for (const name of fixtureNames(linuxFolder)) {
    it(`is read as its file expects: ${name}`, () => {
      const fixture = readLinuxFixture(name);
      const { sessions, error } = fixture.expect;
      if (sessions === undefined) assert.throws(() => listOf(fixture), { code: error });
      else assert.deepEqual(listOf(fixture).map(rowOf), sessions.map(rowOf));
    });
  }
});

function rowOf({ id, name, user, kind, own }: ExpectedRow): ExpectedRow {
  return { id, name, user, kind, own };
}
