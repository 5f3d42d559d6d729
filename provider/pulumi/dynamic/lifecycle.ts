/** The methods of a resource as the text in a state calls them. */
import { printable } from "../../base/text";
import { inertText } from "../../report/pipeline-commands";
import type { Call } from "../common/call";
import type { Configuration, Lifecycle, Props } from "../common/contract";
import type { ResourceKind } from "../common/resource-kind";
import type { Front } from "../process/process";
import { namedVoice } from "../progress/voice";

/** The methods on a given front. */
export function lifecycleOn(
  front: Front,
  { problemsOf, changesOf, methodsIn }: Pick<ResourceKind, "problemsOf" | "changesOf" | "methodsIn">,
): Lifecycle {
  const resource = methodsIn(front);
  // Printed text appears in the log of a pipeline, where text from a host must not act as a command.
  const print = (line: string): void => front.print(inertText(line));
  const callFor = (props: Props, configuration: Configuration = {}): Call => {
    const name = nameOf(props);
    return { name, voice: namedVoice(name, print, front.status), configuration, runs: front.runs };
  };
  return {
    check: (_olds, news, configuration) => {
      // The engine prints the value of a failure's property, secrets included, so no property is named.
      const failures = problemsOf(news, configuration ?? {}).map((reason) => ({ property: "", reason }));
      return Promise.resolve({ inputs: news, failures });
    },
    diff: (_id, olds, news) => {
      const { changed, why } = changesOf(olds, news);
      const changes = changed || isFromPlugin(olds, news);
      if (changes) callFor(news).voice.say(why);
      return Promise.resolve({ changes });
    },
    create: (inputs, configuration) => resource.create(inputs, callFor(inputs, configuration)),
    update: async (id, olds, news, configuration) => ({
      outs: await resource.update(id, olds, news, callFor(news, configuration)),
    }),
    read: async (id, props, configuration) => ({
      id,
      props: await resource.read(props, callFor(props, configuration)),
    }),
    delete: async (_id, props, configuration) => {
      const reasons = await resource.delete(props, callFor(props, configuration));
      // A plain error keeps the resource and with it the names of the drained hosts.
      if (reasons.length > 0) throw withoutStack(new Error([...reasons, rotated].join("\n")));
    },
  };
}

/** The SDK calls read and delete by a text in the outputs. Those that the plugin has written lack it, and an update adds it. */
function isFromPlugin(olds: Props, news: Props): boolean {
  return "__provider" in news && !("__provider" in olds);
}

/** A destroy receives what the last run of the program left in the state. */
const rotated =
  'A destroy uses the stack configuration of the last "pulumi up"; if it has changed since, "pulumi destroy --run-program" uses today\'s';

/** The SDK's host prints the stack of an error of delete, which is of no use to an operator. */
function withoutStack(error: Error): Error {
  error.stack = "";
  return error;
}

function nameOf({ resourceName }: Props): string {
  return typeof resourceName === "string" ? printable(resourceName, 100) : "session-logoff";
}
