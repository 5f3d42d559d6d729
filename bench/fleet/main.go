// Command fleet simulates many Windows hosts that speak SSH, each on a loopback address of its own. It is what every
// contestant of the benchmark works against, so it does as little as it can for each command.
//
// It writes a client key, known_hosts and the list of addresses into a folder, says on standard output where it listens,
// and then answers one JSON line for each line on standard input. It ends when standard input does, so that it cannot
// outlive whoever started it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	hosts := flag.Int("hosts", 10, "number of hosts, at most 60000")
	people := flag.Int("people", 2, "people logged on to each host")
	dir := flag.String("dir", "", "folder for the client key, known_hosts and the list of addresses")
	rtt := flag.Duration("rtt", 0, "round-trip time of the simulated network")
	delay := flag.Duration("command-delay", 0, "time that every remote command takes")
	further := flag.Float64("further-programs", 0, "time of each further program in a command, as a share of command-delay")
	flag.Parse()
	if *hosts < 1 || *hosts > 60000 || *dir == "" {
		log.Fatal("fleet: needs -dir, and -hosts from 1 to 60000")
	}

	fleet, err := newFleet(*hosts, *people, network{roundTrip: *rtt, command: *delay, furtherPrograms: *further}, *dir)
	if err != nil {
		log.Fatalf("fleet: %v", err)
	}
	answer := json.NewEncoder(os.Stdout)
	_ = answer.Encode(map[string]any{"port": fleet.port})

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		reply, err := fleet.control(strings.Fields(lines.Text()))
		if err != nil {
			log.Fatalf("fleet: %v", err)
		}
		_ = answer.Encode(reply)
	}
}

// control performs one line of standard input: "reset N" logs everybody on again on the first N hosts, drops all
// connections and clears the counters; "stats" tells what has happened since.
func (f *fleet) control(words []string) (any, error) {
	switch {
	case len(words) == 2 && words[0] == "reset":
		count, err := strconv.Atoi(words[1])
		if err != nil || count < 0 || count > len(f.hosts) {
			return nil, fmt.Errorf("cannot reset %q hosts", words[1])
		}
		f.dropConnections()
		for i, host := range f.hosts {
			host.reset(i < count)
		}
		f.counters.clear()
		f.cpuAtReset, f.timeAtReset = cpuTime(), time.Now()
		return map[string]any{"reset": count}, nil
	case len(words) == 1 && words[0] == "stats":
		return f.stats(), nil
	}
	return nil, fmt.Errorf("unknown line %q", words)
}
