package evm

import (
	"bytes"

	"spacechain/ledger/state"
)

// code is a contract's code made ready to run. It learns about the code where that runs, so
// that code of which little runs costs little, and belongs to one EVM at a time.
//
// A basic block is a run of instructions that is entered only at its first and left only
// at its last. What all of them need of stack and gas is checked and charged at the entry,
// in place of a check before each.
type code struct {
	original []byte // as deployed; belongs to whoever gave it
	// text is the code to run: original, or a copy in which INVALID stands where an
	// instruction of a later fork is. It may become that copy whenever a block is scanned.
	text   []byte
	ops    *[256]op
	chunks []*chunk // of entries, nil where nothing has run
	spare  []*chunk // all zero

	// jumpdests has a bit for each byte before seen, set where a valid JUMPDEST is.
	jumpdests []uint64
	seen      int
	// large holds the blocks whose numbers do not fit an entry.
	large map[uint]block
}

// chunk has an entry for each of chunkSize bytes of the code.
type chunk [chunkSize]entry

const (
	chunkBits = 8
	chunkSize = 1 << chunkBits
)

// entry is what is known about a place in the code, packed: bit 0, the block that begins
// here has been scanned; bit 1, it begins with a JUMPDEST; bit 2, it is in code.large; bits
// 3-8 the stack items it needs, 9-17 how far it grows the stack, 18-31 its static gas.
type entry uint32

const (
	entryScanned  entry = 1 << 0
	entryJumpdest entry = 1 << 1
	entryLarge    entry = 1 << 2

	needShift, needBits = 3, 6
	growShift, growBits = 9, 9
	gasShift, gasBits   = 18, 14
)

// block is what a basic block asks for when it is entered.
type block struct {
	gas        int64
	need, grow int // stack items that must be there, and room above them
}

// prepare makes c the code b, which must not change while c is used, with ops as the
// instruction table.
func (c *code) prepare(b []byte, ops *[256]op) {
	for i, ch := range c.chunks {
		if ch != nil {
			*ch = chunk{}
			c.spare = append(c.spare, ch)
			c.chunks[i] = nil
		}
	}
	n := len(b)>>chunkBits + 1
	if cap(c.chunks) < n {
		c.chunks = make([]*chunk, n)
	}
	c.chunks = c.chunks[:n]
	c.original, c.text, c.ops = b, b, ops
	c.seen, c.large = 0, nil
}

// jumpdest tells whether a jump to pc is valid, looking through the code up to there at most
// once.
func (c *code) jumpdest(pc uint) bool {
	if pc >= uint(len(c.original)) || c.original[pc] != JUMPDEST {
		return false
	}
	if c.seen == 0 {
		n := (len(c.original) + 63) / 64
		if cap(c.jumpdests) < n {
			c.jumpdests = make([]uint64, n)
		}
		c.jumpdests = c.jumpdests[:n]
		clear(c.jumpdests)
	}
	at := c.seen
	for ; at <= int(pc); at++ {
		switch x := c.original[at]; {
		case x == JUMPDEST:
			c.jumpdests[at/64] |= 1 << (at % 64)
		case x >= PUSH1 && x <= PUSH32:
			at += int(x) - PUSH1 + 1
		}
	}
	c.seen = at
	return c.jumpdests[pc/64]>>(pc%64)&1 != 0
}

// enter gives the entry of the block at pc, which is where control is, or, if want has
// entryJumpdest, where a jump leads. It gives zero if the jump is not valid.
func (c *code) enter(pc uint, want entry) entry {
	if want&entryJumpdest != 0 && !c.jumpdest(pc) {
		return 0
	}
	ch := c.chunks[pc>>chunkBits]
	if ch == nil {
		if n := len(c.spare); n > 0 {
			ch, c.spare = c.spare[n-1], c.spare[:n-1]
		} else {
			ch = new(chunk)
		}
		c.chunks[pc>>chunkBits] = ch
	}
	e := &ch[pc%chunkSize]
	if *e == 0 {
		*e = c.scan(pc)
	}
	return *e
}

// scan looks at the block that begins at pc.
func (c *code) scan(pc uint) entry {
	var b block
	e := entryScanned
	height := 0
	for at := pc; at < uint(len(c.text)); {
		x := c.text[at]
		if x == JUMPDEST {
			if at != pc {
				break
			}
			e |= entryJumpdest
		}
		o := &c.ops[x]
		if !o.defined && x != INVALID {
			if &c.text[0] == &c.original[0] {
				c.text = bytes.Clone(c.original)
			}
			c.text[at] = INVALID
		}
		b.gas += int64(o.gas)
		b.need = max(b.need, int(o.need)-height)
		height += int(o.delta)
		b.grow = max(b.grow, height)
		if o.last {
			break
		}
		at += 1 + uint(o.push)
	}
	if b.gas < 1<<gasBits && b.need < 1<<needBits && b.grow < 1<<growBits {
		return e | entry(b.gas)<<gasShift | entry(b.need)<<needShift | entry(b.grow)<<growShift
	}
	if c.large == nil {
		c.large = map[uint]block{}
	}
	c.large[pc] = b
	return e | entryLarge
}

// at gives the block of the entry e at pc.
func (c *code) at(pc uint, e entry) block {
	if e&entryLarge != 0 {
		return c.large[pc]
	}
	return block{gas: int64(e >> gasShift), need: int(e >> needShift & (1<<needBits - 1)),
		grow: int(e >> growShift & (1<<growBits - 1))}
}

// why tells what stops the block at pc when gas is left and the stack has height items:
// the first instruction that lacks something, as far as static prices tell.
func (c *code) why(pc uint, height int, gas int64) Exception {
	for ; pc < uint(len(c.text)); pc++ {
		o := &c.ops[c.text[pc]]
		switch gas -= int64(o.gas); {
		case o.delta > 0 && height+int(o.delta) > stackLimit:
			return OutOfStack
		case height < int(o.need):
			return StackUnderflow
		case gas < 0 || o.last:
			return OutOfGas
		}
		height += int(o.delta)
		pc += uint(o.push)
	}
	return OutOfGas
}

// cacheBytes bounds what an EVM keeps of the codes it has prepared, about.
const cacheBytes = 4 << 20

// codeCache keeps prepared codes by their hash. When it is full it drops the older half of
// what it holds: codes are put into young, and old is what young was when it had become
// half of the cache.
type codeCache struct {
	ops        *[256]op
	young, old map[state.Hash]*code
	size       int // of young, in bytes
}

// find gives the prepared code with a hash, nil if it is not there.
func (k *codeCache) find(hash *state.Hash, ops *[256]op) *code {
	if k.ops != ops || k.young == nil {
		k.ops, k.young, k.old, k.size = ops, map[state.Hash]*code{}, nil, 0
	}
	if c, ok := k.young[*hash]; ok {
		return c
	}
	if c, ok := k.old[*hash]; ok {
		k.put(hash, c)
		return c
	}
	return nil
}

// add prepares a copy of the code b, which has the hash: the cache outlives the state that
// b is from, and a code that changed under its hash would run unchecked.
func (k *codeCache) add(hash *state.Hash, b []byte) *code {
	c := new(code)
	c.prepare(bytes.Clone(b), k.ops)
	k.put(hash, c)
	return c
}

func (k *codeCache) put(hash *state.Hash, c *code) {
	size := 2*len(c.original) + 300 // with entries for a quarter of the code
	if k.size += size; k.size > cacheBytes/2 {
		k.young, k.old, k.size = map[state.Hash]*code{}, k.young, size
	}
	k.young[*hash] = c
}
