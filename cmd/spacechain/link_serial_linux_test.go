package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"spacechain/link/kiss"
)

// terminal makes a pair of pseudo-terminals, the second raw: what stands for a serial line.
func terminal(t *testing.T) (device *os.File, name string) {
	t.Helper()
	control := func(f *os.File, request uintptr, arg unsafe.Pointer) {
		t.Helper()
		c, err := f.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Control(func(fd uintptr) {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)); errno != 0 {
				t.Fatal(errno)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	device, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIPPED: no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { device.Close() })
	var number, locked int32
	control(device, syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(device, syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	name = fmt.Sprintf("/dev/pts/%d", number)
	line, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	t.Cleanup(func() { line.Close() })
	var raw syscall.Termios // no flag set: octets as they are
	raw.Cflag = syscall.CS8 | syscall.CREAD | syscall.CLOCAL
	raw.Cc[syscall.VMIN] = 1
	control(line, syscall.TCSETS, unsafe.Pointer(&raw))
	return device, name
}

// A program on a serial line sends and receives by our controller.
func TestServeSerial(t *testing.T) {
	device, name := terminal(t)
	_, errs, end := start(t, nil, "link", "serve", "--kiss-serial", name, "--loop", "--modem", "g3ruh9600")
	line := kiss.NewConn(device)
	want := uiFrame(t, "by the line")
	for _, f := range []kiss.Frame{{Command: kiss.TXDelay, Data: []byte{10}}, {Command: kiss.Data, Data: want}} {
		if err := line.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := line.Read(); err != nil || !bytes.Equal(f.Data, want) {
		t.Errorf("read %+v, %v", f, err)
	}
	if code := end(); code != 0 {
		t.Errorf("ended with %d: %s", code, errs)
	}
}
