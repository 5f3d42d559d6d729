import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { foreignForm } from "../../../provider/cli/arguments/hosts-file-form";
import { runHere } from "../scene";

const csv =
  '"Name","OS"\r\n"rdsh01.corp.example","Windows Server 2022"\r\n"rdsh02.corp.example","Windows"\r\n';
const ini =
  "[rdsh]\nrdsh01 ansible_host=10.0.0.1 ansible_user=admin\nrdsh[02:50].corp.example\n\n[rdsh:vars]\nansible_port=2222\n";
const yaml = "---\nall:\n  hosts:\n    rdsh01:\n      ansible_host: 10.0.0.1\n    rdsh02:\n";

const rows: readonly (readonly [form: string, text: string])[] = [
  ["CSV", csv],
  ["CSV", '"rdsh01"\n"rdsh02"\n'],
  ["CSV", "Name;OS\nrdsh01;Windows\n"],
  ["CSV", "Name\tOS\nrdsh01\tWindows\n"],
  ["an Ansible inventory", ini],
  ["an Ansible inventory", "rdsh01\nrdsh02 ansible_host=10.0.0.2\n"],
  ["an Ansible inventory", "rdsh01\n[web]\n"],
  ["an Ansible inventory", "rdsh[01:50]\n"],
  ["an Ansible inventory in YAML", yaml],
  ["JSON", '["rdsh01", "rdsh02"]\n'],
  ["JSON", '{\n  "hosts": ["rdsh01"]\n}\n'],
  ["XML or HTML", '<?xml version="1.0"?>\n<hosts/>\n'],
  ["an ssh_config", "Host rdsh01\n  HostName 10.0.0.1\n"],
  ["a known_hosts file", "rdsh01 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ\n"],
  ["an /etc/hosts file", "127.0.0.1 localhost\n10.0.0.1\trdsh01\n::1 localhost\n"],
  ["a table", "Name     OS\n----     --\nrdsh01   Windows\n"],
];

const lists = [
  "rdsh01\nrdsh02:2222\nadmin@rdsh03\n",
  "# rdsh01, rdsh02\nrdsh01 # first, of two\nrdsh02\n",
  "[::1]:22\n[fe80::1]\nCORP\\admin@rdsh01\n10.0.0.1 > rdsh02\n",
  "rdsh 01\nrdsh02\nrdsh03, rdsh04\nrdsh05\n",
  "",
];

describe("a file", () => {
  for (const [form, text] of rows) {
    it(`looks like ${form}: ${JSON.stringify(text).slice(0, 60)}`, () =>
      assert.ok(foreignForm(text)?.startsWith(`looks like ${form}, but must be a list`), foreignForm(text)));
  }

  for (const text of lists)
    it(`looks like a list of hosts: ${JSON.stringify(text)}`, () =>
      assert.equal(foreignForm(text), undefined));
});

describe("a hosts file of another form", () => {
  const many = (line: (index: number) => string): string =>
    Array.from({ length: 500 }, (_, index) => line(index)).join("\n");

  for (const [form, text] of [
    ["CSV", many((index) => `"rdsh${index}","Windows"`)],
    ["an Ansible inventory", `[rdsh]\n${many((index) => `rdsh${index} ansible_host=10.0.0.${index}`)}`],
  ] as const) {
    it(`is rejected with one sentence: ${form}`, async () => {
      const { status, stderr } = await runHere(["--all", "--hosts-file", "-"], { input: text });
      assert.equal(status, 2);
      const lines = stderr.trimEnd().split("\n");
      assert.equal(lines.length, 2, stderr);
      assert.ok(
        lines[0]?.startsWith(`session-logoff: --hosts-file -: looks like ${form}, but must be`),
        stderr,
      );
    });
  }

  it("is reported together with other problems", async () => {
    const argv = ["--all", "--hosts-file", "-", "--host", "a b", "--parallel", "0"];
    const { stderr } = await runHere(argv, { input: csv });
    assert.equal(stderr.trimEnd().split("\n").length, 4, stderr);
    assert.match(stderr, /--host: must be/u);
    assert.match(stderr, /--parallel: must be/u);
  });

  it("is accepted if every line is a host, even with commas in user names", async () => {
    const users = "a,b@rdsh01\nc,d@rdsh02\n";
    assert.ok(foreignForm(users) !== undefined);
    const argv = ["--all", "--hosts-file", "-", "--parallel", "0"];
    const { stderr } = await runHere(argv, { input: users });
    assert.doesNotMatch(stderr, /looks like/u);
    assert.match(stderr, /^session-logoff: --parallel/u);
  });
});
