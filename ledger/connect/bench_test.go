package connect_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"spacechain/ledger/wire"
)

// BenchmarkReplay connects whole chains, from the bytes of their blocks to their state in
// memory: one that is nearly all coinbases, one of shared staking rewards, and one with a
// hundred token transfers in each of its last blocks.
func BenchmarkReplay(b *testing.B) {
	for _, name := range []string{"qtum_block_index_cleanup", "qtum_ignore_mpos_participant_reward", "fuzz_p401"} {
		b.Run(name, func(b *testing.B) {
			v := openVector(b, name)
			var raw [][]byte
			for {
				r, err := v.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				raw = append(raw, bytes.Clone(r.Raw))
			}
			blocks, txs := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				c := newChain(b, v.net)
				for _, r := range raw {
					block, err := wire.DecodeBlock(r)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := c.add(block); err != nil {
						b.Fatal(err)
					}
					blocks++
					txs += len(block.Txs)
				}
			}
			b.ReportMetric(float64(blocks)/b.Elapsed().Seconds(), "blocks/s")
			b.ReportMetric(float64(txs)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}
