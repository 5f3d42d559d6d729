// Command go-client is the benchmark's practical limit: the same work as session-logoff in Go, without a plan, a report,
// timeouts or a second thought.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "", "folder that the fleet wrote")
	port := flag.Int("port", 0, "port of every host")
	count := flag.Int("hosts", 0, "the first so many hosts")
	parallel := flag.Int("parallel", 20, "hosts at once")
	bare := flag.Bool("bare", false, "only list, log off and list, instead of all that session-logoff asks")
	flag.Parse()

	config, err := clientConfig(*dir)
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := readHosts(*dir, *count)
	if err != nil {
		log.Fatal(err)
	}
	work := everything
	if *bare {
		work = threeSteps
	}
	next := make(chan string)
	var failed sync.Map
	var workers sync.WaitGroup
	for range *parallel {
		workers.Go(func() {
			for host := range next {
				if err := visit(fmt.Sprintf("%s:%d", host, *port), config, work); err != nil {
					failed.Store(host, err)
				}
			}
		})
	}
	for _, host := range hosts {
		next <- host
	}
	close(next)
	workers.Wait()
	failed.Range(func(host, err any) bool {
		log.Fatalf("%s: %v", host, err)
		return false
	})
}

func clientConfig(dir string) (*ssh.ClientConfig, error) {
	text, err := os.ReadFile(dir + "/id_ed25519")
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	known, err := knownhosts.New(dir + "/known_hosts")
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User:              "bench",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback:   known,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	}, nil
}

func readHosts(dir string, count int) ([]string, error) {
	file, err := os.Open(dir + "/hosts")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var hosts []string
	for lines := bufio.NewScanner(file); len(hosts) < count && lines.Scan(); {
		hosts = append(hosts, lines.Text())
	}
	return hosts, nil
}

type steps func(client *ssh.Client) error

func visit(address string, config *ssh.ClientConfig, work steps) error {
	client, err := ssh.Dial("tcp", address, config)
	if err != nil {
		return err
	}
	defer client.Close()
	return work(client)
}

// bootIDs read the two values that change when a host restarts.
var bootIDs = []string{
	`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Windows" /v ShutdownTime`,
	`reg.exe query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters" /v BootId`,
}

// everything sends the very commands of session-logoff in their order: detect, list and read the boot ID, list again, log off, verify.
func everything(client *ssh.Client) error {
	first := append([]string{"chcp.com", "echo which shell; uname -s", "qwinsta.exe", "quser.exe"}, bootIDs...)
	if _, err := together(client, first...); err != nil {
		return err
	}
	ids, err := people(client, "qwinsta.exe", "quser.exe")
	if err != nil {
		return err
	}
	for pair := range pairs(ids) {
		if _, err := together(client, pair...); err != nil {
			return err
		}
	}
	return verify(client)
}

// pairs are the logoffs, two at once.
func pairs(ids []string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for at := 0; at < len(ids); at += 2 {
			var commands []string
			for _, id := range ids[at:min(at+2, len(ids))] {
				commands = append(commands, "logoff.exe "+id)
			}
			if !yield(commands) {
				return
			}
		}
	}
}

func verify(client *ssh.Client) error {
	left, err := people(client, "qwinsta.exe", "quser.exe")
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("still logged on: %v", left)
	}
	return err
}

// people lists with these commands side by side, qwinsta first, and gives the IDs of whoever is logged on.
func people(client *ssh.Client, commands ...string) ([]string, error) {
	outputs, err := together(client, commands...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, line := range strings.Split(outputs[0], "\r\n") {
		if len(line) > 46 && strings.TrimSpace(line[19:39]) != "" && !strings.Contains(line, "USERNAME") {
			ids = append(ids, strings.TrimSpace(line[41:46]))
		}
	}
	return ids, nil
}

// threeSteps lists, logs off and lists again, one command each.
func threeSteps(client *ssh.Client) error {
	ids, err := users(client)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := run(client, "logoff.exe "+id); err != nil {
			return err
		}
	}
	left, err := users(client)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("still logged on: %v", left)
	}
	return err
}

func users(client *ssh.Client) ([]string, error) {
	output, err := run(client, "quser.exe")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, line := range strings.Split(output, "\r\n") {
		if len(line) > 44 && !strings.Contains(line, "USERNAME") {
			ids = append(ids, strings.TrimSpace(line[40:44]))
		}
	}
	return ids, nil
}

func together(client *ssh.Client, commands ...string) ([]string, error) {
	outputs := make([]string, len(commands))
	errs := make([]error, len(commands))
	var all sync.WaitGroup
	for i, command := range commands {
		all.Go(func() { outputs[i], errs[i] = run(client, command) })
	}
	all.Wait()
	return outputs, errors.Join(errs...)
}

// run gives what a command printed; its exit code is looked at by nobody, since Windows tools mean little by it.
func run(client *ssh.Client, command string) (string, error) {
	session, err := client.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	output, err := session.Output(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return string(output), err
}
