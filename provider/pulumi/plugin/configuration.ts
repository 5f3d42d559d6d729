/** The configuration of the provider: of the stack (`session-logoff:user`) or of an explicit provider. Pure. */
import { isRecord } from "../../base/records";
import { stackDefaults } from "../../plan/schema/connection";
import type { Configuration } from "../common/contract";
import { secret, unmarked, type MarkedProps } from "./values";

const fields = Object.entries(stackDefaults.fields);

/**
 * The configuration with its credentials marked. The engine marks only what the user has marked, so a password that was set without `--secret`
 * would stand in the state as it is.
 */
export function withConfigurationMarked(news: MarkedProps): MarkedProps {
  const marked = fields.flatMap(([name, { isSecret }]) =>
    isSecret && news[name] !== undefined && news[name] !== null ? [[name, secret(news[name])] as const] : [],
  );
  return { ...news, ...Object.fromEntries(marked) };
}

/** Whether one of our values differs. The engine passes on the old ones where it is told that nothing does. */
export function isConfigurationChanged(olds: MarkedProps, news: MarkedProps): boolean {
  return fields.some(([name]) => unmarked(olds[name]) !== unmarked(news[name]));
}

/**
 * The values to use. In a refresh or a destroy the engine configures a default provider as the last update of the program did; the environment
 * says what the stack's configuration is today. It has nothing to do with an explicit provider.
 *
 * @param name of the provider resource
 * @param today the variable PULUMI_CONFIG: JSON of the stack's configuration in this package's namespace, decrypted
 */
export function configurationOf(args: MarkedProps, name: string, today: string | undefined): Configuration {
  const isDefault = name === "default" || name.startsWith("default_");
  const ofToday = isDefault ? ourValues(parsed(today)) : {};
  return Object.keys(ofToday).length > 0 ? ofToday : ourValues(args);
}

function ourValues(values: unknown): Configuration {
  const given = isRecord(values) ? values : {};
  const entries = fields.flatMap(([name]) => {
    const value = unmarked(given[name]);
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "{}") as unknown;
  } catch {
    return {};
  }
}
