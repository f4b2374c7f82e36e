package chaintest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spacechain/ledger/wire"
)

// The tests of this file make things up and ask Qtum Core what it thinks of them. Nothing
// but its answer says what is right, so they need one. SPACECHAIN_VERSUS is how many of
// each sort are made up, SPACECHAIN_SEED what from.

func versus(t *testing.T, many int) (n int, seed uint64) {
	t.Helper()
	if !hasOracle() {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to compare with")
	}
	if v, err := strconv.Atoi(os.Getenv("SPACECHAIN_VERSUS")); err == nil {
		many = v
	}
	seed, _ = strconv.ParseUint(os.Getenv("SPACECHAIN_SEED"), 10, 64)
	t.Logf("seed %d", seed)
	return many, seed
}

// quitter is a test whose Fatal only ends what it is about.
type quitter struct{ testing.TB }

func (q quitter) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (q quitter) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// attempt runs fn, two edits of a block, and tells whether it got to its end: the second
// may not find what the first has taken away.
func (s *stage) attempt(fn func()) (done bool) {
	old := s.T
	s.T = quitter{old}
	defer func() {
		s.T = old
		if recover() != nil {
			done = false
		}
	}()
	fn()
	return true
}

// agree fails unless the node says of a block what Qtum Core says, whatever that is. It
// tells whether both took it.
func (s *stage) agree(now int64, b *wire.Block, what string) (taken bool) {
	s.T.Helper()
	before := s.tip().Hash
	reason := s.SubmitAt(now, b)
	got := s.oracle.Submit(now, b)
	if !same(b, got, reason) {
		s.T.Errorf("%s: refused for %q, by Qtum Core for %q: %v\n%x", what, reason, got, s.refusal(), clip(b))
	}
	if taken = reason == "" && s.tip().Hash != before; taken != (s.oracle.Best() == b.Hash().String()) {
		s.T.Fatalf("%s: tip is %v, Qtum Core's %s", what, s.tip().Hash, s.oracle.Best())
	}
	return taken
}

func clip(b *wire.Block) []byte {
	raw := b.Append(nil)
	return raw[:min(len(raw), 20_000)]
}

// TestMutationPairs spoils blocks in two respects at once: which of them the reason is
// about tells in what order the rules are looked at.
func TestMutationPairs(t *testing.T) {
	n, seed := versus(t, 300)
	for _, play := range []struct {
		name    string
		options []string
		draft   func(s *stage) *Draft
		rows    []mutation
	}{
		{"work", []string{longTime}, byWork, slices.Concat(onEveryBlock, onWork, allowed)},
		{"stake", nil, byStake, slices.Concat(onEveryBlock, onStake, onOwnStake, allowed)},
	} {
		t.Run(play.name, func(t *testing.T) {
			s := newPair(t, 0, play.options...).raise()
			r := rand.New(rand.NewPCG(seed, 2))
			made := 0
			for made < n {
				d := play.draft(s)
				original := d.Seal()
				now := int64(original.Header.Time)
				taken := false
				for range 20 { // with one original
					first, second := play.rows[r.IntN(len(play.rows))], play.rows[r.IntN(len(play.rows))]
					bad := d.Copy()
					var b *wire.Block
					if first.edit == nil || !s.attempt(func() {
						first.edit(s, bad)
						if second.edit != nil {
							second.edit(s, bad)
						}
						b = bad.Seal()
						if second.raw != nil {
							second.raw(s, b)
						}
					}) {
						continue
					}
					made++
					if taken = s.agree(now, b, first.name+" + "+second.name); taken {
						break
					}
				}
				if taken { // the wallet does not know what the chain holds now: begin anew
					s = newPair(t, 0, play.options...).raise()
					continue
				}
				s.Accept(original)
			}
		})
	}
}

// TestBrokenBytes changes bytes of transactions and headers.
func TestBrokenBytes(t *testing.T) {
	n, seed := versus(t, 300)
	for _, play := range []struct {
		name    string
		options []string
		draft   func(s *stage) *Draft
	}{{"work", []string{longTime}, byWork}, {"stake", nil, byStake}} {
		t.Run(play.name, func(t *testing.T) {
			s := newPair(t, 0, play.options...).raise()
			r := rand.New(rand.NewPCG(seed, 3))
			for made := 0; made < n; {
				d := play.draft(s)
				original := d.Seal()
				now := int64(original.Header.Time)
				taken := false
				for range 20 {
					made++
					if taken = s.breakBlock(r, now, d.Copy()); taken {
						break
					}
				}
				if taken { // the wallet does not know what the chain holds now: begin anew
					s = newPair(t, 0, play.options...).raise()
					continue
				}
				s.Accept(original)
			}
		})
	}
}

// breakBlock breaks a transaction or the header of d and asks what comes of it. It tells
// whether both nodes took the block.
func (s *stage) breakBlock(r *rand.Rand, now int64, d *Draft) (taken bool) {
	s.T.Helper()
	i := r.IntN(len(d.Txs)+2) - 2
	if i < 0 {
		return s.breakHeader(r, now, d)
	}
	var raw bytes.Buffer
	if err := d.Txs[i].Serialize(&raw); err != nil {
		s.T.Fatal(err)
	}
	broken := breakBytes(r, raw.Bytes())
	tx, err := wire.DecodeTx(broken)
	if err == nil {
		d.Txs[i] = tx.Msg().Copy()
		if d.PoS() && i == 1 {
			d.KeepStakeSigs = r.IntN(2) == 0
		}
		return s.agree(now, d.Seal(), fmt.Sprintf("transaction %d as %x", i, broken))
	}
	// Then Qtum Core must not be able to read the block either. What follows may make sense
	// of it; and submitblock ignores what stands behind a block, which in a message of the
	// network has no place.
	whole := splice(d.Seal(), i, broken)
	_, ours := wire.DecodeBlock(whole)
	theirs := s.oracle.submitBytes(now, whole)
	if ours != nil && theirs != "submitblock: Block decode failed" && !strings.Contains(ours.Error(), "follow it") {
		s.T.Errorf("block that cannot be read: %v, by Qtum Core: %q\n%x", ours, theirs, broken)
	}
	return false
}

// breakHeader changes a field of the header, and brings the rest in order or not.
func (s *stage) breakHeader(r *rand.Rand, now int64, d *Draft) (taken bool) {
	s.T.Helper()
	if r.IntN(2) == 0 {
		d.Seal()
		d.KeepSig = true
	}
	d.KeepMerkleRoot = r.IntN(3) == 0
	raw := breakBytes(r, d.Header.Append(nil))
	h, rest, err := wire.DecodeHeader(raw)
	if err != nil || len(rest) > 0 {
		return false
	}
	if h.IsProofOfStake() != d.PoS() {
		d.KeepSig = true // who would sign?
	}
	d.Header = h
	if bits := h.Bits; !d.PoS() && bits != s.tip().Header.Bits && !d.KeepSig {
		d.Header.Bits = s.tip().Header.Bits // to work on it could take for ever
		d.Seal()
		d.KeepSig, d.Header.Bits = true, bits
	}
	return s.agree(now, d.Seal(), fmt.Sprintf("header as %x", raw))
}

// breakBytes changes, drops, adds or copies a few bytes.
func breakBytes(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(3) {
		if len(b) < 8 {
			break
		}
		i := r.IntN(len(b))
		switch r.IntN(7) {
		case 0, 1:
			b[i] ^= 1 << r.IntN(8)
		case 2:
			b[i] = byte(r.Uint32())
		case 3:
			b = slices.Delete(b, i, i+1)
		case 4:
			b = slices.Insert(b, i, byte(r.Uint32()))
		case 5: // the opcodes that Qtum added, and small numbers
			b[i] = [...]byte{opCreate, opCall, opSpend, opSender, 0, 1, 0x14, 0x4c, 0x4d, 0x51, 0xff, 0xfd}[r.IntN(12)]
		case 6:
			if i+8 <= len(b) {
				binary.LittleEndian.PutUint64(b[i:], [...]uint64{0, 1, 1<<63 - 1, 1 << 63, 10782240625000001, 1<<64 - 1}[r.IntN(6)])
			}
		}
	}
	return b
}

// splice is a block's bytes with those of transaction i replaced.
func splice(b *wire.Block, i int, tx []byte) []byte {
	out := b.Header.Append(nil)
	out = wire.AppendCompactSize(out, uint64(len(b.Txs)))
	for j, t := range b.Txs {
		if j == i {
			out = append(out, tx...)
		} else {
			out = t.Append(out)
		}
	}
	return out
}

// TestReorganisations lets two chains grow from one root, with contracts and stakes on
// both, and gives the blocks of the one to the node that followed the other.
func TestReorganisations(t *testing.T) {
	rounds := 2
	if hasOracle() {
		rounds = 6
	}
	for seed := range uint64(rounds) {
		t.Run(strconv.Itoa(int(seed)), func(t *testing.T) {
			options := []string{longTime}
			if seed%2 == 1 {
				options = append(options, "-constantinopleheight=590", "-offlinestakingheight=594", "-londonheight=600", "-shanghaiheight=604")
			}
			var oracle *Qtumd
			if hasOracle() {
				oracle = StartQtumd(t, options...)
			}
			a := newStage(t, Regtest(t, options...), oracle, 0)
			b := newStage(t, Regtest(t, options...), nil, 0)
			r := rand.New(rand.NewPCG(seed, 4))
			grow := func(s *stage, w *Workload, r *rand.Rand) {
				w.Queue(4)
				if r.IntN(2) == 0 {
					s.Stake()
				} else {
					s.Mine()
				}
			}
			var works [2]*Workload
			for i, s := range []*stage{a, b} {
				s.MinePoW(560)
				works[i] = NewWorkload(s.Chain, seed)
				works[i].Fund()
				s.Mine()
				same := rand.New(rand.NewPCG(seed, 5))
				for range 15 {
					grow(s, works[i], same)
				}
			}
			if a.Fingerprint() != b.Fingerprint() {
				t.Fatal("one seed made two chains")
			}
			root := b.Height()
			var branch []*wire.Block
			b.OnBlock = func(block *wire.Block) { branch = append(branch, block) }
			works[1].rand = rand.New(rand.NewPCG(seed, 6))
			b.Spacing = 144
			for range 3 + r.IntN(12) {
				grow(a, works[0], r)
			}
			for b.tip().Work.Cmp(&a.tip().Work) <= 0 {
				grow(b, works[1], r)
			}
			now := b.tip().Time()
			for _, block := range branch {
				if reason := a.SubmitAt(now, block); reason != "" {
					t.Fatalf("branch from %d: block refused: %s: %v", root, reason, a.refusal())
				}
				if oracle != nil {
					if reason := oracle.Submit(now, block); reason != "" && reason != "inconclusive" {
						t.Fatalf("branch from %d: Qtum Core refuses: %s\n%s", root, reason, oracle.Log(3000))
					}
				}
			}
			if got, want := a.Fingerprint(), b.Fingerprint(); got != want {
				t.Errorf("after the reorganisation:\ngot  %s\nwant %s", got, want)
			}
			if oracle != nil {
				if oracle.Best() != b.tip().Hash.String() {
					t.Errorf("Qtum Core did not follow: %s\n%s", oracle.Best(), oracle.Log(3000))
				}
				compareCoins(t, a.Chain, oracle)
			}
		})
	}
}
