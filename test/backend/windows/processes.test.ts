import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import type { ExecResult } from "../../../provider/connection";
import { encode } from "../../lab/languages/code-pages";
import { languageTags } from "../../lab/languages/languages";
import { codePageOf, renderQprocess, type Look } from "../../lab/windows/render";
import { createWindowsModel } from "../../lab/windows/windows-model";
import { aSession } from "../../session/sample";
import { fixtureNames, readWindowsProcessesFixture, windowsProcessesFolder } from "../fixtures";

function printed(stdout: string | Uint8Array, code = 0): ExecResult {
  const bytes = typeof stdout === "string" ? Buffer.from(stdout, "latin1") : stdout;
  return { code, stdout: bytes, stderr: new Uint8Array() };
}

const two = aSession({ id: "2" });
const row = (image: string, pid = 4236): string =>
  ` alice                 rdp-tcp#3            2 ${String(pid).padStart(6)}  ${image}\r\n`;

describe("a recorded list of processes", () => {
  for (const name of fixtureNames(windowsProcessesFolder)) {
    it(`is read as its file expects: ${name}`, () => {
      const { codePage, session, qprocess, expect } = readWindowsProcessesFixture(name);
      const query = windowsBackend({ label: "h:22" }, codePage).processes(aSession({ id: session }));
      assert.deepEqual(query.parse([qprocess]), expect);
    });
  }
});

describe("the list of processes", () => {
  it("is asked for by the ID, and through the server", () => {
    const relayed = windowsBackend({ label: "jump:22>win-04", server: "win-04" }, 850);
    assert.deepEqual(windowsBackend({ label: "h:22" }, 850).processes(two).commands, ["qprocess.exe /id:2"]);
    assert.deepEqual(relayed.processes(two).commands, ["qprocess.exe /id:2 /server:win-04"]);
  });

  for (const language of languageTags) {
    it(`is read in every layout: ${language}`, () => {
      for (const layout of ["classic", "wide"] as const) {
        const look: Look = { language, layout, servicesRow: "marked" };
        const seed = { user: "alice", processes: ["csrss.exe", "StartMenuExperienceHost.exe", "excel.exe"] };
        const model = createWindowsModel({ name: "h", sessions: [seed] });
        const alice = model.sessions().find(({ user }) => user === "alice") ?? assert.fail();
        const stdout = encode(renderQprocess(alice, look), codePageOf(look));
        const query = windowsBackend({ label: "h:22" }, codePageOf(look)).processes(two);
        const start = layout === "classic" ? "startmenuexp..." : "startmenuexperiencehost.exe";
        assert.deepEqual(query.parse([printed(stdout)]), ["excel.exe", "csrss.exe", start]);
      }
    });
  }

  it("has no line of the host's greeting", () => {
    const greeted = windowsBackend({ label: "h:22" }, 850, ["Build 0 greet.exe"]);
    const stdout = `Build 2  17 greet.exe\r\n${row("excel.exe")}`;
    assert.deepEqual(greeted.processes(two).parse([printed(stdout)]), ["excel.exe"]);
  });

  it("has no image whose letters cannot be told without a code page", () => {
    const query = windowsBackend({ label: "h:22" }, undefined).processes(two);
    assert.deepEqual(query.parse([printed(row("gr\u0081n.exe") + row("excel.exe"))]), ["excel.exe"]);
  });

  it("has names of bounded length, and is not read at any length", () => {
    const query = windowsBackend({ label: "h:22" }, 850).processes(two);
    const [name = ""] = query.parse([printed(row("x".repeat(5000)))]);
    assert.equal(name.length, 60);
    assert.deepEqual(query.parse([printed(row("excel.exe").repeat(5000))]), []);
  });
});
