package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// fleet is all simulated hosts of this process.
type fleet struct {
	hosts    []*host
	port     int
	network  network
	counters counters

	mu   sync.Mutex
	open map[net.Conn]struct{}

	cpuAtReset  time.Duration
	timeAtReset time.Time
}

type counters struct {
	connections, commands, open, mostOpen atomic.Int64
	unexpected                            sync.Map // command line -> struct{}
}

func (c *counters) clear() {
	c.connections.Store(0)
	c.commands.Store(0)
	c.mostOpen.Store(0)
	c.unexpected.Clear()
}

// newFleet listens on one loopback address for each host, all on the same port, and leaves in dir what a client needs.
func newFleet(count, people int, between network, dir string) (*fleet, error) {
	f := &fleet{network: between, open: map[net.Conn]struct{}{}, timeAtReset: time.Now()}
	clientKey, err := writeClientKey(filepath.Join(dir, "id_ed25519"))
	if err != nil {
		return nil, err
	}
	var knownHosts, addresses strings.Builder
	for i := range count {
		listener, err := f.listen(address(i))
		if err != nil {
			return nil, err
		}
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			return nil, err
		}
		one := &host{people: people}
		one.reset(true)
		f.hosts = append(f.hosts, one)
		key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
		fmt.Fprintf(&knownHosts, "[%s]:%d %s\n", address(i), f.port, key)
		fmt.Fprintln(&addresses, address(i))
		go f.accept(listener, one, serverConfig(signer, clientKey))
	}
	if err := os.WriteFile(filepath.Join(dir, "known_hosts"), []byte(knownHosts.String()), 0o600); err != nil {
		return nil, err
	}
	return f, os.WriteFile(filepath.Join(dir, "hosts"), []byte(addresses.String()), 0o600)
}

// address is the loopback address of a host; 127.77 is as good as any other.
func address(index int) string {
	return fmt.Sprintf("127.77.%d.%d", index/250, index%250+1)
}

// listen takes any free port for the first host and the same one for all others.
func (f *fleet) listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", address, f.port))
	if err != nil {
		return nil, err
	}
	f.port = listener.Addr().(*net.TCPAddr).Port
	return listener, nil
}

func writeClientKey(path string) (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "bench")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	return ssh.NewPublicKey(public)
}

// serverConfig offers one algorithm of each kind, so that every contestant pays for the same cryptography.
func serverConfig(hostKey ssh.Signer, clientKey ssh.PublicKey) *ssh.ServerConfig {
	allowed := clientKey.Marshal()
	config := &ssh.ServerConfig{
		Config: ssh.Config{
			KeyExchanges: []string{ssh.KeyExchangeCurve25519},
			Ciphers:      []string{ssh.CipherAES128GCM},
			MACs:         []string{ssh.HMACSHA256ETM},
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), allowed) {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
		ServerVersion: "SSH-2.0-OpenSSH_for_Windows_9.5",
	}
	config.AddHostKey(hostKey)
	return config
}

func (f *fleet) accept(listener net.Listener, one *host, config *ssh.ServerConfig) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go f.serve(conn, one, config)
	}
}

func (f *fleet) serve(raw net.Conn, one *host, config *ssh.ServerConfig) {
	f.track(raw, true)
	defer f.track(raw, false)
	conn := delay(raw, f.network.roundTrip)
	defer conn.Close()
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = raw.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := offered.Accept()
		if err == nil {
			go f.session(channel, requests, one)
		}
	}
	_ = server.Close()
	_ = raw.Close()
}

// session runs the one command of a channel.
func (f *fleet) session(channel ssh.Channel, requests <-chan *ssh.Request, one *host) {
	for request := range requests {
		if request.Type != "exec" {
			// A terminal is Ansible's wish; nothing here depends on having one.
			_ = request.Reply(request.Type == "pty-req" || request.Type == "env", nil)
			continue
		}
		var exec struct{ Line string }
		if ssh.Unmarshal(request.Payload, &exec) != nil {
			_ = request.Reply(false, nil)
			continue
		}
		_ = request.Reply(true, nil)
		go ssh.DiscardRequests(requests)
		answer, programs, foreseen := one.perform(exec.Line, channel)
		f.counters.commands.Add(1)
		if !foreseen {
			f.counters.unexpected.Store(exec.Line, struct{}{})
		}
		time.Sleep(f.network.commandTime(programs))
		_, _ = channel.Write([]byte(answer.stdout))
		if answer.stderr != "" {
			_, _ = channel.Stderr().Write([]byte(answer.stderr))
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{answer.code}))
		_ = channel.Close()
		return
	}
}

func (f *fleet) track(conn net.Conn, opened bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !opened {
		delete(f.open, conn)
		f.counters.open.Add(-1)
		return
	}
	f.open[conn] = struct{}{}
	f.counters.connections.Add(1)
	now := f.counters.open.Add(1)
	f.counters.mostOpen.Store(max(now, f.counters.mostOpen.Load()))
}

// dropConnections ends what clients keep open behind our back, such as Ansible's connections.
func (f *fleet) dropConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.open {
		_ = conn.Close()
	}
}

func (f *fleet) stats() any {
	people := 0
	for _, one := range f.hosts {
		people += one.count()
	}
	unexpected := []string{}
	f.counters.unexpected.Range(func(line, _ any) bool {
		unexpected = append(unexpected, line.(string))
		return true
	})
	return map[string]any{
		"people":      people,
		"connections": f.counters.connections.Load(),
		"commands":    f.counters.commands.Load(),
		"mostOpen":    f.counters.mostOpen.Load(),
		"unexpected":  unexpected,
		"cpuMs":       (cpuTime() - f.cpuAtReset).Milliseconds(),
		"elapsedMs":   time.Since(f.timeAtReset).Milliseconds(),
	}
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
