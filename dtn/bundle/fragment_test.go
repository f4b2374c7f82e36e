package bundle

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestFragmentsReassemble(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBundle(t)
		size := b.Size() - len(b.Payload())
		limit := size + 20 + rapid.IntRange(1, 200).Draw(t, "room")
		parts, err := b.Fragment(limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) == 1 && parts[0] == b {
			return
		}
		for _, p := range parts {
			if p.Size() > limit {
				t.Fatalf("fragment of %d bytes, limit %d", p.Size(), limit)
			}
		}
		// Cut some again, elsewhere, so that parts overlap; lose nothing, mix all.
		for range rapid.IntRange(0, 4).Draw(t, "again") {
			p := parts[rapid.IntRange(0, len(parts)-1).Draw(t, "which")]
			if n := len(p.Payload()); n > 1 {
				x, y, err := p.Split(rapid.IntRange(1, n-1).Draw(t, "at"))
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, x, y)
			}
		}
		var decoded []*Bundle
		for _, p := range rapid.Permutation(parts).Draw(t, "order") {
			d, err := Decode(p.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Payload()) == 0 || d.Primary.TotalLength != uint64(len(b.Payload())) {
				t.Fatalf("fragment %v of %d bytes", d.ID(), d.Primary.TotalLength)
			}
			decoded = append(decoded, d)
		}
		whole, err := Reassemble(decoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(whole.Payload(), b.Payload()) || whole.ID() != b.ID() {
			t.Fatalf("reassembled %v, want %v", whole.ID(), b.ID())
		}
		if len(whole.Blocks) != len(b.Blocks) || whole.Validate() != nil {
			t.Fatalf("blocks %+v, want %+v", whole.Blocks, b.Blocks)
		}
		// Without the part that ends the payload it is incomplete.
		var some []*Bundle
		for _, d := range decoded {
			if d.Primary.FragmentOffset+uint64(len(d.Payload())) < d.Primary.TotalLength {
				some = append(some, d)
			}
		}
		if _, err := Reassemble(some); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("without the end: %v", err)
		}
	})
}

func TestFragmentSizes(t *testing.T) {
	p := Primary{CRC: CRC32C, Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	b := New(p, make([]byte, 10000), Block{Type: 200, Data: make([]byte, 50)}, Block{Type: 201, Flags: BlockReplicate})
	b.SetHopCount(HopCount{Limit: 9})
	parts, err := b.Fragment(300)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range parts {
		if f.Size() > 300 || len(f.Encode()) != f.Size() {
			t.Errorf("fragment %d has %d bytes", i, f.Size())
		}
		if (f.Find(200) != nil) != (i == 0) || f.Find(201) == nil || f.Find(BlockHopCount) == nil {
			t.Errorf("fragment %d has the blocks %+v", i, f.Blocks)
		}
	}
	if len(parts) > 55 {
		t.Errorf("%d fragments", len(parts))
	}
	if _, err := b.Fragment(100); err == nil {
		t.Error("cut into pieces smaller than its blocks")
	}
	b.Primary.Flags |= FlagMustNotFragment
	if _, err := b.Fragment(300); !errors.Is(err, ErrMustNotFragment) {
		t.Errorf("cut what must not be: %v", err)
	}
	if _, _, err := b.Split(5); !errors.Is(err, ErrMustNotFragment) {
		t.Errorf("split what must not be: %v", err)
	}
}

func TestReassembleRefuses(t *testing.T) {
	p := Primary{Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	cut := func(b *Bundle) []*Bundle {
		head, tail, err := b.Split(4)
		if err != nil {
			t.Fatal(err)
		}
		return []*Bundle{head, tail}
	}
	a := cut(New(p, []byte("0123456789")))
	p.Timestamp.Seq = 9
	other := New(p, []byte("0123456789"))
	b := cut(other)
	if _, err := Reassemble([]*Bundle{a[0], b[1]}); !errors.Is(err, ErrMismatch) {
		t.Errorf("of two bundles: %v", err)
	}
	if _, err := Reassemble([]*Bundle{other}); !errors.Is(err, ErrMismatch) {
		t.Errorf("of a whole bundle: %v", err)
	}
	if _, err := Reassemble(nil); !errors.Is(err, ErrIncomplete) {
		t.Errorf("of nothing: %v", err)
	}
	long := a[1].part(0, len(a[1].Payload()))
	long.Primary.TotalLength = 11
	if _, err := Reassemble([]*Bundle{a[0], long}); !errors.Is(err, ErrMismatch) {
		t.Errorf("of two lengths: %v", err)
	}
}
