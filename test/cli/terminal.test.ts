import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { until } from "../lab/until";
import { mainFile, root, withScene, type Scene } from "./scene";

const hasTmux = process.platform !== "win32" && spawnSync("tmux", ["-V"]).status === 0;
const skip = hasTmux ? false : "no tmux here: apt-get install tmux";
const server = `session-logoff-test-${process.pid}`;

function tmux(...args: readonly string[]): string {
  return execFileSync("tmux", ["-L", server, "-f", "/dev/null", ...args], { encoding: "utf8" });
}

/** A real terminal of 100 columns that runs the command. */
interface Window {
  readonly screen: () => string;
  readonly waitFor: (what: RegExp) => Promise<string>;
  readonly type: (...keys: readonly string[]) => void;
}

let windows = 0;

function open({ folder, access }: Scene, argv: readonly string[], redirect = ""): Window {
  windows += 1;
  const name = `w${windows}`;
  const quoted = [...argv, ...access].map((arg) => `'${arg}'`).join(" ");
  const script = `${folder}/${name}.sh`;
  writeFileSync(
    script,
    `trap : INT\ncd '${root}'\nunset NO_COLOR\n'${process.execPath}' --import tsx '${mainFile}' ${quoted} ${redirect}\necho "status $?"\nexec sleep 60\n`,
  );
  tmux("new-session", "-d", "-s", name, "-x", "100", "-y", "40", `sh ${script}`);
  const screen = (): string => tmux("capture-pane", "-p", "-t", name);
  return {
    screen,
    type: (...keys) => void tmux("send-keys", "-t", name, ...keys),
    waitFor: async (what) => {
      const look = (): string | false => {
        const seen = screen();
        return what.test(seen) && seen;
      };
      // Each check briefly blocks the simulated hosts, which run in this process.
      return until(`${what} is on the screen`, look, 100).catch((error: unknown) =>
        assert.fail(`${String(error)}:\n${screen()}`),
      );
    },
  };
}

const two = [
  { name: "rdsh01", sessions: [{ user: "alice" }, { user: "bob" }] },
  { name: "rdsh02", sessions: [{ user: "carol", onLogoff: { kind: "closes", ms: 1500 } as const }] },
];

describe("in a real terminal", { skip }, () => {
  after(() => void spawnSync("tmux", ["-L", server, "kill-server"]));

  it("shows the sessions to log off and asks, then shows a bar, then the result", () =>
    withScene(two, async (scene) => {
      const window = open(scene, ["--all", ...scene.hosts()]);
      const question = await window.waitFor(/Log off 3 sessions on 2 hosts\? \[y\/N\]/u);
      assert.match(question, /alice .*would be logged off/u);
      assert.equal(scene.lab.hosts.flatMap(({ model }) => model.people()).length, 3);
      window.type("y", "Enter");
      await window.waitFor(/^\[#{10}-{10}\] 1 of 2 hosts done/mu);
      const end = await window.waitFor(/status 0/u);
      assert.match(end, /3 sessions logged off on 2 hosts/u);
      assert.doesNotMatch(end, /\[[#-]{20}\]/u);
      assert.deepEqual(
        scene.lab.hosts.flatMap(({ model }) => model.people()),
        [],
      );
    }));

  it("treats Ctrl-C at the question as a no", () =>
    withScene(two, async (scene) => {
      const window = open(scene, ["--all", ...scene.hosts()]);
      await window.waitFor(/\[y\/N\]/u);
      window.type("C-c");
      const end = await window.waitFor(/status 130/u);
      assert.match(end, /Nothing was changed/u);
      assert.equal(scene.lab.hosts.flatMap(({ model }) => model.people()).length, 3);
    }));

  it("treats Ctrl-D at the question as a no", () =>
    withScene(two, async (scene) => {
      const window = open(scene, ["--all", ...scene.hosts()]);
      await window.waitFor(/\[y\/N\]/u);
      window.type("C-d");
      await window.waitFor(/status 130/u);
    }));

  it("requires --yes if standard input contained the hosts", () =>
    withScene(two, async (scene) => {
      const window = open(scene, ["--all", "--hosts-file", "-"]);
      window.type(scene.lab.addressOf("rdsh01"), "Enter", "C-d");
      const end = await window.waitFor(/status \d+/u);
      assert.match(end, /standard input holds the hosts: add --yes[^]*status 2/u);
      assert.equal(scene.lab.hosts.flatMap(({ model }) => model.people()).length, 3);
    }));

  it("requires --yes if the question could not be seen", () =>
    withScene(two, async (scene) => {
      const window = open(scene, ["--all", ...scene.hosts()], "2>&1 | cat");
      const end = await window.waitFor(/add --yes/u);
      assert.match(end, /standard error is no terminal/u);
      assert.equal(scene.lab.hosts.flatMap(({ model }) => model.people()).length, 3);
    }));

  it("stops gracefully at the first Ctrl-C and exits immediately at the second", () =>
    withScene(
      [{ name: "rdsh01", sessions: [{ user: "alice", onLogoff: { kind: "stuck" } }] }],
      async (scene) => {
        const window = open(scene, ["--all", "--yes", ...scene.hosts()]);
        await window.waitFor(/logging off 2 \(alice\)/u);
        window.type("C-c");
        await window.waitFor(/Stopping after SIGINT/u);
        window.type("C-c");
        const end = await window.waitFor(/status 130/u);
        assert.match(end, /Ended at once/u);
      },
    ));

  it("fits a list into the terminal's width", () =>
    withScene(
      [{ name: "rdsh01", sessions: [{ user: "a-user-with-a-very-long-name-indeed" }] }],
      async (scene) => {
        const window = open(scene, ["--list", ...scene.hosts()]);
        const end = await window.waitFor(/status 0/u);
        assert.match(end, /^HOST +ID +USER +NAME/mu);
        for (const line of end.split("\n")) assert.ok(line.length <= 100, line);
      },
    ));
});
