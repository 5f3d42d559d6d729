package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// network is what lies between a client and the hosts.
type network struct {
	roundTrip time.Duration
	// command is what a command with one program takes.
	command time.Duration
	// furtherPrograms is what each further program of a command takes, as a share of command.
	furtherPrograms float64
}

// commandTime is what a command with so many programs takes.
func (n network) commandTime(programs int) time.Duration {
	return time.Duration(float64(n.command) * (1 + n.furtherPrograms*float64(programs-1)))
}

// delayed is a connection over a link with latency and without a limit of bandwidth: what goes in comes out half a
// round trip later.
type delayed struct {
	net.Conn
	in, out *pipe
}

// delay puts the latency in front of a connection that was just accepted. The kernel has shaken hands in no time: the
// client's first bytes count as sent one round trip after the connection was asked for, and the server's as sent half
// a round trip later than that.
func delay(conn net.Conn, roundTrip time.Duration) net.Conn {
	if roundTrip == 0 {
		return conn
	}
	d := &delayed{Conn: conn, in: newPipe(roundTrip / 2), out: newPipe(roundTrip / 2)}
	time.Sleep(roundTrip)
	go func() {
		buffer := make([]byte, 32*1024)
		for {
			n, err := conn.Read(buffer)
			if n > 0 {
				d.in.put(append([]byte(nil), buffer[:n]...))
			}
			if err != nil {
				d.in.close()
				return
			}
		}
	}()
	go func() {
		for {
			chunk, ok := d.out.take()
			if !ok {
				_ = conn.Close()
				return
			}
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	}()
	time.Sleep(roundTrip / 2)
	return d
}

func (d *delayed) Read(into []byte) (int, error) {
	return d.in.read(into)
}

func (d *delayed) Write(data []byte) (int, error) {
	d.out.put(append([]byte(nil), data...))
	return len(data), nil
}

func (d *delayed) Close() error {
	d.out.close()
	return nil
}

// pipe holds back each chunk for a time, in order.
type pipe struct {
	latency time.Duration
	mu      sync.Mutex
	wake    *sync.Cond
	chunks  []chunk
	closed  bool
	rest    []byte
}

type chunk struct {
	data []byte
	due  time.Time
}

func newPipe(latency time.Duration) *pipe {
	p := &pipe{latency: latency}
	p.wake = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) put(data []byte) {
	p.mu.Lock()
	p.chunks = append(p.chunks, chunk{data, time.Now().Add(p.latency)})
	p.mu.Unlock()
	p.wake.Signal()
}

func (p *pipe) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wake.Broadcast()
}

// take waits for the next chunk to be due; false when the pipe is closed and empty.
func (p *pipe) take() ([]byte, bool) {
	p.mu.Lock()
	for len(p.chunks) == 0 && !p.closed {
		p.wake.Wait()
	}
	if len(p.chunks) == 0 {
		p.mu.Unlock()
		return nil, false
	}
	next := p.chunks[0]
	p.chunks = p.chunks[1:]
	p.mu.Unlock()
	time.Sleep(time.Until(next.due))
	return next.data, true
}

func (p *pipe) read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		data, ok := p.take()
		if !ok {
			return 0, io.EOF
		}
		p.rest = data
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
