package importer

import (
	"context"
	"io"
	"sync"

	"spacechain/ledger/blockfile"
	"spacechain/ledger/wire"
)

// readAhead bounds the blocks that are decoded ahead of the chain: their number and, for
// large ones, their bytes.
const (
	readAheadBlocks = 16
	readAheadBytes  = 2 << 20
)

// decoded is a block of a file, or why what stands there is none.
type decoded struct {
	block    *wire.Block // nil: none
	err      error
	offset   int64
	raw      int   // bytes of the block
	at, size int64 // how far the file is read
}

// reader reads and decodes the blocks of a file on a goroutine of its own.
type reader struct {
	blocks chan decoded
	done   sync.WaitGroup
	err    error // of reading, once blocks is closed

	mu    sync.Mutex
	room  *sync.Cond
	bytes int // decoded and not taken
}

func startReader(ctx context.Context, f *blockfile.File, limit func() int) *reader {
	r := &reader{blocks: make(chan decoded, readAheadBlocks)}
	r.room = sync.NewCond(&r.mu)
	stop := context.AfterFunc(ctx, r.room.Broadcast)
	r.done.Go(func() {
		defer stop()
		defer close(r.blocks)
		r.err = r.run(ctx, f, limit)
	})
	return r
}

func (r *reader) run(ctx context.Context, f *blockfile.File, limit func() int) error {
	for {
		f.MaxBlock = limit()
		b, err := f.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		d := decoded{offset: b.Offset, raw: len(b.Raw)}
		if d.block, d.err = decode(f, b.Raw); d.block != nil {
			d.raw = d.block.TotalSize()
		}
		d.at, d.size = f.Progress()
		if !r.reserve(ctx, d.raw) {
			return nil
		}
		select {
		case r.blocks <- d:
		case <-ctx.Done():
			return nil
		}
	}
}

// decode decodes the block at the front of raw. What is behind it, or all where nothing
// that could be a header begins, is left to be read again.
func decode(f *blockfile.File, raw []byte) (*wire.Block, error) {
	b, rest, err := wire.DecodeBlockPrefix(raw)
	if err == nil {
		return b, f.Advance(len(raw) - len(rest))
	}
	if _, _, bad := wire.DecodeHeader(raw); bad != nil {
		if stuck := f.Reject(); stuck != nil {
			return nil, stuck
		}
	}
	return nil, err
}

// reserve waits until n more bytes may be held. It gives false once ctx has ended.
func (r *reader) reserve(ctx context.Context, n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.bytes > 0 && r.bytes+n > readAheadBytes && ctx.Err() == nil {
		r.room.Wait()
	}
	r.bytes += n
	return ctx.Err() == nil
}

// next gives the next block, false after the last.
func (r *reader) next() (decoded, bool) {
	d, ok := <-r.blocks
	r.mu.Lock()
	r.bytes -= d.raw
	r.mu.Unlock()
	r.room.Broadcast()
	return d, ok
}

// wait waits until the goroutine has ended.
func (r *reader) wait() {
	for range r.blocks {
	}
	r.done.Wait()
}
