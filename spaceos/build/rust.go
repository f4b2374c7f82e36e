package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// rustModule compiles the crate in dir with cargo.
func rustModule(ctx context.Context, dir, crate, out string) error {
	bin, err := exec.LookPath("cargo")
	if err != nil {
		return &toolchainError{"rust", "no cargo in PATH", "install Rust from https://rustup.rs"}
	}
	const target = "wasm32-unknown-unknown"
	targetDir := filepath.Join(filepath.Dir(out), "cargo")
	for crate != "." && !exists(filepath.Join(dir, crate, "Cargo.toml")) {
		crate = filepath.Dir(crate) // main: src/lib.rs
	}
	manifest := filepath.Join(dir, crate, "Cargo.toml")
	if !exists(manifest) {
		return &Error{Op: "compile rust", Dir: dir, Hint: `there is no Cargo.toml; make the crate with "cargo init --lib"`}
	}
	_, err = tool{op: "compile rust", dir: dir, name: bin,
		env: []string{"CARGO_TARGET_DIR=" + targetDir, "CARGO_TERM_COLOR=never",
			"RUSTFLAGS=-C target-cpu=mvp -C target-feature=+bulk-memory,+sign-ext -C link-arg=-zstack-size=65536"},
		args: []string{"build", "--quiet", "--release", "--message-format=short",
			"--manifest-path", manifest, "--target", target}}.run(ctx)
	if err != nil && strings.Contains(err.Error(), "can't find crate for") && strings.Contains(err.Error(), "E0463") {
		return &toolchainError{"rust", "the target " + target + " is not installed", `run "rustup target add ` + target + `"`}
	}
	if err != nil {
		return err
	}
	found, _ := filepath.Glob(filepath.Join(targetDir, target, "release", "*.wasm"))
	if len(found) != 1 {
		return &Error{Op: "compile rust", Dir: dir,
			Hint: fmt.Sprintf(`the crate made %d modules, one is wanted: set crate-type = ["cdylib"] in Cargo.toml`, len(found))}
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		return fmt.Errorf("compile rust %s: %w", dir, err)
	}
	return os.WriteFile(out, data, 0o644)
}
