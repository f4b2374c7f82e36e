package identity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Keystore is a folder of named identities, one file each that only its owner can read.
type Keystore struct{ Dir string }

const (
	keySuffix = ".key"
	keyMagic  = "spacechain-key-v1 "
)

var (
	// ErrNoKey is wrapped by errors about a key that is not there.
	ErrNoKey = errors.New("no such key")
	// ErrKeyExists is wrapped by errors about a name that is taken.
	ErrKeyExists = errors.New("key exists")

	keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
)

func (s Keystore) path(name string) (string, error) {
	if !keyName.MatchString(name) {
		return "", fmt.Errorf("key name %q: use up to 64 of a-z, 0-9, '.', '_' and '-'", name)
	}
	return filepath.Join(s.Dir, name+keySuffix), nil
}

// Create makes a new identity and stores it under name, which must be free.
func (s Keystore) Create(name string) (*Key, error) {
	k, err := Generate()
	if err != nil {
		return nil, err
	}
	return k, s.Save(name, k)
}

// Save stores an identity under name, which must be free. The file is synced
// before Save returns, and is readable by its owner only.
func (s Keystore) Save(name string, k *Key) (err error) {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make key folder: %w", err)
	}
	seed := k.Seed()
	tmp, err := os.CreateTemp(s.Dir, ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("save key %s: %w", name, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(keyMagic + hex.EncodeToString(seed[:]) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("save key %s: %w", name, err)
	}
	// A hard link, unlike a rename, fails where the name is taken.
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("save key %s in %s: %w; choose another name", name, s.Dir, ErrKeyExists)
	} else if err != nil {
		return fmt.Errorf("save key %s: %w", name, err)
	}
	return nil
}

// Load reads the identity stored under name.
func (s Keystore) Load(name string) (*Key, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load key %s from %s: %w; make it with \"spacechain key new %s\"",
			name, s.Dir, ErrNoKey, name)
	}
	if err != nil {
		return nil, fmt.Errorf("load key %s: %w", name, err)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return nil, fmt.Errorf("load key %s: others can read it (mode %04o); run \"chmod 600 %s\"", name, perm, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load key %s: %w", name, err)
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(b)), keyMagic)
	seed, err := hex.DecodeString(text)
	if !ok || err != nil || len(seed) != SeedSize {
		return nil, fmt.Errorf("load key %s: %s is not a spacechain key", name, path)
	}
	return FromSeed([SeedSize]byte(seed)), nil
}

// LoadOrCreate loads the identity stored under name, or makes it if there is none.
func (s Keystore) LoadOrCreate(name string) (k *Key, created bool, err error) {
	k, err = s.Load(name)
	if errors.Is(err, ErrNoKey) {
		k, err = s.Create(name)
		if errors.Is(err, ErrKeyExists) { // another process was faster
			k, err = s.Load(name)
			return k, false, err
		}
		return k, err == nil, err
	}
	return k, false, err
}

// List gives the stored names in order. A folder that is not there holds none.
func (s Keystore) List() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), keySuffix); ok && keyName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
