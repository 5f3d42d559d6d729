package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// session is one person on a host.
type session struct {
	id   int
	user string
	name string // empty: disconnected
}

// host is one simulated machine and who is logged on to it.
type host struct {
	mu       sync.Mutex
	sessions []session
	people   int
}

// reset logs everybody on again, or leaves the host empty.
func (h *host) reset(occupied bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions = nil
	if !occupied {
		return
	}
	for i := range h.people {
		one := session{id: 2 + i, user: fmt.Sprintf("user%02d", i+1)}
		// Every second person has closed the window and is still logged on.
		if i%2 == 0 {
			one.name = fmt.Sprintf("rdp-tcp#%d", i)
		}
		h.sessions = append(h.sessions, one)
	}
}

func (h *host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions)
}

// reply is what a command left behind.
type reply struct {
	stdout, stderr string
	code           uint32
}

// bootIDs are the values that change when a host restarts, by the rest of the command that asks for one.
var bootIDs = map[string]string{
	`query "HKLM\SYSTEM\CurrentControlSet\Control\Windows" /v ShutdownTime`:                                        "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Windows\r\n    ShutdownTime    REG_BINARY    9C5F31A2B4D7DB01\r\n\r\n",
	`query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters" /v BootId`: "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters\r\n    BootId    REG_DWORD    0x2f\r\n\r\n",
}

// oneCall lists, logs everybody off and lists again in one command line, as people write it for `ssh`.
const oneCall = `powershell.exe -NoProfile -Command "quser; quser | select -Skip 1 | % { logoff ($_.Substring(40) -split '\s+')[1] }; quser"`

// mark is what session-logoff has cmd print after each program of a line: nothing more than that, since every program here ends with 0 or 1.
const mark = `(if errorlevel 2 (echo --- 2) else if errorlevel 0 (echo ---) else (echo --- 2))`

// performLine answers the command lines of session-logoff that hold several programs, in the half that cmd.exe reads.
func (h *host) performLine(line string) (reply, int, bool) {
	all := reply{}
	if rest, isFirst := strings.CutPrefix(line, "echo '& "); isFirst {
		all.stdout = "'\r\n"
		line, _, _ = strings.Cut(rest, " & rem ")
	}
	programs := 0
	for _, part := range strings.Split(line, " & ") {
		if part == mark {
			all.stdout += "---\r\n"
			continue
		}
		program, merged := strings.CutSuffix(part, " 2>&1")
		one, _, foreseen := h.performOne(program, strings.NewReader(""))
		if !merged || !foreseen {
			return one, programs, false
		}
		programs++
		all.stdout += one.stdout + one.stderr
	}
	return all, programs, true
}

// perform answers a command line as cmd.exe on Windows Server does. The second result is how many programs ran one
// after another, the third is false for a command that nobody foresaw.
func (h *host) perform(line string, stdin io.Reader) (reply, int, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.HasSuffix(line, mark) || strings.HasPrefix(line, "echo '& ") {
		return h.performLine(line)
	}
	return h.performOne(line, stdin)
}

func (h *host) performOne(line string, stdin io.Reader) (reply, int, bool) {
	program, rest, _ := strings.Cut(line, " ")
	switch program {
	case "chcp.com":
		return reply{stdout: "Active code page: 437\r\n"}, 1, rest == ""
	case "echo":
		return reply{stdout: rest + "\r\n"}, 1, rest == "which shell; uname -s"
	case "qwinsta.exe":
		return reply{stdout: h.qwinsta()}, 1, rest == ""
	case "quser.exe":
		return h.quser(), 1, rest == ""
	case "reg.exe":
		answer, known := bootIDs[rest]
		return reply{stdout: answer}, 1, known
	case "logoff.exe":
		return h.logoff(rest), 1, true
	case "msg.exe":
		id, _, _ := strings.Cut(rest, " ")
		text, _ := io.ReadAll(io.LimitReader(stdin, 1<<16))
		if len(text) == 0 || h.find(id) < 0 {
			return absent(id), 1, len(text) > 0
		}
		return reply{}, 1, true
	}
	if line == oneCall {
		before := h.quser()
		programs := 3 + len(h.sessions)
		h.sessions = nil
		after := h.quser()
		return reply{stdout: before.stdout + after.stdout, stderr: after.stderr, code: after.code}, programs, true
	}
	return reply{stderr: fmt.Sprintf("'%s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", program), code: 1}, 1, false
}

func (h *host) logoff(id string) reply {
	at := h.find(id)
	if at < 0 {
		return absent(id)
	}
	h.sessions = append(h.sessions[:at:at], h.sessions[at+1:]...)
	return reply{}
}

func absent(id string) reply {
	return reply{stderr: fmt.Sprintf("Session ID %s not found\r\nError [7022]:Session %s not found.\r\n", id, id), code: 1}
}

// find is the place of a session in the list, or -1.
func (h *host) find(id string) int {
	number, err := strconv.Atoi(id)
	for at, one := range h.sessions {
		if err == nil && one.id == number {
			return at
		}
	}
	return -1
}

func (h *host) qwinsta() string {
	var out strings.Builder
	row := func(mark, name, user, id, state, kind string) {
		fmt.Fprintf(&out, "%s%-18s%-20s  %5s  %-8s%-12s        \r\n", mark, name, user, id, state, kind)
	}
	out.WriteString(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \r\n")
	row(">", "services", "", "0", "Disc", "")
	row(" ", "console", "", "1", "Conn", "")
	for _, one := range h.sessions {
		row(" ", one.name, one.user, strconv.Itoa(one.id), one.state(), "")
	}
	row(" ", "rdp-tcp", "", "65536", "Listen", "")
	return out.String()
}

func (h *host) quser() reply {
	if len(h.sessions) == 0 {
		return reply{stderr: "No User exists for *\r\n", code: 1}
	}
	var out strings.Builder
	out.WriteString(" USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\r\n")
	for _, one := range h.sessions {
		fmt.Fprintf(&out, " %-22s%-17s%4d  %-8s%9s  %s\r\n", one.user, one.name, one.id, one.state(), "5", "11/20/2026 8:01 AM")
	}
	return reply{stdout: out.String()}
}

func (s session) state() string {
	if s.name == "" {
		return "Disc"
	}
	return "Active"
}
