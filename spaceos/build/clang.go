package build

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// cFlags compile for the subset that every on-board engine takes: no threads, no
// SIMD, memory of its own, a stack of 64 KiB.
var cFlags = []string{"--target=wasm32", "-std=c11", "-Os", "-Wall", "-mcpu=mvp", "-msign-ext", "-mbulk-memory",
	"-fvisibility=hidden", "-fno-ident", "-fno-caret-diagnostics", "-Wl,--strip-all", "-Wl,-z,stack-size=65536"}

// freestanding headers come with the compiler; any other header means a C library.
var freestanding = map[string]bool{"stdint.h": true, "stddef.h": true, "stdbool.h": true, "stdarg.h": true,
	"limits.h": true, "float.h": true, "iso646.h": true, "stdalign.h": true, "stdnoreturn.h": true, "stdatomic.h": true}

var include = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*include[ \t]*<([^>]+)>`)

// cModule compiles main, a C file or a folder of them, and links it with wasm-ld.
// Sources that include no more than the compiler's own headers make a freestanding
// module; others are linked with the WASI C library.
func cModule(ctx context.Context, dir, main string, sdk fs.FS, out string) error {
	bin, err := clang()
	if err != nil {
		return err
	}
	sources := []string{main}
	if byExtension(main) == "" {
		if sources, err = filepath.Glob(filepath.Join(dir, main, "*.c")); err != nil {
			return fmt.Errorf("compile c %s: %w", dir, err)
		}
		for i, s := range sources {
			sources[i] = relative(dir, s)
		}
	}
	header := ""
	for _, s := range sources {
		text, err := os.ReadFile(filepath.Join(dir, s))
		if err != nil {
			return fmt.Errorf("compile c %s: %w", dir, err)
		}
		for _, m := range include.FindAllStringSubmatch(string(text), -1) {
			if !freestanding[m[1]] {
				header = m[1]
			}
		}
	}
	args := append([]string{}, cFlags...)
	if header != "" {
		args[0] = "--target=wasm32-wasi"
		if root := os.Getenv("WASI_SYSROOT"); root != "" {
			args = append(args, "--sysroot="+root)
		}
		args = append(args, "-mexec-model=reactor")
	} else {
		args = append(args, "-ffreestanding", "-nostdlib", "-Wl,--no-entry")
	}
	inc, err := cInclude(dir, sdk, filepath.Dir(out))
	if err != nil {
		return err
	}
	args = append(args, "-I", inc, "-o", out)
	_, err = tool{op: "compile c", dir: dir, name: bin, args: append(args, sources...)}.run(ctx)
	for _, phrase := range []string{"unable to execute command", "invalid linker name", "program not executable"} {
		err = hint(err, phrase, `the linker wasm-ld is missing: install lld ("apt-get install lld", "brew install lld")`)
	}
	if header != "" {
		const how = `<%s> is of the C library: install it for WASI ("apt-get install wasi-libc libclang-rt-dev-wasm32"), set WASI_SYSROOT to a wasi-sdk's share/wasi-sysroot, or do without`
		for _, phrase := range []string{"file not found", "cannot open", "unable to find library"} {
			err = hint(err, phrase, fmt.Sprintf(how, header))
		}
	}
	return err
}

// cInclude gives the folder that has spc.h: the copy beside the app, else one
// that is written from the SDK into the output folder.
func cInclude(dir string, sdk fs.FS, out string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "sdk", "spc.h")); err == nil {
		return "sdk", nil
	}
	if sdk == nil {
		return "", fmt.Errorf("compile c %s: there is no sdk/spc.h beside the app; write it with \"spacechain app init --sdk-only\"", dir)
	}
	data, err := fs.ReadFile(sdk, "c/spc.h")
	if err != nil {
		return "", fmt.Errorf("compile c %s: %w", dir, err)
	}
	inc := filepath.Join(out, "sdk")
	if err := os.MkdirAll(inc, 0o755); err != nil {
		return "", fmt.Errorf("compile c %s: %w", dir, err)
	}
	if err := os.WriteFile(filepath.Join(inc, "spc.h"), data, 0o644); err != nil {
		return "", fmt.Errorf("compile c %s: %w", dir, err)
	}
	return inc, nil
}

// clang finds a clang that has the WebAssembly target: SPACECHAIN_CLANG if set,
// else the one in PATH, else where packagers put others.
func clang() (string, error) {
	names := []string{os.Getenv("SPACECHAIN_CLANG")}
	if names[0] == "" {
		names[0] = "clang"
		// Homebrew and Debian keep more than one; Apple's own lacks the target.
		for _, pattern := range []string{"/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang", "/usr/bin/clang-[0-9]*"} {
			found, _ := filepath.Glob(pattern)
			slices.Reverse(found) // the newest first
			names = append(names, found...)
		}
	}
	without := ""
	for _, name := range names {
		bin, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		targets, err := exec.Command(bin, "--print-targets").CombinedOutput()
		if err == nil && strings.Contains(string(targets), "wasm32") {
			return bin, nil
		}
		without = bin
	}
	const how = `install clang and lld ("apt-get install clang lld", "brew install llvm lld") or name one in SPACECHAIN_CLANG`
	if without != "" {
		return "", &toolchainError{"c", without + " cannot make WebAssembly", how}
	}
	return "", &toolchainError{"c", "no clang in PATH", how}
}
