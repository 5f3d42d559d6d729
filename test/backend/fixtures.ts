import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import iconv from "iconv-lite";
import { z } from "zod";
import { cksum } from "../../provider/backend/linux/cksum";
import type { ExecResult } from "../../provider/connection";
import { errorCodes } from "../../provider/base/errors";

/*
 * Recorded listings of real hosts, one JSON file per host. CONTRIBUTING.md describes the format.
 *
 * The first Windows tables were published elsewhere. Their names are replaced with others of the same length, and their trailing blanks
 * were lost in copying. Exit codes were not published: 0 is assumed.
 */

export const windowsFolder = join(__dirname, "fixtures", "windows");
export const windowsProcessesFolder = join(__dirname, "fixtures", "windows-processes");
export const linuxFolder = join(__dirname, "fixtures", "linux");

const lines = z.array(z.string());

const output = z
  .strictObject({
    exitCode: z.int(),
    stdout: lines.optional(),
    stdoutBase64: z.base64().optional(),
    stderr: lines.optional(),
    stderrBase64: z.base64().optional(),
  })
  .refine(({ stdout, stdoutBase64 }) => (stdout === undefined) !== (stdoutBase64 === undefined), {
    error: "must have either stdout or stdoutBase64",
  })
  .refine(({ stderr, stderrBase64 }) => stderr === undefined || stderrBase64 === undefined, {
    error: "must not have both stderr and stderrBase64",
  });

const row = z.strictObject({
  id: z.string(),
  // Absent: the row has no name.
  name: z.string().optional(),
  // Absent: nobody is logged on.
  user: z.string().optional(),
  kind: z.enum(["user", "console", "services", "listener", "leftover"]),
  own: z.boolean().default(false),
});
// Whether both the idle time and the logon time are known.
const windowsRow = row.extend({ hasTimes: z.boolean().default(false) });

function expectation<Row extends z.ZodType>(rowOf: Row) {
  return z
    .strictObject({ sessions: z.array(rowOf).optional(), error: z.enum(errorCodes).optional() })
    .refine(({ sessions, error }) => (sessions === undefined) !== (error === undefined), {
      error: "must have either sessions or error",
    });
}

const windowsFile = z.strictObject({
  from: z.string().min(1),
  codePage: z.int(),
  // Null: quser was not recorded. Whether the login was allowed to run it is unknown.
  commands: z.strictObject({ qwinsta: output, quser: output.nullable() }),
  expect: expectation(windowsRow),
});

const linuxFile = z.strictObject({
  from: z.string().min(1),
  // Whether the command ran without SSH, so that no session in the listing need be our own.
  local: z.boolean().default(false),
  commands: z.strictObject({ list: output }),
  expect: expectation(row),
});

const windowsProcessesFile = z.strictObject({
  from: z.string().min(1),
  codePage: z.int(),
  // The ID of the session whose processes are listed.
  session: z.string(),
  commands: z.strictObject({ qprocess: output }),
  expect: z.strictObject({ processes: lines }),
});

export type ExpectedRow = z.infer<typeof row>;
export type ExpectedWindowsRow = z.infer<typeof windowsRow>;

export interface WindowsFixture {
  readonly codePage: number;
  readonly qwinsta: ExecResult;
  /** Undefined: quser was not recorded. */
  readonly quser: ExecResult | undefined;
  readonly expect: z.infer<typeof windowsFile>["expect"];
}

export interface WindowsProcessesFixture {
  readonly codePage: number;
  readonly session: string;
  readonly qprocess: ExecResult;
  readonly expect: readonly string[];
}

export interface LinuxFixture {
  readonly local: boolean;
  readonly list: ExecResult;
  readonly expect: z.infer<typeof linuxFile>["expect"];
}

/**
 * The names of the fixtures in a folder, without `.json`.
 * @throws Error the folder is empty or contains another file
 */
export function fixtureNames(folder: string): readonly string[] {
  const files = readdirSync(folder).sort();
  if (files.length === 0) throw new Error(`${folder} holds no fixture`);
  const other = files.find((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*\.json$/u.test(file));
  if (other !== undefined) {
    throw new Error(`${join(folder, other)} is not named like a fixture, such as server-2003.json`);
  }
  return files.map((file) => basename(file, ".json"));
}

/** @throws Error the file is not a valid fixture; the message names the file and the property */
export function readWindowsFixture(name: string, folder: string = windowsFolder): WindowsFixture {
  const file = join(folder, `${name}.json`);
  const { codePage, commands, expect } = read(file, windowsFile);
  const encoding = codePage === 65001 ? "utf8" : `cp${codePage}`;
  const resultOf = (command: "qwinsta" | "quser", printed: Output): ExecResult =>
    execResult(printed, { encoding, lineEnd: "\r\n", owner: `${shortName(file)}: commands.${command}` });
  return {
    codePage,
    qwinsta: resultOf("qwinsta", commands.qwinsta),
    quser: commands.quser === null ? undefined : resultOf("quser", commands.quser),
    expect,
  };
}

/** @throws Error the file is not a valid fixture; the message names the file and the property */
export function readWindowsProcessesFixture(name: string): WindowsProcessesFixture {
  const file = join(windowsProcessesFolder, `${name}.json`);
  const { codePage, session, commands, expect } = read(file, windowsProcessesFile);
  const owner = `${shortName(file)}: commands.qprocess`;
  const qprocess = execResult(commands.qprocess, { encoding: `cp${codePage}`, lineEnd: "\r\n", owner });
  return { codePage, session, qprocess, expect: expect.processes };
}

/** @throws Error the file is not a valid fixture; the message names the file and the property */
export function readLinuxFixture(name: string, folder: string = linuxFolder): LinuxFixture {
  const file = join(folder, `${name}.json`);
  const { local, commands, expect } = read(file, linuxFile);
  const { stdout } = commands.list;
  const printed = stdout === undefined ? commands.list : { ...commands.list, stdout: withChecksum(stdout) };
  const owner = `${shortName(file)}: commands.list`;
  const list = execResult(printed, { encoding: "utf8", lineEnd: "\n", owner });
  return { local, list, expect };
}

type Output = z.infer<typeof output>;

function read<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${shortName(file)}: ${String(error)}`, { cause: error });
  }
  const { data, error } = schema.safeParse(value, { reportInput: true });
  if (error === undefined) return data;
  const problems = error.issues.flatMap(problemsOf);
  throw new Error(problems.map((problem) => `${shortName(file)}: ${problem}`).join("\n"));
}

function problemsOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${[...issue.path, key].join(".")} is not a known property`);
  }
  const property = issue.path.join(".");
  if (issue.input === undefined) return [`${property} is missing`];
  return [issue.code === "custom" ? `${property} ${issue.message}` : `${property}: ${issue.message}`];
}

/** `windows/server-2003.json` */
function shortName(file: string): string {
  return `${basename(dirname(file))}/${basename(file)}`;
}

interface Encoding {
  readonly encoding: string;
  readonly lineEnd: string;
  /** The command of the output, for messages. */
  readonly owner: string;
}

function execResult(printed: Output, encoding: Encoding): ExecResult {
  const bytesOf = (stream: "stdout" | "stderr"): Uint8Array => {
    const text = printed[stream];
    return text === undefined
      ? Buffer.from(printed[`${stream}Base64`] ?? "", "base64")
      : encoded(text, encoding, stream);
  };
  return { code: printed.exitCode, stdout: bytesOf("stdout"), stderr: bytesOf("stderr") };
}

/** @throws Error the lines do not determine the bytes exactly */
function encoded(
  text: readonly string[],
  { encoding, lineEnd, owner }: Encoding,
  stream: "stdout" | "stderr",
): Uint8Array {
  const refuse = (what: string): never => {
    throw new Error(`${owner}.${stream}: ${what}; write ${stream}Base64 instead`);
  };
  const isKnown: boolean = iconv.encodingExists(encoding);
  if (!isKnown) refuse(`${encoding} is unknown`);
  for (const line of text) {
    if (/[\r\n]/u.test(line)) refuse(`"${line}" holds a line end`);
    const isExact = iconv.decode(iconv.encode(line, encoding), encoding, { stripBOM: false }) === line;
    if (!isExact) refuse(`${encoding} cannot encode "${line}"`);
  }
  return iconv.encode(text.map((line) => line + lineEnd).join(""), encoding);
}

/** Adds the checksum to a final `@complete` line. Contributors remove it, because replacing a name changes it. */
function withChecksum(listing: readonly string[]): string[] {
  const begin = listing.indexOf("@begin");
  if (begin === -1 || listing.at(-1) !== "@complete") return [...listing];
  const body = Buffer.from(listing.slice(begin + 1, -1).join("\n"));
  return [...listing.slice(0, -1), `@complete ${cksum(body)} ${body.length}`];
}
