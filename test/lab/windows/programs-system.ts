import { fill } from "../languages/language";
import type { Program, ProgramContext, Reply } from "./program";
import { codePageOf, languageOf, lineEnd, renderError } from "./render";
import { win32 } from "./session-model";
import type { LabDrainMode, WindowsModel } from "./windows-model";

/** `chcp`: the number is at the end of a localized sentence. Setting it affects only a console that is then discarded. */
export const chcp: Program = (context) => {
  const { look } = context.here;
  if (context.args.length > 0) {
    context.unexpected("chcp with an operand: the console ends with the command");
    return { code: 1, stderr: renderError(win32.invalidParameter, look) };
  }
  return { code: 0, stdout: fill(languageOf(look).activeCodePage, codePageOf(look)) + lineEnd };
};

/** `change logon …` */
export const change: Program = (context) => {
  const [kind = "", ...args] = context.args;
  if (kind.toLowerCase() === "logon") return chglogon({ ...context, args });
  context.unexpected(`change ${kind}`);
  return { code: 1, stderr: renderError(win32.invalidParameter, context.here.look) };
};

const drainSentences: Readonly<Record<LabDrainMode, string>> = {
  open: "Session logins are currently ENABLED",
  disabled: "Session logins are currently DISABLED",
  drain: "New user logons are DISABLED, but reconnections to existing sessions are ENABLED.",
  "until-restart":
    "New user logons are DISABLED, until the server is restarted, but reconnections to existing sessions are ENABLED.",
};

const drainSwitches: Readonly<Record<string, LabDrainMode>> = {
  "/enable": "open",
  "/disable": "disabled",
  "/drain": "drain",
  "/drainuntilrestart": "until-restart",
};

/** `chglogon /query | /enable | /disable | /drain | /drainuntilrestart`; does not support `/server:`. */
export const chglogon: Program = (context) => {
  const { model, look } = context.here;
  const [operand = "", ...rest] = context.args.map((arg) => arg.toLowerCase());
  const mode = drainSwitches[operand];
  if (rest.length > 0 || (mode === undefined && operand !== "/query")) {
    return { code: 1, stderr: renderError(win32.invalidParameter, look) };
  }
  // A query answers in words and with exit code 1 in every mode.
  if (mode === undefined) return { code: 1, stdout: drainSentences[model.drain()] + lineEnd };
  if (context.caller.rights !== "full-control") {
    return { code: 1, stderr: renderError(win32.accessDenied, look) };
  }
  model.setDrain(mode);
  return { code: 0, stdout: drainSentences[mode] + lineEnd };
};

const terminalServer = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server";
const winlogon = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon";

const control = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control";
const windows = `${control}\\Windows`;
const prefetch = `${control}\\Session Manager\\Memory Management\\PrefetchParameters`;

/** A value of the registry as the lab knows it. Without `data`, this host does not have it. */
interface RegistryValue {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly data: string | undefined;
}

/** The values that hold the drain mode, neither of which exists until it is first set, and those that a restart changes. */
function registryOf(model: WindowsModel): readonly RegistryValue[] {
  const mode = model.drain();
  const history = model.drainHistory();
  const { shutdownTime, bootId } = model.bootIds();
  const drainData = { open: "0x0", disabled: "0x0", "until-restart": "0x1", drain: "0x2" }[mode];
  return [
    {
      key: terminalServer,
      name: "TSServerDrainMode",
      type: "REG_DWORD",
      data: history.length > 0 ? drainData : undefined,
    },
    {
      key: winlogon,
      name: "WinStationsDisabled",
      type: "REG_SZ",
      data: history.includes("disabled") ? (mode === "disabled" ? "1" : "0") : undefined,
    },
    { key: windows, name: "ShutdownTime", type: "REG_BINARY", data: shutdownTime ?? undefined },
    {
      key: prefetch,
      name: "BootId",
      type: "REG_DWORD",
      data: bootId === null ? undefined : `0x${bootId.toString(16)}`,
    },
  ];
}

/** `reg query KEY /v VALUE`, for the values that are asked for. */
export const reg: Program = (context) => {
  const { model, look } = context.here;
  const [verb = "", key = "", flag = "", value = "", ...rest] = context.args;
  if (context.args.length === 2 && isKey(key, terminalServer)) return listTerminalServer(model.drain());
  if (flag.toLowerCase() !== "/v" || verb.toLowerCase() !== "query" || rest.length > 0) {
    // Shells that rewrite switches get here too, so this is a normal answer, not an error in the test.
    return { code: 1, stderr: `ERROR: Invalid syntax.${lineEnd}` };
  }
  const known = registryOf(model).find(
    (one) => isKey(key, one.key) && one.name.toLowerCase() === value.toLowerCase(),
  );
  if (known === undefined) context.unexpected(`reg query of ${key} ${value}`);
  if (known?.data === undefined) return { code: 1, stderr: languageOf(look).regNotFound + lineEnd };
  const line = `    ${known.name}    ${known.type}    ${known.data}`;
  return { code: 0, stdout: ["", known.key, line, "", ""].join(lineEnd) };
};

function isKey(given: string, key: string): boolean {
  return given.toLowerCase().replace(/^hklm\\/, "hkey_local_machine\\") === key.toLowerCase();
}

/** `reg query KEY`: prints the key's values (here only some), and then its subkeys by full name. */
function listTerminalServer(mode: LabDrainMode): Reply {
  const drain = mode === "until-restart" ? ["0x1"] : mode === "drain" ? ["0x2"] : [];
  const lines = [
    "",
    terminalServer,
    "    fDenyTSConnections    REG_DWORD    0x0",
    "    ProductVersion    REG_SZ    5.1",
    ...drain.map((number) => `    TSServerDrainMode    REG_DWORD    ${number}`),
    "    InstanceID    REG_SZ    8b6f1f0e-2c55-4a6b-9f2f-0d1f1a5",
    "",
    `${terminalServer}\\WinStations`,
    "",
  ];
  return { code: 0, stdout: lines.join(lineEnd) };
}

/** cmd.exe's `ver`. */
export const ver: Program = () => ({
  code: 0,
  stdout: `${lineEnd}Microsoft Windows [Version 10.0.20348.2849]${lineEnd}`,
});

/** `whoami`: `rdsh01\admin`. */
export const whoami: Program = (context: ProgramContext) => ({
  code: 0,
  stdout: `${context.here.model.name}\\${context.caller.user}`.toLowerCase() + lineEnd,
});
