package state

import (
	"errors"
	"fmt"
	"io"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/rlp"
	"spacechain/ledger/trie"
)

// EmptyCodeHash is the Keccak-256 of no bytes: the code hash of accounts without code.
var EmptyCodeHash = Hash{
	0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
	0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
}

// EmptyRoot is the root of a trie without entries: the Keccak-256 of RLP's empty string.
var EmptyRoot = Hash(trie.EmptyRoot)

// account is an account's cached state, and whether it is there at all.
type account struct {
	addr    Address
	exists  bool
	nonce   uint64
	balance uint256.Int

	codeHash Hash
	code     []byte // nil until read
	newCode  bool   // code was set since the last flush
	slots    map[uint256.Int]*slot
	written  []*slot // slots that may differ from what is stored

	hashed  Hash     // Keccak-256 of addr, once flushed
	flushed [][]byte // keys below S and s that flush has written for this account

	root   Hash // of the storage as stored
	stored bool // the account is in the store
	wiped  bool // what is stored under the account no longer counts

	removed bool
	dirty   bool // in State.dirty

	touchedTx, killedTx, createdTx, warmTx uint32
}

func (acc *account) empty() bool {
	return !acc.exists || acc.nonce == 0 && acc.balance.IsZero() && acc.codeHash == EmptyCodeHash
}

// reset makes the account one that does not exist.
func (acc *account) reset() {
	acc.exists, acc.removed = false, false
	acc.nonce = 0
	acc.balance.Clear()
	acc.codeHash, acc.code = EmptyCodeHash, nil
}

// load reads an account from the store into the cache.
func (s *State) load(a Address) *account {
	acc := &account{addr: a, codeHash: EmptyCodeHash, root: EmptyRoot}
	s.accounts[a] = acc
	key := append(append(s.key[:0], 'A'), a[:]...)
	raw, ok, err := s.over.Get(key)
	if err != nil {
		s.fail("account "+a.String(), err)
		return acc
	}
	if !ok {
		return acc
	}
	rec, err := DecodeAccount(raw)
	if err != nil {
		s.fail("account "+a.String(), err)
		return acc
	}
	acc.exists, acc.stored = true, true
	acc.nonce, acc.balance = rec.Nonce, rec.Balance
	acc.codeHash, acc.root = rec.CodeHash, rec.StorageRoot
	return acc
}

// code reads an account's code at most once.
func (s *State) code(acc *account) []byte {
	if acc.code != nil || acc.codeHash == EmptyCodeHash {
		return acc.code
	}
	code, ok, err := s.over.Get(CodeKey(acc.codeHash))
	if err == nil && !ok {
		err = errors.New("not stored")
	}
	if err != nil {
		s.fail("code of "+acc.addr.String(), err)
		return nil
	}
	acc.code = code
	return code
}

// hasher gives Keccak-256 hashes without allocating for each.
type hasher struct {
	sponge interface {
		io.ReadWriter
		Reset()
	}
}

func newHasher() hasher {
	return hasher{sha3.NewLegacyKeccak256().(interface {
		io.ReadWriter
		Reset()
	})}
}

func (h hasher) sum(b []byte) (out Hash) {
	h.sponge.Reset()
	h.sponge.Write(b)
	h.sponge.Read(out[:])
	return out
}

func (h hasher) code(code []byte) Hash {
	if len(code) == 0 {
		return EmptyCodeHash
	}
	return h.sum(code)
}

// Account is an account as it is stored.
type Account struct {
	Nonce       uint64
	Balance     uint256.Int // satoshi in Qtum, wei in Ethereum
	CodeHash    Hash        // EmptyCodeHash if there is no code
	StorageRoot Hash        // EmptyRoot if there is no storage
}

const (
	hasCode    = 1 << 6 // bits of the first byte of a stored account, above
	hasStorage = 1 << 7 // the length of the balance
)

// Append adds the account's stored form to dst: a byte with the balance's length and
// whether code and storage follow, the balance's bytes, 8 bytes of nonce if it is not
// zero and its bytes else left out, code hash and storage root.
func (a *Account) Append(dst []byte) []byte {
	balance := a.Balance.Bytes32()
	n := (a.Balance.BitLen() + 7) / 8
	head := len(dst)
	dst = append(dst, byte(n), 0)
	dst = append(dst, balance[32-n:]...)
	var nonce [8]byte
	m := 0
	for v := a.Nonce; v > 0; v >>= 8 {
		m++
		nonce[8-m] = byte(v)
	}
	dst[head+1] = byte(m)
	dst = append(dst, nonce[8-m:]...)
	if a.CodeHash != EmptyCodeHash {
		dst[head] |= hasCode
		dst = append(dst, a.CodeHash[:]...)
	}
	if a.StorageRoot != EmptyRoot {
		dst[head] |= hasStorage
		dst = append(dst, a.StorageRoot[:]...)
	}
	return dst
}

// DecodeAccount reads an account's stored form.
func DecodeAccount(b []byte) (Account, error) {
	a := Account{CodeHash: EmptyCodeHash, StorageRoot: EmptyRoot}
	if len(b) < 2 {
		return a, fmt.Errorf("stored account of %d bytes", len(b))
	}
	n, m, flags := int(b[0]&^(hasCode|hasStorage)), int(b[1]), b[0]
	want := 2 + n + m
	if flags&hasCode != 0 {
		want += 32
	}
	if flags&hasStorage != 0 {
		want += 32
	}
	if n > 32 || m > 8 || len(b) != want {
		return a, fmt.Errorf("stored account of %d bytes, its head says %d", len(b), want)
	}
	b = b[2:]
	a.Balance.SetBytes(b[:n])
	for _, c := range b[n : n+m] {
		a.Nonce = a.Nonce<<8 | uint64(c)
	}
	b = b[n+m:]
	if flags&hasCode != 0 {
		b = b[copy(a.CodeHash[:], b):]
	}
	if flags&hasStorage != 0 {
		copy(a.StorageRoot[:], b)
	}
	return a, nil
}

// AppendRLP adds the form of the account that the account trie holds, the list of
// nonce, balance, storage root and code hash, to dst.
func (a *Account) AppendRLP(dst []byte) []byte {
	balance := a.Balance.Bytes32()
	n := (a.Balance.BitLen() + 7) / 8
	payload := rlp.UintSize(a.Nonce) + rlp.StringSize(balance[32-n:]) + 33 + 33
	dst = rlp.AppendListHeader(dst, payload)
	dst = rlp.AppendUint(dst, a.Nonce)
	dst = rlp.AppendString(dst, balance[32-n:])
	dst = rlp.AppendString(dst, a.StorageRoot[:])
	return rlp.AppendString(dst, a.CodeHash[:])
}

// AccountKey is the store's key of an account.
func AccountKey(a Address) []byte { return append([]byte{'A'}, a[:]...) }

// StorageKey is the store's key of a storage slot, whose name is 32 bytes big-endian.
func StorageKey(a Address, slot Hash) []byte {
	return append(StoragePrefix(a), slot[:]...)
}

// StoragePrefix is what the store's keys of all storage slots of an account begin with.
func StoragePrefix(a Address) []byte { return append([]byte{'S'}, a[:]...) }

// CodeKey is the store's key of the code with a Keccak-256.
func CodeKey(h Hash) []byte { return append([]byte{'C'}, h[:]...) }

// StorageTrie is what the store's keys of the nodes of an account's storage trie begin
// with: the prefix that package trie asks for.
func StorageTrie(a Address) []byte {
	h := newHasher().sum(a[:])
	return append([]byte{'s'}, h[:]...)
}

// AccountTrie is what the store's keys of the nodes of the account trie begin with.
func AccountTrie() []byte { return []byte{'a'} }
