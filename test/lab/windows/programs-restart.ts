import type { Program } from "./program";
import { lineEnd } from "./render";
import { win32 } from "./session-model";

/** `/t` of `shutdown` where it is not given, in seconds; and the most that it accepts, ten years. */
const [defaultSeconds, mostSeconds] = [30, 315_360_000];
const longestComment = 512;

interface Restart {
  readonly seconds: number;
}

/**
 * `shutdown /r [/t SECONDS] [/f] [/c COMMENT] [/d [p:|u:]MAJOR:MINOR]`: returns at once, and the host restarts as its plan says.
 * Everything else that Windows has, such as `/s` or `/m`, is unexpected here. Its exit code is the number of the error.
 */
export const shutdown: Program = (context) => {
  const wanted = readShutdown(context.args);
  if (typeof wanted === "string") {
    context.unexpected(`shutdown with ${wanted}`);
    return {
      code: 1,
      stderr: `Usage: shutdown [/i | /l | /s | /sg | /r | /g | /a | /p | /h | /e | /o]${lineEnd}`,
    };
  }
  const fail = (words: string, code: number): { code: number; stderr: string } => ({
    code,
    stderr: `${words}(${code})${lineEnd}`,
  });
  if (context.caller.rights !== "full-control") return fail("Access is denied.", win32.accessDenied);
  const answered = context.answered ?? Promise.resolve();
  if (context.here.shutDown?.(wanted.seconds * 1000, answered) === true) return { code: 0 };
  return fail("A system shutdown has already been scheduled.", win32.shutdownScheduled);
};

/** The meaning of the arguments, or those that are not understood. */
function readShutdown(args: readonly string[]): Restart | string {
  let seconds = defaultSeconds;
  let restarts = false;
  for (let at = 0; at < args.length; at += 1) {
    const name = args[at] ?? "";
    // Windows takes a dash for a slash.
    const value = args[at + 1];
    switch (name.toLowerCase().replace(/^-/, "/")) {
      case "/r":
        restarts = true;
        continue;
      case "/f":
        continue;
      case "/t":
        if (value === undefined || !/^\d+$/.test(value) || Number(value) > mostSeconds) break;
        seconds = Number(value);
        at += 1;
        continue;
      case "/c":
        if (value === undefined || value.length > longestComment) break;
        at += 1;
        continue;
      case "/d":
        if (value === undefined || !/^(?:[pu]:)?\d{1,3}:\d{1,5}$/i.test(value)) break;
        at += 1;
        continue;
    }
    return args.slice(at).join(" ");
  }
  return restarts ? { seconds } : "no /r";
}
