import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { readScreen, screenText, type Screen } from "./screen";

const run = promisify(execFile);
const lookEveryMs = 40;

/** The size of the terminal. */
export const columns = 97;
export const rows = 26;

/** A screen and when it was first seen. */
export interface Frame {
  readonly atMs: number;
  readonly screen: Screen;
}

/** A real terminal that is being recorded. */
export interface Terminal {
  readonly type: (text: string) => Promise<void>;
  readonly press: (key: "Enter") => Promise<void>;
  readonly pause: (ms: number) => Promise<void>;
  /** @throws Error with the screen after three minutes */
  readonly waitFor: (what: RegExp) => Promise<void>;
}

const patienceMs = 180_000;

/** Opens a terminal (tmux) with bash, records it while `play` runs, and ends it. */
export async function recordTerminal(
  folder: string,
  env: Readonly<Record<string, string>>,
  play: (terminal: Terminal) => Promise<void>,
): Promise<readonly Frame[]> {
  writeFileSync(join(folder, "tmux.conf"), "set -g status off\nset -g default-terminal screen\n");
  writeFileSync(
    join(folder, "bashrc"),
    "PS1='\\[\\e[34m\\]$\\[\\e[0m\\] '\nPS2='\\[\\e[34m\\]>\\[\\e[0m\\] '\n" +
      "bind 'set enable-bracketed-paste off'\nunset HISTFILE\n",
  );
  // A socket in the folder, so that no other tmux is touched.
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(
      "tmux",
      ["-u", "-S", join(folder, "tmux"), "-f", join(folder, "tmux.conf"), ...args],
      { encoding: "utf8" },
    );
    return stdout;
  };
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const shell = ["bash", "--noprofile", "--rcfile", join(folder, "bashrc"), "-i"];
  const size = ["-x", String(columns), "-y", String(rows)];
  // Nothing of the recorder's own environment.
  const clean = ["env", "-i", "TERM=screen", "LANG=C.UTF-8", ...variables];
  await tmux("new-session", "-d", ...size, "-c", folder, ...clean, ...shell);
  const frames: Frame[] = [];
  const startMs = performance.now();
  let last = "";
  let plain = "";
  const look = async (): Promise<void> => {
    const cursor = ["display-message", "-p", "#{cursor_x} #{cursor_y}"];
    const captured = await tmux("capture-pane", "-e", "-p", ";", ...cursor);
    if (captured === last) return;
    last = captured;
    const lines = captured.trimEnd().split("\n");
    const [column = 0, line = 0] = (lines.pop() ?? "").split(" ").map(Number);
    const screen = readScreen(lines.join("\n"), { column, line });
    plain = screenText(screen);
    frames.push({ atMs: performance.now() - startMs, screen });
  };
  const watching = new AbortController();
  const watch = async (): Promise<void> => {
    while (!watching.signal.aborted) {
      await look();
      await delay(lookEveryMs);
    }
  };
  const terminal: Terminal = {
    type: async (text) => {
      await tmux("send-keys", "-l", "--", text);
    },
    press: async (key) => {
      await tmux("send-keys", key);
    },
    pause: (ms) => delay(ms),
    waitFor: async (what) => {
      const endMs = performance.now() + patienceMs;
      while (!what.test(plain)) {
        if (watching.signal.aborted || performance.now() > endMs)
          throw new Error(`waited in vain for ${String(what)}:\n${plain}`);
        await delay(lookEveryMs);
      }
    },
  };
  const watched = watch();
  try {
    // If the watching fails, nothing that is awaited will be seen.
    await Promise.race([play(terminal), watched]);
    await look();
    return frames;
  } finally {
    watching.abort();
    await watched.catch(() => undefined);
    await tmux("kill-server").catch(() => undefined);
  }
}
