package evm_test

import (
	"encoding/hex"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"spacechain/ledger/chaintest"
	"spacechain/ledger/chaintest/qtumd"
	"spacechain/ledger/evm"
	"spacechain/ledger/state"
	"spacechain/ledger/wire"
)

// TestRandomAgainstQtumd deploys random contracts that call each other on chains of each
// fork that Qtum has, calls them, and has Qtum Core judge the blocks: their roots, refunds
// and the coins that contracts moved. SPACECHAIN_SEED sets the seed, SPACECHAIN_LONG=1 makes
// longer chains.
func TestRandomAgainstQtumd(t *testing.T) {
	if os.Getenv("SPACECHAIN_QTUMD") == "" {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to hold the EVM against")
	}
	seed, rounds := uint64(1), 15
	if os.Getenv("SPACECHAIN_LONG") == "1" {
		rounds = 150
	}
	if s := os.Getenv("SPACECHAIN_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	later := []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000", "-muirglacierheight=100000",
		"-constantinopleheight=100000", "-btcecrecoverheight=100000", "-offlinestakingheight=100000"}
	for _, era := range []struct {
		fork    evm.Fork
		options []string
	}{
		{evm.Cancun, nil}, {evm.Shanghai, later[:1]}, {evm.London, later[:2]}, {evm.Istanbul, later[:3]},
		{evm.Petersburg, later[:4]}, {evm.Spurious, later},
	} {
		t.Run(era.fork.String(), func(t *testing.T) {
			options := append([]string{"-reduceblocktimeheight=1000000000"}, era.options...)
			q := qtumd.Start(t, qtumd.GenesisTime, options...)
			c := chaintest.New(t, seed, chaintest.Regtest(t, options...))
			c.OnBlock = func(b *wire.Block) {
				err := q.Call(nil, "setmocktime", int64(b.Header.Time)+c.Late)
				var reason string // null, and so unchanged, where the block is accepted
				if err == nil {
					err = q.Call(&reason, "submitblock", hex.EncodeToString(b.Append(nil)))
				}
				if err != nil || reason != "" {
					t.Fatalf("seed %d: Qtum Core refuses the block at height %d: %s %v", seed, c.Height(), reason, err)
				}
			}
			c.MinePoW(620)
			r := rand.New(rand.NewPCG(seed, uint64(era.fork)))
			var contracts []state.Address
			for range rounds {
				contracts = contracts[max(0, len(contracts)-20):]
				for range 3 {
					code := randomCode(r, era.fork, contracts)
					if r.IntN(3) == 0 {
						contracts = append(contracts, c.Run(c.Miner, chaintest.Action{Data: code, GasLimit: 1_500_000})[0])
					} else {
						contracts = append(contracts, c.Deploy(code))
					}
				}
				c.Mine()
				for range 12 {
					to := chaintest.Address(contracts[r.IntN(len(contracts))])
					a := chaintest.Action{To: &to, Data: make([]byte, 1+r.IntN(80)), GasLimit: uint64(50_000 + r.IntN(1_000_000))}
					for i := range a.Data {
						a.Data[i] = byte(r.Uint32())
					}
					// Before QIP7 Qtum believes transfers that were reverted, which can leave a
					// transaction that no block can have.
					if era.fork > evm.Spurious {
						a.Value = int64(r.IntN(3) * r.IntN(5))
					}
					c.Run(c.Miner, a)
				}
				c.Mine()
			}
		})
	}
}
