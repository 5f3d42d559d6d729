import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import type { ExecResult } from "../../../provider/connection";
import type { SessionList } from "../../../provider/session/session";
import {
  fixtureNames,
  readWindowsFixture,
  windowsFolder,
  type ExpectedWindowsRow,
  type WindowsFixture,
} from "../fixtures";

const nothing: ExecResult = { code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() };

function listOf({ codePage, qwinsta, quser = nothing }: WindowsFixture): SessionList {
  return windowsBackend({ label: "h:22" }, codePage).list().parse([qwinsta, quser]);
}

describe("a recorded Windows listing", () => {
  for (const name of fixtureNames(windowsFolder)) {
    it(`is read as its file expects: ${name}`, () => {
      const fixture = readWindowsFixture(name);
      const { sessions, error } = fixture.expect;
      if (sessions === undefined) {
        assert.throws(() => listOf(fixture), { code: error });
        return;
      }
      const found = listOf(fixture).map(({ idleMs, logonTime, ...session }) => ({
        ...session,
        hasTimes: idleMs !== undefined && logonTime !== undefined,
      }));
      assert.deepEqual(found.map(rowOf), sessions.map(rowOf));
    });
  }
});

function rowOf({ id, name, user, kind, own, hasTimes }: ExpectedWindowsRow): ExpectedWindowsRow {
  return { id, name, user, kind, own, hasTimes };
}
