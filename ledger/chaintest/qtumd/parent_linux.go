package qtumd

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the node end even where the test is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
