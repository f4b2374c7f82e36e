package bundle

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/internal/cbor"
)

func drawBundle(t *rapid.T) *Bundle {
	p := Primary{
		CRC:         CRCType(rapid.IntRange(0, 2).Draw(t, "crc")),
		Destination: drawEID(t, "dst"), Source: drawEID(t, "src"), ReportTo: drawEID(t, "report"),
		Timestamp:  Timestamp{rapid.Uint64().Draw(t, "time"), rapid.Uint64().Draw(t, "seq")},
		LifetimeMs: rapid.Uint64().Draw(t, "lifetime"),
		IPN3:       rapid.Bool().Draw(t, "ipn3"),
	}
	for _, f := range []Flags{FlagAckRequested, FlagStatusTime, FlagReportReception, FlagReportDeletion} {
		if rapid.Bool().Draw(t, "flag") {
			p.Flags |= f
		}
	}
	if p.Source.IsNull() {
		p.Source = IPN(1, 1)
	}
	var ext []Block
	for i := range rapid.IntRange(0, 3).Draw(t, "blocks") {
		ext = append(ext, Block{Type: BlockType(192 + i), Flags: BlockFlags(rapid.IntRange(0, 0x17).Draw(t, "block flags")),
			CRC: CRCType(rapid.IntRange(0, 2).Draw(t, "block crc")), Data: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data")})
	}
	b := New(p, rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "payload"), ext...)
	if rapid.Bool().Draw(t, "hops") {
		b.SetHopCount(HopCount{Limit: 30, Count: rapid.Uint64().Draw(t, "hop count")})
	}
	if rapid.Bool().Draw(t, "age") {
		b.SetAgeMs(rapid.Uint64().Draw(t, "age ms"))
	}
	if rapid.Bool().Draw(t, "previous") {
		b.SetPreviousNode(drawEID(t, "previous node"))
	}
	return b
}

func TestBundleRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBundle(t)
		raw := b.Encode()
		if len(raw) != b.Size() {
			t.Fatalf("Size is %d, encoded %d", b.Size(), len(raw))
		}
		got, err := Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		want, have := b.Primary, got.Primary
		want.IPN3, have.IPN3 = false, false
		if want != have || len(got.Blocks) != len(b.Blocks) {
			t.Fatalf("got %+v, want %+v", have, want)
		}
		if !bytes.Equal(got.Encode(), raw) {
			t.Fatal("encodes differently")
		}
		for i := range b.Blocks {
			x, y := b.Blocks[i], got.Blocks[i]
			if !bytes.Equal(x.Data, y.Data) || x.Type != y.Type || x.Number != y.Number || x.Flags != y.Flags {
				t.Fatalf("block %d: %+v, want %+v", i, y, x)
			}
		}
		// Any one bit that is covered by a CRC is found out.
		if b.Primary.CRC != CRCNone {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "damage")
			raw[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if again, err := Decode(raw); err == nil && again.Primary != got.Primary {
				t.Fatalf("damage at %d of the primary block went unnoticed", at)
			}
		}
	})
}

// The primary block is written as it came, until it is changed.
func TestThreeElementPrimaryIsKept(t *testing.T) {
	p := Primary{CRC: CRC32C, Destination: IPN3(977000, 1, 1), Source: IPN(5, 1), LifetimeMs: 1000, IPN3: true}
	raw := New(p, []byte("x")).Encode()
	b, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if b.Primary.IPN3 || !bytes.Equal(b.Encode(), raw) {
		t.Errorf("encodes as %x, want %x", b.Encode(), raw)
	}
	b.Primary.LifetimeMs++
	again, err := Decode(b.Encode())
	if err != nil || again.Primary.LifetimeMs != 1001 || again.Primary.Destination != p.Destination {
		t.Errorf("after a change: %+v %v", again, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := Primary{Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	payload := Block{Type: BlockPayload, Number: 1, Data: []byte("hi")}
	build := func(p Primary, blocks ...Block) []byte { return (&Bundle{Primary: p, Blocks: blocks}).Encode() }
	with := func(f func(*Primary)) Primary { p := good; f(&p); return p }
	block := func(t BlockType, number uint64, data ...byte) Block {
		return Block{Type: t, Number: number, Data: data}
	}
	valid := build(good, payload)
	long := slices.Concat(valid[:1], []byte{0x88, 0x18, 7}, valid[3:])
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                   {nil, ErrMalformed},
		"no array":                  {[]byte{0x01}, ErrMalformed},
		"array of definite length":  {append([]byte{0x82}, valid[1:len(valid)-1]...), ErrMalformed},
		"cut short":                 {valid[:len(valid)-1], ErrMalformed},
		"bytes after the end":       {append(slices.Clone(valid), 0), ErrMalformed},
		"long form of a number":     {long, ErrMalformed},
		"no payload":                {build(good), ErrNoPayload},
		"payload not last":          {build(good, payload, block(200, 2)), ErrMalformed},
		"two payloads":              {build(good, payload, payload), ErrMalformed},
		"payload not number 1":      {build(good, block(BlockPayload, 2)), ErrMalformed},
		"other block number 1":      {build(good, block(200, 1), payload), ErrMalformed},
		"block number 0":            {build(good, block(200, 0), payload), ErrMalformed},
		"block number twice":        {build(good, block(200, 2), block(201, 2), payload), ErrMalformed},
		"two hop counts":            {build(good, block(BlockHopCount, 2, 0x82, 5, 1), block(BlockHopCount, 3, 0x82, 5, 1), payload), ErrMalformed},
		"hop limit 0":               {build(good, block(BlockHopCount, 2, 0x82, 0, 0), payload), ErrMalformed},
		"hop count cut":             {build(good, block(BlockHopCount, 2, 0x82, 5), payload), ErrMalformed},
		"hop count and more":        {build(good, block(BlockHopCount, 2, 0x82, 5, 1, 0), payload), ErrMalformed},
		"age not a number":          {build(good, block(BlockAge, 2, 0x20), payload), ErrMalformed},
		"previous node not an id":   {build(good, block(BlockPreviousNode, 2, 0x01), payload), ErrMalformed},
		"admin record with reports": {build(with(func(p *Primary) { p.Flags = FlagAdminRecord | FlagReportDeletion }), payload), ErrMalformed},
		"anonymous, may fragment":   {build(with(func(p *Primary) { p.Source = None }), payload), ErrMalformed},
		"anonymous, wants reports": {build(with(func(p *Primary) {
			p.Source, p.Flags = None, FlagMustNotFragment|FlagReportDelivery
		}), payload), ErrMalformed},
		"fragment beyond the whole": {build(with(func(p *Primary) { p.Flags, p.FragmentOffset, p.TotalLength = FlagFragment, 5, 6 }), payload), ErrMalformed},
		"fragment offset overflow": {build(with(func(p *Primary) {
			p.Flags, p.FragmentOffset, p.TotalLength = FlagFragment, math.MaxUint64, math.MaxUint64
		}), payload), ErrMalformed},
	} {
		if b, err := Decode(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v; want %v", name, b, err, c.want)
		}
	}
	if _, err := Decode(valid); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestLimits(t *testing.T) {
	p := Primary{CRC: CRC16, Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	raw := New(p, make([]byte, 1000), make([]Block, 5)...)
	for i := range 5 {
		raw.Blocks[i].Type = BlockType(200 + i)
	}
	enc := raw.Encode()
	if _, err := (Limits{MaxSize: len(enc)}).Decode(enc); err != nil {
		t.Error(err)
	}
	if _, err := (Limits{MaxSize: len(enc) - 1}).Decode(enc); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	if _, err := (Limits{MaxBlocks: 5}).Decode(enc); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one block too many: %v", err)
	}
	// A length that is announced takes no memory.
	huge := slices.Concat(enc[:len(raw.appendPrimary(nil))+1], []byte{0x86, 1, 1, 0, 1, 0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255})
	allocs := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := Decode(huge); err == nil {
				b.Fatal("taken")
			}
		}
	})
	if allocs.AllocedBytesPerOp() > 4096 {
		t.Errorf("%d bytes allocated for an announced length", allocs.AllocedBytesPerOp())
	}
}

func TestExtensionBlocks(t *testing.T) {
	p := Primary{CRC: CRC16, Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	b := New(p, []byte("hi"), Block{Type: 200, Data: []byte{1}, Flags: BlockDiscardUnknown}, Block{Type: 201})
	b.SetHopCount(HopCount{Limit: 3, Count: 2})
	b.SetAgeMs(5)
	b.SetAgeMs(7)
	b.SetPreviousNode(IPN(9, 0))
	got, err := Decode(b.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if h, ok := got.HopCount(); !ok || h != (HopCount{3, 2}) || h.Exceeded() {
		t.Errorf("hop count %+v", h)
	}
	if ms, ok := got.AgeMs(); !ok || ms != 7 {
		t.Errorf("age %d", ms)
	}
	if e, ok := got.PreviousNode(); !ok || e != IPN(9, 0) {
		t.Errorf("previous node %v", e)
	}
	var unknown []BlockType
	got.Unknown(func(c *Block) { unknown = append(unknown, c.Type) })
	if !slices.Equal(unknown, []BlockType{200, 201}) {
		t.Errorf("unknown %v", unknown)
	}
	got.Remove(func(c *Block) bool { return c.Type == 200 || c.Type == BlockPayload })
	if got.Find(200) != nil || got.Find(201) == nil || string(got.Payload()) != "hi" {
		t.Errorf("after Remove: %+v", got.Blocks)
	}
	if !(HopCount{3, 4}).Exceeded() {
		t.Error("4 of 3 hops are too many")
	}
}

func TestTimes(t *testing.T) {
	y2k := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if DTNTime(y2k) != 0 || DTNTime(y2k.Add(1500*time.Millisecond)) != 1500 || DTNTime(y2k.Add(-time.Hour)) != 0 {
		t.Error("DTN times around the epoch")
	}
	if got := TimeOf(755533838904); !got.Equal(time.Date(2023, 12, 10, 14, 30, 38, 904e6, time.UTC)) {
		t.Errorf("755533838904 is %v", got)
	}
	if got := TimeOf(math.MaxUint64); got.Year() != 9999 {
		t.Errorf("the end of time is %v", got)
	}
	p := Primary{Timestamp: Timestamp{Time: 1000}, LifetimeMs: math.MaxUint64}
	if e, ok := p.Expiry(); !ok || e.Year() != 9999 || p.Lifetime() < 0 {
		t.Errorf("a lifetime without end: %v %v", e, p.Lifetime())
	}
	if _, ok := (&Primary{LifetimeMs: 5}).Expiry(); ok {
		t.Error("expiry without a clock")
	}
	id := ID{Source: IPN(1, 2), Timestamp: Timestamp{3, 4}, Fragment: true, Offset: 5, Length: 6}
	if id.String() != "ipn:1.2@3.4[5+6]" || id.Whole().String() != "ipn:1.2@3.4" {
		t.Errorf("ids are written %v, %v", id, id.Whole())
	}
}

func TestReports(t *testing.T) {
	subject := ID{Source: IPN(90001, 64), Timestamp: Timestamp{755533838904, 3}}
	fragment := subject
	fragment.Fragment, fragment.Offset, fragment.Length = true, 100, 50
	for _, r := range []Report{
		{Received: Status{true, 755533838905}, Subject: subject},
		{Forwarded: Status{Asserted: true}, Deleted: Status{true, 9}, Reason: ReasonHopLimit, Subject: fragment},
	} {
		raw := r.Append(nil)
		got, err := DecodeReport(raw)
		if err != nil || *got != r {
			t.Errorf("got %+v, %v; want %+v", got, err, r)
		}
		for n := range raw {
			if _, err := DecodeReport(raw[:n]); err == nil {
				t.Errorf("taken with %d of %d bytes", n, len(raw))
			}
		}
	}
	if _, err := DecodeReport([]byte{0x82, 2, 0x80}); err == nil || !strings.Contains(err.Error(), "type 2") {
		t.Errorf("record of type 2: %v", err)
	}
	if ReasonHopLimit.String() != "hop limit exceeded" || Reason(99).String() != "reason 99" {
		t.Error("texts of reasons")
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range seedBundles(f) {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Decode(raw)
		if err != nil {
			return
		}
		enc := b.Encode()
		if !bytes.Equal(enc, raw) {
			t.Fatalf("encodes as %x, came as %x", enc, raw)
		}
		again, err := Decode(enc)
		if err != nil || again.ID() != b.ID() {
			t.Fatalf("decode, encode, decode: %v", err)
		}
		b.SetPreviousNode(IPN(7, 0))
		if _, err := Decode(b.Encode()); err != nil {
			t.Fatalf("with a previous-node block: %v", err)
		}
	})
}

func FuzzReport(f *testing.F) {
	r := Report{Received: Status{true, 755533838905}, Subject: ID{Source: IPN(1, 2), Timestamp: Timestamp{3, 4}}}
	f.Add(r.Append(nil))
	r.Subject.Fragment = true
	f.Add(r.Append(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := DecodeReport(raw)
		if err != nil {
			return
		}
		again, err := DecodeReport(r.Append(nil))
		if err != nil || *again != *r {
			t.Fatalf("decode, encode, decode: %+v %v, want %+v", again, err, r)
		}
	})
}

func FuzzEID(f *testing.F) {
	for _, e := range []EID{None, IPN(90001, 1), IPN3(977000, 1, 2), {name: "//a/b"}} {
		f.Add(AppendEID(nil, e), e.String())
		f.Add(AppendEID3(nil, e), e.String())
	}
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		if e, err := DecodeEID(cbor.NewDecoder(raw)); err == nil {
			if again, err := DecodeEID(cbor.NewDecoder(AppendEID(nil, e))); err != nil || again != e {
				t.Fatalf("%x: %v, again %v %v", raw, e, again, err)
			}
		}
		if e, err := ParseEID(text); err == nil {
			if again, err := ParseEID(e.String()); err != nil || again != e {
				t.Fatalf("%q: %v, again %v %v", text, e, again, err)
			}
		}
	})
}

// seedBundles are well-formed bundles of all shapes.
func seedBundles(t testing.TB) [][]byte {
	p := Primary{CRC: CRC32C, Destination: IPN(2, 1), Source: IPN(1, 1), ReportTo: IPN(1, 0), LifetimeMs: 1000,
		Timestamp: Timestamp{755533838904, 1}}
	b := New(p, []byte("hello"), Block{Type: 200, Flags: BlockReplicate, Data: []byte{1}})
	b.SetHopCount(HopCount{Limit: 30, Count: 1})
	b.SetAgeMs(9)
	out := [][]byte{b.Encode()}
	head, tail, err := b.Split(2)
	if err != nil {
		t.Fatal(err)
	}
	p.CRC, p.IPN3 = CRC16, true
	return append(out, head.Encode(), tail.Encode(), New(p, nil).Encode())
}

func BenchmarkDecode(b *testing.B) {
	raw := seedBundles(b)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkForward(b *testing.B) {
	raw := seedBundles(b)[0]
	b.ReportAllocs()
	for b.Loop() {
		x, err := Decode(raw)
		if err != nil {
			b.Fatal(err)
		}
		h, _ := x.HopCount()
		h.Count++
		x.SetHopCount(h)
		x.SetPreviousNode(IPN(5, 0))
		x.Encode()
	}
}
