package trie

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"spacechain/ledger/view"
)

// ErrMissing means that a node that must be stored is not.
var ErrMissing = errors.New("node not stored")

// Root gives the root of the trie stored under prefix.
func Root(r view.Reader, prefix []byte) ([32]byte, error) {
	enc, ok, err := r.Get(prefix)
	if err != nil {
		return EmptyRoot, fmt.Errorf("trie: root node: %w", err)
	}
	if !ok {
		return EmptyRoot, nil
	}
	return newCoder().keccak(enc), nil
}

// Update makes changes, later ones over earlier ones, to the trie stored under prefix,
// whose root must be root. It gives the new root, and which of the stored nodes change,
// by key in bytewise order. It reads no more nodes than the changes touch.
func Update(r view.Reader, prefix []byte, root [32]byte, changes []Change) ([32]byte, []view.Change, error) {
	u := updater{reader: r, prefix: prefix, coder: newCoder(), stale: map[string]bool{}}
	var top link
	if root != EmptyRoot {
		top.ref = append([]byte{0xa0}, root[:]...)
		n, err := u.load(top.ref, nil)
		if err != nil {
			return root, nil, err
		}
		top.n = n
	}
	for _, c := range changes {
		key := nibbles(c.Key)
		var err error
		if len(c.Value) == 0 {
			_, err = u.remove(&top, key, 0)
		} else {
			_, err = u.insert(&top, key, 0, c.Value)
		}
		if err != nil {
			return root, nil, err
		}
	}
	return u.finish(&top)
}

// updater is one Update under way.
type updater struct {
	reader view.Reader
	prefix []byte
	*coder
	stale map[string]bool // paths of stored nodes that were read and have not been seen again
	puts  []view.Change
	enc   []byte
}

// load reads the stored node at a path.
func (u *updater) load(ref, path []byte) (*node, error) {
	key := slices.Concat(u.prefix, path)
	enc, ok, err := u.reader.Get(key)
	if err == nil && !ok {
		err = ErrMissing
	}
	if err == nil && len(path) == 0 {
		if h := u.keccak(enc); !bytes.Equal(h[:], ref[1:]) {
			err = fmt.Errorf("its hash is %x, not %x", h, ref[1:])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("trie: node %x: %w", path, err)
	}
	u.stale[string(path)] = true
	n, err := decode(enc)
	if err != nil {
		return nil, fmt.Errorf("trie: node %x: %w", path, err)
	}
	return n, nil
}

// resolve gives the node that a link leads to, which lies at path.
func (u *updater) resolve(l *link, path []byte) (n *node, err error) {
	if l.n != nil {
		return l.n, nil
	}
	if hashed(l.ref) {
		n, err = u.load(l.ref, path)
	} else if n, err = decode(l.ref); err != nil {
		err = fmt.Errorf("trie: node in its parent at %x: %w", path, err)
	}
	l.n = n
	return n, err
}

// insert sets the value of a key, of which pos nibbles lead to l, and tells whether
// that changed anything.
func (u *updater) insert(l *link, key []byte, pos int, value []byte) (bool, error) {
	if l.none() {
		l.n = &node{key: key[pos:], value: value}
		return true, nil
	}
	n, err := u.resolve(l, key[:pos])
	if err != nil {
		return false, err
	}
	if n.kids != nil {
		changed := true
		if pos == len(key) {
			changed = !bytes.Equal(n.value, value)
			n.value = value
		} else {
			changed, err = u.insert(&n.kids[key[pos]], key, pos+1, value)
		}
		return l.changed(changed), err
	}
	m := common(n.key, key[pos:])
	if m == len(n.key) {
		if !n.child.none() {
			changed, err := u.insert(&n.child, key, pos+m, value)
			return l.changed(changed), err
		}
		if pos+m == len(key) {
			changed := !bytes.Equal(n.value, value)
			n.value = value
			return l.changed(changed), nil
		}
	}
	branch := &node{kids: new([16]link)}
	switch rest := n.key[m:]; {
	case len(rest) == 0: // a leaf, or it would have been followed
		branch.value = n.value
	case len(rest) == 1 && !n.child.none():
		branch.kids[rest[0]] = n.child
	default:
		branch.kids[rest[0]].n = &node{key: rest[1:], value: n.value, child: n.child}
	}
	if at := pos + m; at == len(key) {
		branch.value = value
	} else {
		branch.kids[key[at]].n = &node{key: key[at+1:], value: value}
	}
	l.n = branch
	if m > 0 {
		l.n = &node{key: key[pos : pos+m], child: link{n: branch}}
	}
	return l.changed(true), nil
}

// changed forgets the old reference to a node that changed.
func (l *link) changed(yes bool) bool {
	if yes {
		l.ref = nil
	}
	return yes
}

// remove takes a key out, of which pos nibbles lead to l, and tells whether it was there.
func (u *updater) remove(l *link, key []byte, pos int) (bool, error) {
	if l.none() {
		return false, nil
	}
	n, err := u.resolve(l, key[:pos])
	if err != nil {
		return false, err
	}
	if n.kids != nil {
		if pos == len(key) {
			if n.value == nil {
				return false, nil
			}
			n.value = nil
		} else if changed, err := u.remove(&n.kids[key[pos]], key, pos+1); !changed {
			return false, err
		}
		l.ref = nil
		return true, u.collapse(l, key[:pos])
	}
	m := common(n.key, key[pos:])
	if m < len(n.key) {
		return false, nil
	}
	if n.child.none() {
		if pos+m < len(key) {
			return false, nil
		}
		*l = link{}
		return true, nil
	}
	changed, err := u.remove(&n.child, key, pos+m)
	if !changed {
		return false, err
	}
	l.ref = nil
	if c := n.child.n; c.kids == nil { // the branch collapsed
		l.n = &node{key: slices.Concat(n.key, c.key), value: c.value, child: c.child}
	}
	return true, err
}

// collapse replaces a branch that leads to one thing only.
func (u *updater) collapse(l *link, path []byte) error {
	n := l.n
	only := -1
	for i := range n.kids {
		if !n.kids[i].none() {
			if only >= 0 || n.value != nil {
				return nil
			}
			only = i
		}
	}
	if only < 0 {
		l.n = &node{value: n.value}
		return nil
	}
	kid := &n.kids[only]
	c, err := u.resolve(kid, append(slices.Clone(path), byte(only)))
	if err != nil {
		return err
	}
	if c.kids != nil {
		l.n = &node{key: []byte{byte(only)}, child: *kid}
	} else {
		l.n = &node{key: append([]byte{byte(only)}, c.key...), value: c.value, child: c.child}
	}
	return nil
}

// finish encodes what changed and finds which stored nodes are no more.
func (u *updater) finish(top *link) ([32]byte, []view.Change, error) {
	root := EmptyRoot
	if !top.none() {
		u.settle(top, make([]byte, 0, 64))
		if hashed(top.ref) {
			copy(root[:], top.ref[1:])
		} else { // a small root is stored all the same
			root = u.keccak(top.ref)
			u.put(nil, top.ref)
		}
	}
	for path := range u.stale {
		u.puts = append(u.puts, view.Change{Key: slices.Concat(u.prefix, []byte(path))})
	}
	slices.SortFunc(u.puts, func(a, b view.Change) int { return bytes.Compare(a.Key, b.Key) })
	return root, u.puts, nil
}

// settle gives the link to a node at path its ref, and so for all changed nodes below.
func (u *updater) settle(l *link, path []byte) {
	if l.n == nil {
		return
	}
	if hashed(l.ref) {
		delete(u.stale, string(path))
	}
	if n := l.n; n.kids != nil {
		for i := range n.kids {
			u.settle(&n.kids[i], append(path, byte(i)))
		}
	} else if !n.child.none() {
		u.settle(&n.child, append(path, n.key...))
	}
	if l.ref != nil {
		return
	}
	u.enc = u.encode(u.enc[:0], l.n)
	ref, store := u.ref(u.enc)
	l.ref = ref
	if store {
		u.put(path, bytes.Clone(u.enc))
	}
}

func (u *updater) put(path, enc []byte) {
	delete(u.stale, string(path))
	u.puts = append(u.puts, view.Change{Key: slices.Concat(u.prefix, path), Value: enc})
}
