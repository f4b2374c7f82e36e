package bundle

import "spacechain/internal/cbor"

// Find gives the first block of a type, nil if there is none.
func (b *Bundle) Find(t BlockType) *Block {
	for i := range b.Blocks {
		if b.Blocks[i].Type == t {
			return &b.Blocks[i]
		}
	}
	return nil
}

// Remove takes out the blocks for which drop is true. The payload block stays.
func (b *Bundle) Remove(drop func(*Block) bool) {
	kept := make([]Block, 0, len(b.Blocks))
	for i := range b.Blocks {
		if c := &b.Blocks[i]; c.Type == BlockPayload || !drop(c) {
			kept = append(kept, *c)
		}
	}
	b.Blocks = kept
}

// Unknown calls visit for each block whose type this package does not know, in
// their order. Security blocks are among them.
func (b *Bundle) Unknown(visit func(*Block)) {
	for i := range b.Blocks {
		if !b.Blocks[i].Type.known() {
			visit(&b.Blocks[i])
		}
	}
}

// set replaces the data of the block of type t, or inserts one before the payload.
func (b *Bundle) set(t BlockType, flags BlockFlags, data []byte) {
	if c := b.Find(t); c != nil {
		c.Data = data
		return
	}
	number := uint64(2)
	for i := 0; i < len(b.Blocks); i++ {
		if b.Blocks[i].Number == number {
			number++
			i = -1
		}
	}
	last := len(b.Blocks) - 1
	payload := b.Blocks[last]
	block := Block{Type: t, Number: number, Flags: flags, CRC: payload.CRC, Data: data}
	b.Blocks = append(b.Blocks[:last:last], block, payload)
}

// PreviousNode is the node that forwarded the bundle last (RFC 9171 §4.4.1), and
// whether a block says so.
func (b *Bundle) PreviousNode() (EID, bool) {
	c := b.Find(BlockPreviousNode)
	if c == nil {
		return None, false
	}
	e, err := decodePreviousNode(c.Data)
	return e, err == nil
}

// SetPreviousNode writes the previous-node block.
func (b *Bundle) SetPreviousNode(e EID) { b.set(BlockPreviousNode, 0, AppendEID(nil, e)) }

// AgeMs is the time in milliseconds since the bundle's creation that nodes counted
// for a source without a clock (RFC 9171 §4.4.2), and whether a block says so.
func (b *Bundle) AgeMs() (uint64, bool) {
	c := b.Find(BlockAge)
	if c == nil {
		return 0, false
	}
	ms, err := decodeAge(c.Data)
	return ms, err == nil
}

// SetAgeMs writes the bundle-age block.
func (b *Bundle) SetAgeMs(ms uint64) { b.set(BlockAge, BlockReplicate, cbor.AppendUint(nil, ms)) }

// HopCount is what the hop-count block says (RFC 9171 §4.4.3), and whether there is
// one.
func (b *Bundle) HopCount() (HopCount, bool) {
	c := b.Find(BlockHopCount)
	if c == nil {
		return HopCount{}, false
	}
	h, err := decodeHopCount(c.Data)
	return h, err == nil
}

// SetHopCount writes the hop-count block.
func (b *Bundle) SetHopCount(h HopCount) {
	data := cbor.AppendUint(cbor.AppendArray(nil, 2), uint64(h.Limit))
	b.set(BlockHopCount, BlockReplicate, cbor.AppendUint(data, h.Count))
}
