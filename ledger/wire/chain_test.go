package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/vectors"
)

// chain is a vector chain: blocks from height 1 on and the hash of the last.
type chain struct {
	Blocks []string `json:"blocks"`
	Tip    struct {
		Hash       string `json:"hash"`
		MerkleRoot string `json:"merkleroot"`
		StateRoot  string `json:"hashStateRoot"`
		UTXORoot   string `json:"hashUTXORoot"`
	} `json:"tip"`
}

func readChain(t testing.TB, path string) (c chain) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestVectorChains decodes chains of Qtum Core: every block comes back byte for byte,
// names the one before it, and has the merkle root that its header says.
func TestVectorChains(t *testing.T) {
	dir := vectors.Path(t, "qtum")
	names := []string{"qtum_op_sender", "qtum_pos_segwit", "qtum_delegation_contract"}
	if !testing.Short() {
		names = append(names, "fuzz_p401")
	}
	proofOfStake, delegated, witnesses := 0, 0, 0
	for _, name := range names {
		c := readChain(t, filepath.Join(dir, name+".json.gz"))
		var prev chainhash.Hash
		for i, text := range c.Blocks {
			raw, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			b, err := DecodeBlock(raw)
			if err != nil {
				t.Fatalf("%s %d: %v", name, i+1, err)
			}
			if !bytes.Equal(b.Append(nil), raw) || b.TotalSize() != len(raw) {
				t.Fatalf("%s %d: comes back changed", name, i+1)
			}
			if i > 0 && b.Header.PrevBlock != prev {
				t.Fatalf("%s %d: block before it is %s, want %s", name, i+1, b.Header.PrevBlock, prev)
			}
			prev = b.Hash()
			root, mutated := MerkleRoot(b.Txs)
			if root != b.Header.MerkleRoot || mutated {
				t.Fatalf("%s %d: merkle root %s", name, i+1, root)
			}
			if b.IsProofOfStake() {
				proofOfStake++
				if !b.Txs[1].IsCoinStake() {
					t.Fatalf("%s %d: no coinstake", name, i+1)
				}
			}
			if b.Header.HasProofOfDelegation() {
				delegated++
			}
			if !b.Txs[0].IsCoinBase() || b.Txs[0].IsCoinStake() {
				t.Fatalf("%s %d: no coinbase", name, i+1)
			}
			if commitment := witnessCommitment(b); commitment != nil {
				witnesses++
				root, _ := WitnessMerkleRoot(b)
				both := append(root[:], make([]byte, 32)...)
				if got := sha256d(both); !bytes.Equal(got[:], commitment) {
					t.Fatalf("%s %d: commitment to %s", name, i+1, root)
				}
			}
		}
		if prev.String() != c.Tip.Hash {
			t.Errorf("%s: tip %s, want %s", name, prev, c.Tip.Hash)
		}
	}
	if proofOfStake == 0 || delegated == 0 || witnesses == 0 {
		t.Errorf("%d staked, %d delegated, %d with witness commitments", proofOfStake, delegated, witnesses)
	}
}

// witnessCommitment finds what the coinbase says of the witnesses (BIP141).
func witnessCommitment(b *Block) (commitment []byte) {
	for _, out := range b.Txs[0].Msg().TxOut {
		if s := out.PkScript; len(s) >= 38 && bytes.HasPrefix(s, []byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}) {
			commitment = s[6:38]
		}
	}
	return commitment
}

func BenchmarkDecodeBlock(b *testing.B) {
	c := readChain(b, filepath.Join(vectors.Path(b, "qtum"), "fuzz_p401.json.gz"))
	var raws [][]byte
	size := 0
	for _, text := range c.Blocks {
		raw, err := hex.DecodeString(text)
		if err != nil {
			b.Fatal(err)
		}
		raws = append(raws, raw)
		size += len(raw)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, raw := range raws {
			if _, err := DecodeBlock(raw); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(raws)*b.N)/b.Elapsed().Seconds(), "blocks/s")
}
