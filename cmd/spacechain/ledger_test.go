package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"spacechain/ledger/chaintest"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// ledgerFiles writes block files as Qtum Core does: of a chain on our network with stakes,
// a contract and a call of it, and of that chain with a block that is not valid. It gives
// their folder.
func ledgerFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	c := chaintest.New(t, 7, params.SpaceChain())
	var file []byte
	frame := func(dst []byte, b *wire.Block) []byte {
		raw := b.Append(nil)
		dst = append(dst, c.Params.Magic[:]...)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(raw)))
		return append(dst, raw...)
	}
	file = frame(file, c.Params.Genesis)
	c.OnBlock = func(b *wire.Block) { file = frame(file, b) }
	c.StakePoS(3)
	counter := c.Deploy(chaintest.Counter)
	c.Stake()
	c.Call(counter, 0, nil)
	c.Stake()
	c.StakePoS(2)
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("blk00000.dat", file)
	c.OnBlock = nil
	bad := *c.Stake()
	bad.Header.StateRoot[0] ^= 1 // under the block's signature, which no longer holds
	write("bad.dat", frame(append([]byte{}, file...), &bad))
	return dir
}
