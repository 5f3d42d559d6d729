import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRestarted } from "../../provider/backend/boot-id";
import { bootId as linuxBootId } from "../../provider/backend/linux/boot-id";
import { readBootId } from "../../provider/backend/windows/registry";

const uuid = "3f1c2a9e-7c0d-4a55-9b1e-0a2b3c4d5e6f";

describe("the boot ID of Linux", () => {
  const read = (text: string): string | undefined =>
    linuxBootId.parse([{ code: 0, stdout: Buffer.from(text), stderr: new Uint8Array() }]);

  it("is the kernel's UUID", () => {
    assert.equal(read(`${uuid}\n`), uuid);
  });

  it("is found below the text of the login's start-up files", () => {
    assert.equal(read(`Welcome!\nno mail\n${uuid}\n`), uuid);
  });

  it("is unknown if the file cannot be read or holds anything else", () => {
    for (const text of [
      "",
      "cat: /proc/sys/kernel/random/boot_id: No such file\n",
      `${uuid}0\n`,
      `x${uuid}\n`,
    ])
      assert.equal(read(text), undefined, text);
  });
});

describe("the boot ID of Windows", () => {
  const key = (name: string, type: string, value: string): string =>
    `\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\X\r\n    ${name}    ${type}    ${value}\r\n\r\n`;
  const shutdown = key("ShutdownTime", "REG_BINARY", "9C5F31A2B4D7DB01");
  const boots = key("BootId", "REG_DWORD", "0x2f");

  it("joins both values", () => {
    assert.equal(readBootId(shutdown, boots), "ShutdownTime=9C5F31A2B4D7DB01;BootId=0x2f");
  });

  it("is the value that could be read", () => {
    assert.equal(readBootId(shutdown, "ERROR: Zugriff verweigert\r\n"), "ShutdownTime=9C5F31A2B4D7DB01");
    assert.equal(readBootId("", boots), "BootId=0x2f");
  });

  it("is unknown without a value of the right form", () => {
    const wrong = key("BootId", "REG_SZ", "forty-seven");
    assert.equal(readBootId("", wrong), undefined);
    assert.equal(readBootId("", ""), undefined);
    assert.equal(readBootId(key("ShutdownTime2", "REG_BINARY", "00"), ""), undefined);
  });
});

describe("isRestarted", () => {
  for (const [before, now, expected, what] of [
    [uuid, uuid, false, "the same UUID"],
    [uuid, uuid.toUpperCase(), false, "the same UUID in capitals"],
    [uuid, uuid.replace("3f", "40"), true, "another UUID"],
    ["ShutdownTime=AA;BootId=0x1", "ShutdownTime=AA;BootId=0x1", false, "the same values"],
    ["ShutdownTime=AA;BootId=0x1", "ShutdownTime=BB;BootId=0x2", true, "a clean restart"],
    ["ShutdownTime=AA;BootId=0x1", "ShutdownTime=AA;BootId=0x2", true, "a hard reset"],
    ["ShutdownTime=AA;BootId=0x1", "ShutdownTime=AA", false, "a value that can no longer be read"],
    ["BootId=0x1", "ShutdownTime=AA;BootId=0x1", false, "a value that can be read only now"],
    ["ShutdownTime=AA", "BootId=0x2", undefined, "values that cannot be compared"],
    [uuid, "BootId=0x2", undefined, "another operating system"],
  ] as const) {
    it(`is ${expected} for ${what}`, () => {
      assert.equal(isRestarted(before, now), expected);
    });
  }
});
