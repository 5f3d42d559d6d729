// Command reaper runs a program and waits for everything that it leaves in the background too, such as the masters of ssh, so that
// their processor time counts as its own.
package main

import (
	"errors"
	"log"
	"os"
	"os/exec"
	"syscall"
)

// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER of prctl(2): orphans become children of this process.
const prSetChildSubreaper = 36

func main() {
	log.SetFlags(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		log.Fatalf("prctl: %v", errno)
	}
	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	for {
		if _, gone := syscall.Wait4(-1, nil, 0, nil); errors.Is(gone, syscall.ECHILD) {
			break
		}
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		os.Exit(ended.ExitCode())
	}
	if err != nil {
		log.Fatal(err)
	}
}
