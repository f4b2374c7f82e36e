package manifest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a semantic version without build metadata: "1.2.0", "2.0.0-rc.1".
type Version string

// ParseVersion checks the form of a semantic version (semver.org 2.0.0, §2 and §9).
func ParseVersion(s string) (Version, error) {
	v := Version(s)
	if _, _, err := v.parts(); err != nil {
		return "", err
	}
	return v, nil
}

func (v Version) parts() (num [3]uint64, pre []string, err error) {
	bad := func() ([3]uint64, []string, error) {
		return num, nil, fmt.Errorf("version %q: want major.minor.patch, such as 1.2.0 or 2.0.0-rc.1", string(v))
	}
	if len(v) > maxVersion {
		return bad()
	}
	core, tail, hasPre := strings.Cut(string(v), "-")
	fields := strings.Split(core, ".")
	if len(fields) != 3 {
		return bad()
	}
	for i, f := range fields {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != f {
			return bad()
		}
		num[i] = n
	}
	if !hasPre {
		return num, nil, nil
	}
	pre = strings.Split(tail, ".")
	for _, p := range pre {
		if p == "" || strings.Trim(p, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
			return bad()
		}
		if n, err := strconv.ParseUint(p, 10, 64); err == nil && strconv.FormatUint(n, 10) != p {
			return bad()
		}
	}
	return num, pre, nil
}

// Compare orders versions by precedence (semver.org 2.0.0, §11): negative if v is
// the older. Malformed versions come before all others.
func (v Version) Compare(w Version) int {
	a, ap, errA := v.parts()
	b, bp, errB := w.parts()
	if errA != nil || errB != nil {
		return cmp.Compare(boolInt(errA == nil), boolInt(errB == nil))
	}
	for i := range a {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	if len(ap) == 0 || len(bp) == 0 { // a release comes after its pre-releases
		return cmp.Compare(boolInt(len(ap) == 0), boolInt(len(bp) == 0))
	}
	for i := 0; i < len(ap) && i < len(bp); i++ {
		if c := comparePre(ap[i], bp[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(ap), len(bp))
}

func comparePre(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// DefaultCounter is the security counter that an author who writes none gets:
// major*10^6 + minor*10^3 + patch, plus 1 so that version 0.0.0 counts. It rises
// with every release as long as minor and patch stay below 1000; beyond that, and
// for pre-releases, the counter must be written.
func (v Version) DefaultCounter() (uint64, error) {
	num, pre, err := v.parts()
	if err != nil {
		return 0, err
	}
	if len(pre) > 0 || num[1] > 999 || num[2] > 999 {
		return 0, fmt.Errorf("version %q: write a counter, it cannot be derived from this version", string(v))
	}
	return num[0]*1_000_000 + num[1]*1_000 + num[2] + 1, nil
}
