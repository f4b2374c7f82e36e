package cfdp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "/fs/img.bin": "fs/img.bin", "a//b/./c": "a/b/c", "//x": "x", "a/": "a", "ä/日本": "ä/日本", "..a": "..a",
	} {
		if got, err := CleanName(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{
		"", "/", ".", "..", "../x", "a/../b", "/..", "a/..", "a\\..\\b", "a\x00b", "a\nb", ".cfdp/1-1.part", "/.cfdp", "./.cfdp/x",
		".CFDP/x", "\xff", strings.Repeat("a", 256),
	} {
		if got, err := CleanName(bad); !errors.Is(err, ErrName) {
			t.Errorf("%q became %q, %v", bad, got, err)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Add("/a/./b//.cfdp")
	f.Fuzz(func(t *testing.T, name string) {
		got, err := CleanName(name)
		if err != nil {
			return
		}
		if !fs.ValidPath(got) || !filepath.IsLocal(filepath.FromSlash(got)) || got == "." {
			t.Fatalf("%q became %q", name, got)
		}
		if again, err := CleanName(got); err != nil || again != got {
			t.Fatalf("%q became %q, then %q, %v", name, got, again, err)
		}
	})
}

// Symbolic links in the root do not lead out of it either.
func TestDirStoreStaysInItsRoot(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "file")); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range []string{"link/secret", "file", "../secret", "link/new", outside + "/secret"} {
		if b, err := ReadFile(d, name); err == nil {
			t.Errorf("read %q through %s", b, name)
		}
		if err := d.WriteAt(name, []byte("x"), 0); err == nil {
			t.Errorf("wrote through %s", name)
		}
		if err := d.Create(name + "2"); err == nil && strings.HasPrefix(name, "link") {
			t.Errorf("created through %s", name)
		}
	}
	if b, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(b) != "s" {
		t.Errorf("outside is %q, %v", b, err)
	}
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("outside holds %v", list)
	}
	if err := d.MakeDir("dir"); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteAt("dir", []byte("x"), 0); err == nil {
		t.Error("wrote into a directory")
	}
}

// The two filestores answer alike.
func TestStoresAgree(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp(outer.TempDir(), "store")
		if err != nil {
			t.Fatal(err)
		}
		d, err := OpenDir(root)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		stores := []Filestore{NewMemStore(), d}
		names := []string{"a", "b", "d/x", "d/y", "d"}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			other := rapid.SampledFrom(names).Draw(t, "other")
			off := rapid.Int64Range(0, 9000).Draw(t, "offset")
			data := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "data")
			op := rapid.IntRange(0, 9).Draw(t, "op")
			action := Action(rapid.IntRange(0, 8).Draw(t, "action"))
			var said [2]string
			for i, s := range stores {
				var err error
				var more any
				switch op {
				case 0, 1, 2:
					err = s.WriteAt(name, data, off)
				case 3:
					err = s.Truncate(name, off)
				case 4:
					var b []byte
					b, err = ReadFile(s, name)
					if err == nil {
						more = b
					}
				case 5:
					err = s.Delete(name)
				case 6:
					if file, _ := s.Stat(name); file && name != "d" && other != "d" {
						err = s.Rename(name, other)
					}
				case 7:
					more, _ = s.List("d")
				default:
					p := perform(s, []FilestoreRequest{{action, name, other}}, 20000)
					more = p[0].Status
				}
				if err == nil {
					if err = s.Sync(); err != nil {
						t.Fatal(err)
					}
				}
				said[i] = fmt.Sprint(err == nil, more)
			}
			if said[0] != said[1] {
				t.Fatalf("op %d, %s, %s %s: memory says %.60s, directory %.60s", op, action, name, other, said[0], said[1])
			}
		}
		for _, name := range names {
			a, errA := ReadFile(stores[0], name)
			b, errB := ReadFile(stores[1], name)
			if (errA == nil) != (errB == nil) || !bytes.Equal(a, b) {
				t.Fatalf("%s: %d and %d octets, %v, %v", name, len(a), len(b), errA, errB)
			}
		}
	})
}

func TestMemStoreIsSparse(t *testing.T) {
	m := NewMemStore()
	if err := m.WriteAt("far", []byte{1}, 1<<40); err != nil {
		t.Fatal(err)
	}
	if n, err := m.Size("far"); err != nil || n != 1<<40+1 || len(m.files["far"].pages) != 1 {
		t.Error(n, err)
	}
	p := make([]byte, 8192)
	if err := m.ReadAt("far", p, 1<<40-8191); err != nil || p[8191] != 1 || slices.ContainsFunc(p[:8191], func(b byte) bool { return b != 0 }) {
		t.Error(err)
	}
	if err := m.ReadAt("far", p, 1<<40); err == nil {
		t.Error("read beyond the end")
	}
}
