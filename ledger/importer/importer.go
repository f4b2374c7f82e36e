// Package importer brings the blocks of files into a chain: Qtum Core's blk*.dat and
// bootstrap.dat, and the chains in JSON that serve as test vectors, which it also holds
// against what they say must come of them.
//
// An import may be stopped at any time and begun again: what the chain has is skipped. It
// judges time by a clock that the source sets, each block by its own time unless told
// otherwise, because a chain in a file may have been made with any clock.
package importer

import (
	"context"
	"errors"
	"fmt"

	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// maxRejections is how many rejected blocks a Report names.
const maxRejections = 20

// Options tune an import. The zero value is usable.
type Options struct {
	// Now gives the time, in seconds since 1970, by which the block with this header is
	// judged. nil is the block's own time.
	Now func(*wire.Header) int64
	// Progress is called after every block, if it is not nil.
	Progress func(Progress)
}

// Progress tells how far an import is.
type Progress struct {
	// File is the name of the file that is read, which is number Number of Files, counted
	// from 1; Read of its Size bytes are done.
	File          string
	Number, Files int
	Read, Size    int64
	// Blocks and Transactions were connected or stored so far, Known blocks skipped.
	Blocks, Transactions, Known int64
	// Height is that of the chain's tip.
	Height int32
}

// Rejection is a block that the chain refused.
type Rejection struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"` // in a vector the block's number from 0
	Block  string `json:"block"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// Report tells what an import came to.
type Report struct {
	Blocks       int64        `json:"blocks"` // taken in
	Transactions int64        `json:"transactions"`
	Known        int64        `json:"known"`                // blocks that the chain had
	Rejected     int64        `json:"rejected"`             // blocks that it refused
	Orphans      int64        `json:"orphans"`              // blocks whose parent never came
	Undecoded    int64        `json:"undecoded"`            // frames that hold no block
	SkippedBytes int64        `json:"skipped"`              // of framed files, that belong to no block
	Rejections   []Rejection  `json:"rejections,omitempty"` // the first of them
	Comparisons  []Comparison `json:"comparisons,omitempty"`
}

// Agrees tells whether all that was compared is equal.
func (r *Report) Agrees() bool {
	for _, c := range r.Comparisons {
		if !c.Equal {
			return false
		}
	}
	return true
}

// place is where a block stands whose parent is not known yet.
type place struct {
	path   string
	offset int64
	size   int
}

// importing is an import under way.
type importing struct {
	ctx    context.Context
	chain  *chain.Chain
	opt    Options
	report *Report
	at     Progress
	// waiting are blocks by the parent that they wait for (validation.cpp:
	// blocks_with_unknown_parent).
	waiting map[[32]byte][]place
}

// NetworkOf gives the network for which a vector was made, with its options; of a framed
// file the network whose magic the file begins with. ok is false where neither tells.
func NetworkOf(f *blockfile.File) (net *params.Network, ok bool, err error) {
	if f.Kind() == blockfile.Vector {
		net, ok := params.ByName(f.Network())
		if !ok {
			return nil, false, fmt.Errorf("%s is of a network %q, which is not known", f.Name(), f.Network())
		}
		for _, arg := range f.Args() {
			if err := net.Override(arg); err != nil {
				return nil, false, fmt.Errorf("%s: %w", f.Name(), err)
			}
		}
		return net, true, nil
	}
	magic, ok := f.Head()
	if !ok {
		return nil, false, nil
	}
	for _, name := range params.Names() {
		if net, _ := params.ByName(name); net.Magic == magic {
			return net, true, nil
		}
	}
	return nil, false, nil
}

// Import brings the blocks of the files at paths, in this order, into c, and flushes it,
// also when ctx ends the import early. Blocks that the chain refuses are noted in the
// report, as Qtum Core goes on after them, but one of a vector ends the import with an error.
func Import(ctx context.Context, c *chain.Chain, paths []string, opt Options) (*Report, error) {
	if opt.Now == nil {
		opt.Now = func(h *wire.Header) int64 { return int64(h.Time) }
	}
	im := &importing{ctx: ctx, chain: c, opt: opt, report: new(Report), waiting: map[[32]byte][]place{}}
	im.at.Files = len(paths)
	var err error
	for i, path := range paths {
		im.at.Number = i + 1
		if err = im.file(path); err != nil {
			break
		}
	}
	for _, w := range im.waiting {
		im.report.Orphans += int64(len(w))
	}
	if flushed := c.Flush(); err == nil || !errors.Is(flushed, err) {
		err = errors.Join(err, flushed)
	}
	return im.report, err
}

func (im *importing) file(path string) (err error) {
	f, err := blockfile.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	net := im.chain.Network()
	of, known, err := NetworkOf(f)
	if err != nil {
		return err
	}
	switch {
	case known && f.Kind() == blockfile.Vector:
		err = chain.SameRules(of, net)
	case known && of.Name != net.Name: // a magic tells nothing of the rules
		err = fmt.Errorf("network %s is not %s", of.Name, net.Name)
	}
	if err != nil {
		return fmt.Errorf("import %s: it is not of this chain: %w", path, err)
	}
	f.Magic = net.Magic
	im.at.File = path
	if err := im.blocks(f); err != nil {
		return err
	}
	im.report.SkippedBytes += f.Skipped()
	if f.Kind() != blockfile.Vector {
		return nil
	}
	more, err := Compare(im.chain, f)
	im.report.Comparisons = append(im.report.Comparisons, more...)
	return err
}

// blocks takes in all blocks of a file. They are read and decoded ahead of the chain.
func (im *importing) blocks(f *blockfile.File) error {
	ctx, cancel := context.WithCancel(im.ctx)
	r := startReader(ctx, f, im.chain.MaxBlock)
	defer r.wait()
	defer cancel()
	for {
		read, ok := r.next()
		if err := im.ctx.Err(); err != nil {
			return err
		}
		if !ok {
			return r.err
		}
		im.at.Read, im.at.Size = read.at, read.size
		if err := im.take(f, read); err != nil {
			return err
		}
		im.at.Height = im.chain.Tip().Height
		im.at.Blocks, im.at.Transactions, im.at.Known = im.report.Blocks, im.report.Transactions, im.report.Known
		if im.opt.Progress != nil {
			im.opt.Progress(im.at)
		}
	}
}

// take gives one block to the chain, and those that waited for it.
func (im *importing) take(f *blockfile.File, read decoded) error {
	if read.block == nil {
		im.report.Undecoded++
		if f.Kind() == blockfile.Vector {
			return fmt.Errorf("import %s: block %d: %w", f.Name(), read.offset, read.err)
		}
		return nil
	}
	hash := read.block.Hash()
	missing, err := im.give(f.Name(), read.offset, read.block, f.Kind() == blockfile.Vector)
	if err != nil {
		return err
	}
	if missing {
		p := place{f.Name(), read.offset, read.raw}
		im.waiting[read.block.Header.PrevBlock] = append(im.waiting[read.block.Header.PrevBlock], p)
		return nil
	}
	for queue := [][32]byte{hash}; len(queue) > 0 && len(im.waiting) > 0; queue = queue[1:] {
		for _, p := range im.waiting[queue[0]] {
			b, err := readAgain(p)
			if err != nil {
				return err
			}
			if _, err := im.give(p.path, p.offset, b, false); err != nil {
				return err
			}
			queue = append(queue, b.Hash())
		}
		delete(im.waiting, queue[0])
	}
	return nil
}

// give gives a block to the chain, and tells whether its parent is missing.
func (im *importing) give(name string, offset int64, b *wire.Block, strict bool) (missing bool, err error) {
	hash := b.Hash()
	have, err := im.chain.HaveBlock(hash)
	if err != nil {
		return false, err
	}
	if have {
		im.report.Known++
		return false, nil
	}
	err = im.chain.Load(im.opt.Now(&b.Header), b)
	if err == nil {
		im.report.Blocks++
		im.report.Transactions += int64(len(b.Txs))
		return false, nil
	}
	e := check.Of(err)
	if e == nil {
		return false, fmt.Errorf("import %s: block %v: %w", name, hash, err)
	}
	if strict {
		return false, fmt.Errorf("import %s: block %d (%v) is rejected: %w", name, offset, hash, err)
	}
	if e.Result == check.MissingPrev {
		return true, nil
	}
	im.report.Rejected++
	if len(im.report.Rejections) < maxRejections {
		im.report.Rejections = append(im.report.Rejections, Rejection{
			File: name, Offset: offset, Block: hash.String(), Reason: e.Reason, Text: err.Error(),
		})
	}
	return false, nil
}

// readAgain reads a block that was passed over.
func readAgain(p place) (b *wire.Block, err error) {
	f, err := blockfile.Open(p.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err := f.ReadAt(p.offset, p.size)
	if err != nil {
		return nil, err
	}
	return wire.DecodeBlock(raw)
}
