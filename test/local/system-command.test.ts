import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemCommand } from "../../provider/local/system-command";
import { commandShell, systemFolder } from "../../provider/process/windows-programs";

const env = { SystemRoot: "C:\\WINDOWS" };
const env32Bit = { ...env, PROCESSOR_ARCHITEW6432: "AMD64" };

describe("a command on Windows", () => {
  for (const [command, expected] of [
    ["qwinsta.exe", "C:\\WINDOWS\\System32\\qwinsta.exe"],
    ["logoff.exe 12 /server:rdsh01", "C:\\WINDOWS\\System32\\logoff.exe 12 /server:rdsh01"],
    ["chcp.com", "C:\\WINDOWS\\System32\\chcp.com"],
    ["cmd.exe /d /c ver", "C:\\WINDOWS\\System32\\cmd.exe /d /c ver"],
    ["echo which shell; uname -s", "echo which shell; uname -s"],
  ] as const) {
    it(`is run from System32: ${command}`, () =>
      assert.equal(systemCommand(command, { platform: "win32", env }), expected));
  }

  it("is run from Sysnative by a 32-bit process, in a 32-bit shell", () => {
    const context = { platform: "win32", env: env32Bit } as const;
    assert.equal(systemCommand("quser.exe", context), "C:\\WINDOWS\\Sysnative\\quser.exe");
    assert.equal(commandShell(env32Bit), "C:\\WINDOWS\\System32\\cmd.exe");
  });

  it("is quoted when the folder name contains a space", () => {
    const context = { platform: "win32", env: { SystemRoot: "D:\\My Windows" } } as const;
    assert.equal(systemCommand("msg.exe 3", context), '"D:\\My Windows\\System32\\msg.exe" 3');
  });

  it("is never run from the current folder, whatever the value of SystemRoot", () => {
    for (const SystemRoot of [undefined, "", ".", "Windows", "C:", 'C:\\a"b'])
      assert.equal(
        systemFolder({ ...(SystemRoot === undefined ? {} : { SystemRoot }) }),
        "C:\\Windows\\System32",
      );
  });
});

it("is unchanged on other platforms", () => {
  assert.equal(systemCommand("qwinsta.exe", { platform: "linux", env }), "qwinsta.exe");
});
