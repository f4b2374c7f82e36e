package build

import (
	"context"
	"os/exec"
	"path/filepath"
)

// goModule compiles the main package in dir with the local go toolchain.
func goModule(ctx context.Context, dir, pkg, out string) error {
	bin, err := exec.LookPath("go")
	if err != nil {
		return &toolchainError{"go", "no go toolchain in PATH", "install Go 1.24 or newer from https://go.dev/dl"}
	}
	_, err = tool{op: "compile go", dir: dir, name: bin,
		env: []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS="},
		args: []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
			"-o", out, "./" + filepath.ToSlash(pkg)}}.run(ctx)
	return hint(err, "cannot find main module", `an app in Go is a module of its own: run "go mod init" in its folder`)
}
