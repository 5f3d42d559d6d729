/** The first exchange of a run with a host. */
import { LogoffError } from "../base/errors";
import type { ExecResult, Platform } from "../connection";
import type { SessionList } from "../session/session";
import type { Query, Target } from "./backend";
import type { BootId } from "./boot-id";
import { backendFor, detection, isNoUnix, type Detected } from "./detect";
import { listPrograms } from "./windows/backend";
import { readCodePage } from "./windows/code-page";
import { firstLine, readFirstLine } from "./windows/one-line";
import { bootIdCommands } from "./windows/registry";

/** The first exchange of a run: the platform and, if one exchange can tell both, the sessions. */
export interface FirstContact {
  readonly detected: Detected;
  /** Absent if the listing depends on the platform or could not be read: then list again. */
  readonly sessions?: SessionList;
  /** Null if commands of its own could not read it; otherwise absent if it was not asked for or not told: then ask for it. */
  readonly bootId?: BootId | null;
}

/** What {@link firstContact} asks for besides the platform and the sessions. */
export interface FirstQuestions {
  /** Whether to read the boot ID. A server behind the host has none. */
  readonly bootId: boolean;
}

/**
 * {@link detection}, the first listing and the boot ID in one command line, which saves round trips, and processes on the host. Other platforms do not
 * find the programs of Windows. A host that gives an answer of another form, a host that is known to be Linux, a server behind another host and
 * this machine are asked in commands of their own, in parallel. `parse` throws `unsupported-host`.
 */
export function firstContact(
  target: Target,
  platform: Platform | undefined,
  questions: FirstQuestions = { bootId: false },
): Query<FirstContact> {
  const separately = contactSeparately(target, platform, questions);
  if (platform === "linux" || target.server !== undefined || target.local === true) return separately;
  const programs = ["chcp.com", ...listPrograms(target), ...(questions.bootId ? bootIdCommands : [])];
  return {
    commands: [firstLine(programs)],
    parse: ([answer]) => {
      const contact = answer && readContact(target, platform, answer, programs, questions);
      if (contact === undefined)
        throw new LogoffError("output-unrecognised", `Cannot ask "${target.label}" in one line`);
      return contact;
    },
    separately,
  };
}

/** The answer to {@link firstLine}; undefined if it has not the form that a host of a supported platform gives it. */
function readContact(
  target: Target,
  platform: Platform | undefined,
  answer: ExecResult,
  programs: readonly string[],
  questions: FirstQuestions,
): FirstContact | undefined {
  const first = readFirstLine(answer, programs);
  if (first === undefined) return undefined;
  const { shell, system, greeting, errorGreeting } = first;
  const [chcp, qwinsta, quser, ...boots] = first.sections ?? [];
  if (shell === "unix") {
    // A shell that stops before the end of the line has not told whether it runs on Windows.
    const hasNoChcp = chcp !== undefined && chcp.result.stdout.length === 0;
    const isLinux = system === "Linux" && platform === undefined && hasNoChcp;
    return isLinux ? { detected: { platform: "linux" } } : undefined;
  }
  const codePage = chcp && readCodePage(chcp.result);
  if (codePage === undefined || qwinsta === undefined || quser === undefined) return undefined;
  if (errorGreeting === undefined || !isNoUnix(system)) return undefined;
  const host: Detected = {
    platform: "windows",
    codePage,
    ...(greeting.length === 0 ? {} : { greeting }),
    ...(errorGreeting.length === 0 ? {} : { errorGreeting }),
  };
  const detected: Detected = { ...host, shell };
  const backend = backendFor(detected, target);
  const printed = Buffer.concat([qwinsta.printed, quser.printed]);
  const sessions = ifReadable(() => backend.list().parse([{ ...answer, stdout: printed }]));
  const read = questions.bootId ? backend.bootId().parse(boots.map(({ result }) => result)) : undefined;
  const bootId = read === undefined ? {} : { bootId: read };
  // Whatever stands in the way of a list is told best by commands of their own.
  return sessions === undefined ? { detected: host, ...bootId } : { detected, sessions, ...bootId };
}

/** The same in commands of their own. The listing depends on the platform: where it is another one, only that is known afterwards. */
function contactSeparately(
  target: Target,
  platform: Platform | undefined,
  { bootId: asksBootId }: FirstQuestions,
): Query<FirstContact> {
  const { commands, parse } = detection(target.label, platform);
  const guess: Detected = { platform: platform ?? "windows" };
  if (target.server !== undefined) return { commands, parse: (results) => ({ detected: parse(results) }) };
  const guessed = backendFor(guess, target);
  const lists = guessed.list().commands;
  const boots = asksBootId ? guessed.bootId().commands : [];
  return {
    commands: [...commands, ...lists, ...boots],
    parse: (results) => {
      const detected = parse(results);
      if (detected.platform !== guess.platform) return { detected };
      const backend = backendFor(detected, target);
      const [listed, booted] = [commands.length, commands.length + lists.length];
      const sessions = ifReadable(() => backend.list().parse(results.slice(listed, booted)));
      return {
        detected,
        ...(sessions === undefined ? {} : { sessions }),
        ...(asksBootId ? { bootId: backend.bootId().parse(results.slice(booted)) ?? null } : {}),
      };
    },
  };
}

/** Two queries as one, whose commands run in parallel. */
export function together<A, B>(first: Query<A>, second: Query<B>): Query<readonly [A, B]> {
  const count = first.commands.length;
  const hasMore = first.separately !== undefined || second.separately !== undefined;
  return {
    commands: [...first.commands, ...second.commands],
    parse: (results) => [first.parse(results.slice(0, count)), second.parse(results.slice(count))],
    ...(hasMore ? { separately: together(first.separately ?? first, second.separately ?? second) } : {}),
  };
}

function ifReadable(read: () => SessionList): SessionList | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
