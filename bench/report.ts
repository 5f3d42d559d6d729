import type { Standing } from "./contest";
import type { Results } from "./results";
import { targetsOf } from "./targets";

/** Formats the results as Markdown, for RESULTS.md and the terminal. */
export function markdown(results: Results): string {
  const { throughput, latency, clients, grace, scale, pulumi, stacks, start, profile, cores } = results;
  const sections = [
    "# Benchmark",
    `Measured on ${cores} cores with Node ${results.node}, ${results.platform}, ${results.measuredAt.slice(0, 10)}, size ` +
      `\`${results.size}\`; load of the machine ${results.loadBefore.toFixed(1)} before and ${results.loadAfter.toFixed(1)} ` +
      "after. All contestants work against the same simulated hosts in the same run, one after another, round by round; " +
      "the figures are medians. `npm run bench` measures anew.",
    ...(throughput === undefined
      ? []
      : [
          `## 1. ${throughput.hosts} hosts without latency`,
          `List, log off ${throughput.people} people, verify; ${throughput.parallel} hosts at once; whole processes, start included.`,
          contestTable(throughput.standings),
          ...throughput.missing,
        ]),
    ...(latency === undefined
      ? []
      : [
          `## 2. ${latency.hosts} hosts, ${latency.roundTripMs} ms away, ${latency.commandMs} ms a command`,
          `${latency.parallel} hosts at once. Waiting alone takes ${seconds(latency.idealSeconds)} with the steps that session-logoff goes through.`,
          contestTable(latency.standings),
          ...latency.missing,
          `Each further program of a command takes a third of the first. If a command takes ${latency.commandMs} ms whatever it runs, session-logoff takes ` +
            `${latency.flat.seconds.toFixed(2)} s, and waiting alone ${latency.flat.idealSeconds.toFixed(2)} s.`,
        ]),
    ...(grace === undefined
      ? []
      : [
          `## 3. ${grace.hosts} hosts with a grace period of ${grace.graceSeconds} s`,
          table(
            ["", "seconds"],
            [
              ["the whole run", grace.seconds.toFixed(2)],
              [
                "ideal: looking at every host once, then the grace period of the last",
                grace.idealSeconds.toFixed(2),
              ],
              ["if waiting hosts kept their place", grace.ifItHeldItsPlaceSeconds.toFixed(0)],
            ],
          ),
        ]),
    ...(scale === undefined
      ? []
      : [
          "## 4. Many hosts",
          table(
            ["hosts", "runs", "seconds", "hosts/s", "peak memory", "processor time per host"],
            scale.rows.map((row) => [
              String(row.hosts),
              String(row.rounds),
              row.seconds.toFixed(1),
              row.hostsPerSecond.toFixed(0),
              `${row.peakMb} MiB`,
              `${row.cpuMsPerHost.toFixed(2)} ms`,
            ]),
          ),
        ]),
    ...(pulumi === undefined
      ? []
      : [
          `## 5. \`pulumi up\` for ${pulumi.hosts} hosts`,
          table(
            ["", "seconds"],
            [
              ["a program that declares nothing", pulumi.emptySeconds.toFixed(1)],
              ["one SessionLogoff", pulumi.oneResourceSeconds.toFixed(1)],
              ["a dynamic resource for each host", pulumi.resourcePerHostSeconds.toFixed(1)],
            ],
          ),
        ]),
    ...(stacks === undefined
      ? []
      : [
          "## 6. Large stacks, through a real engine",
          `Everybody is logged off by the first \`pulumi up\`; the second finds nothing to do and contacts nobody. ${stacks.parallel} hosts at once in each resource.`,
          table(
            [
              "resources × hosts",
              "by",
              "runs",
              "up",
              "unchanged up",
              "state",
              "provider's peak memory",
              "the same, unchanged",
            ],
            stacks.rows.map((row) => [
              `${row.resources} × ${row.hostsEach}`,
              row.front,
              String(row.rounds),
              seconds(row.upSeconds),
              seconds(row.unchangedSeconds),
              `${(row.stateBytes / 1e6).toFixed(2)} MB`,
              `${row.providerPeakMb} MiB`,
              `${row.unchangedPeakMb} MiB`,
            ]),
          ),
        ]),
    ...(start === undefined
      ? []
      : [
          "## 7. Start of a process",
          `Started one after another, ${start.rounds} rounds, with warm caches.`,
          table(
            ["", "milliseconds", "times Node alone"],
            [
              ["`node -e 0`", start.nodeMs.toFixed(0), "1.00×"],
              ...[start.command, start.refused, start.plugin, start.firstConnection].map(
                ({ what, ms, timesNode }) => [what, ms.toFixed(0), `${timesNode.toFixed(2)}×`],
              ),
            ],
          ),
        ]),
    ...(clients === undefined
      ? []
      : [
          `## 8. Both clients, ${clients.hosts} hosts without latency`,
          `${clients.parallel} hosts at once. The processor time includes the processes of ssh, also those in the background.`,
          contestTable(clients.standings),
          `Processor time per host: ${clients.standings
            .map(
              ({ name, clientCpuSeconds }) =>
                `${name} ${((clientCpuSeconds * 1000) / clients.hosts).toFixed(1)} ms`,
            )
            .join("; ")}.`,
        ]),
    ...(profile === undefined
      ? []
      : [
          "## What session-logoff's own process does meanwhile",
          `One run on ${profile.hosts} hosts without latency, as V8's profiler sampled it.`,
          table(
            ["what", "share"],
            profile.shares
              .filter(({ share }) => share >= 0.005)
              .map(({ what, share }) => [what, `${(share * 100).toFixed(0)} %`]),
          ),
        ]),
    "## Targets",
    table(
      ["what", "target", "measured", "reached"],
      targetsOf(results).map(({ what, target, measured, reached }) => [
        what,
        target,
        measured,
        reached ? "yes" : "no",
      ]),
    ),
  ];
  return `${sections.join("\n\n")}\n`;
}

function contestTable(standings: readonly Standing[]): string {
  const header = [
    "",
    "seconds",
    "fastest–slowest",
    "hosts/s",
    "times ours",
    "own processor time",
    "share of the hosts' process",
    "connections",
    "commands",
  ];
  return table(
    header,
    standings.map((one) => [
      one.name,
      one.seconds.toFixed(2),
      `${one.fastestSeconds.toFixed(2)}–${one.slowestSeconds.toFixed(2)}`,
      one.hostsPerSecond.toFixed(0),
      `${one.timesOurs.toFixed(2)}×`,
      seconds(one.clientCpuSeconds),
      `${(one.serverShare * 100).toFixed(0)} %`,
      String(one.connections),
      String(one.commands),
    ]),
  );
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** A table with its columns padded as prettier pads them. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
