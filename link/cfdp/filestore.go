package cfdp

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TempDir holds the files under way. Names from outside cannot reach it.
const TempDir = ".cfdp"

// ErrName says that a file name from outside is not one that may be used.
var ErrName = errors.New("file name refused")

// Filestore is where an entity's files lie. Names are those of [CleanName]: relative,
// with slashes, never upwards. An entity uses its filestore from one goroutine at a
// time. Errors for what is not there match fs.ErrNotExist, for what is there already
// fs.ErrExist.
type Filestore interface {
	// Size is the length of a file in octets.
	Size(name string) (int64, error)
	// ReadAt fills p from the file; fewer octets only with an error.
	ReadAt(name string, p []byte, off int64) error
	// WriteAt writes into a file, which it creates, with its directories, and extends
	// as needed.
	WriteAt(name string, p []byte, off int64) error
	// Truncate makes a file that long, and creates it if need be.
	Truncate(name string, size int64) error
	// Create makes an empty file; it must not exist.
	Create(name string) error
	// Delete removes a file.
	Delete(name string) error
	// Rename moves a file; what was at the new place is replaced.
	Rename(from, to string) error
	// MakeDir and RemoveDir create a directory and remove an empty one.
	MakeDir(name string) error
	RemoveDir(name string) error
	// Stat says whether there is a file or a directory of that name.
	Stat(name string) (file, dir bool)
	// List names what lies in a directory, in order, directories with a slash behind.
	List(dir string) ([]string, error)
	// Sync returns once all that was written will outlast a loss of power.
	Sync() error
}

// CleanName turns a file name of a PDU into one of this filestore: relative to its
// root, however it is written. Names that climb (..), that have control characters,
// backslashes or bad UTF-8, that are longer than 255 octets, or that lie in TempDir are
// refused.
func CleanName(name string) (string, error) {
	if name == "" || len(name) > 255 || !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: %q is empty, too long or no text", ErrName, name)
	}
	for _, c := range name {
		if unicode.IsControl(c) || c == '\\' {
			return "", fmt.Errorf("%w: %q has %q", ErrName, name, c)
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("%w: %q climbs", ErrName, name)
		}
	}
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	if clean == "" || !fs.ValidPath(clean) {
		return "", fmt.Errorf("%w: %q names no file", ErrName, name)
	}
	if first, _, _ := strings.Cut(clean, "/"); strings.EqualFold(first, TempDir) {
		return "", fmt.Errorf("%w: %q is reserved", ErrName, name)
	}
	return clean, nil
}

// tempName is where the file of a transaction grows.
func tempName(id TransactionID) string {
	return fmt.Sprintf("%s/%d-%d.part", TempDir, id.Source, id.Seq)
}

// perform carries out filestore requests in order; after one that fails the others
// are not performed (CCSDS 727.0-B-5 §4.9.4).
func perform(store Filestore, requests []FilestoreRequest, limit int64) []FilestoreResponse {
	var out []FilestoreResponse
	failed := false
	for _, q := range requests {
		p := FilestoreResponse{Action: q.Action, First: q.First, Second: q.Second, Status: ResponseNotPerformed}
		if !failed {
			var err error
			p.Status, err = performOne(store, q, limit)
			if err != nil {
				failed = true
				p.Message = clip(err.Error(), 200-len(q.First)/2-len(q.Second)/2)
			}
		}
		if len(p.First)+len(p.Second)+len(p.Message)+4 > 255 {
			p.Message = ""
		}
		out = append(out, p)
	}
	return out
}

func clip(s string, n int) string { return s[:max(0, min(len(s), n))] }

// performOne returns the status of table 5-18 for what happened.
func performOne(store Filestore, q FilestoreRequest, limit int64) (ResponseStatus, error) {
	notAllowed := map[Action]ResponseStatus{
		CreateFile: 1, DeleteFile: 2, RenameFile: 3, AppendFile: 3, ReplaceFile: 3,
		CreateDir: 1, RemoveDir: 2, DenyFile: 2, DenyDir: 2,
	}[q.Action]
	first, err := CleanName(q.First)
	if err != nil {
		return notAllowed, err
	}
	second := ""
	if q.Action.two() {
		if second, err = CleanName(q.Second); err != nil {
			return notAllowed, err
		}
	}
	file, dir := store.Stat(first)
	file2, dir2 := false, false
	if second != "" {
		file2, dir2 = store.Stat(second)
	}
	absent := func(name string) error { return fmt.Errorf("%s: %w", name, fs.ErrNotExist) }
	switch q.Action {
	case CreateFile:
		err = store.Create(first)
	case DeleteFile:
		if !file {
			return 1, absent(first)
		}
		err = store.Delete(first)
	case RenameFile:
		switch {
		case !file:
			return 1, absent(first)
		case file2 || dir2:
			return 2, fmt.Errorf("%s: %w", second, fs.ErrExist)
		}
		err = store.Rename(first, second)
	case AppendFile, ReplaceFile:
		switch {
		case !file:
			return 1, absent(first)
		case !file2:
			return 2, absent(second)
		}
		err = join(store, q.Action, first, second, limit)
	case CreateDir:
		err = store.MakeDir(first)
	case RemoveDir:
		if !dir {
			return 1, absent(first)
		}
		err = store.RemoveDir(first)
	case DenyFile:
		if file {
			err = store.Delete(first)
		}
	case DenyDir:
		if dir {
			err = store.RemoveDir(first)
		}
	}
	if err != nil {
		return notAllowed, err
	}
	return ResponseDone, nil
}

// join appends the second file to the first, or replaces the first's content by it.
func join(store Filestore, action Action, first, second string, limit int64) error {
	at := int64(0)
	if action == AppendFile {
		var err error
		if at, err = store.Size(first); err != nil {
			return err
		}
	}
	size, err := store.Size(second)
	if err != nil {
		return err
	}
	if at+size > limit {
		return fmt.Errorf("%s would exceed %d octets", first, limit)
	}
	if first == second && action == ReplaceFile {
		return nil
	}
	buf := make([]byte, min(size, 64<<10))
	for off := int64(0); off < size; {
		p := buf[:min(int64(len(buf)), size-off)]
		if err := store.ReadAt(second, p, off); err != nil {
			return err
		}
		if err := store.WriteAt(first, p, at+off); err != nil {
			return err
		}
		off += int64(len(p))
	}
	return store.Truncate(first, at+size)
}
