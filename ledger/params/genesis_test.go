package params

import (
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"

	"spacechain/ledger/wire"
)

func TestGenesisHashes(t *testing.T) {
	for name, want := range map[string]string{
		"main":    "000075aef83cf2853580f8ae8ce6f8c3096cfa21d98334d6e3f95e5582ed986c",
		"test":    "0000e803ee215c0684ca0d2f9220594d3f828617972aad66feb2ba51f5e14222",
		"regtest": "665ed5b402ac0b44efc37d8926332994363e8a7278b7ee9a58fb972efadae943",
	} {
		n, ok := ByName(name)
		if !ok || n.Name != name {
			t.Fatalf("no network %s", name)
		}
		if got := n.Genesis.Hash().String(); got != want || n.GenesisHash.String() != want {
			t.Errorf("%s: genesis %s, want %s", name, got, want)
		}
		if got, want := n.Genesis.Header.MerkleRoot.String(), "ed34050eb5909ee535fcb07af292ea55f3d2f291187617b44d3282231405b96d"; got != want {
			t.Errorf("%s: merkle root %s, want %s", name, got, want)
		}
		if got := len(n.Genesis.Header.Append(nil)); got != 181 {
			t.Errorf("%s: header of %d bytes, want 181", name, got)
		}
	}
	if _, ok := ByName("signet"); ok {
		t.Error("a network signet")
	}
}

func TestGenesisRoundTrip(t *testing.T) {
	for _, n := range networks() {
		raw := n.Genesis.Append(nil)
		b, err := wire.DecodeBlock(raw)
		if err != nil {
			t.Fatalf("%s: %v", n.Name, err)
		}
		if b.Hash() != n.GenesisHash || b.Txs[0].ID() != n.Genesis.Txs[0].ID() {
			t.Errorf("%s: genesis comes back changed", n.Name)
		}
		if h, ok := n.Checkpoints[0]; !ok || h != n.GenesisHash {
			t.Errorf("%s: genesis is not a checkpoint", n.Name)
		}
	}
}

func TestContractCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   []byte
		size   int
		keccak string
	}{
		{"governance", dgpCode, 12885, "0736d7cda6e194bc3e848ed7e5ed4953f103c222c00703252496e35279eaad8c"},
		{"delegation", DelegationCode(), 6064, "cf0ccea7f92a6093e3fa1a2603f417ef634749dc6ce185ac171479a04d4564a6"},
	} {
		if len(c.code) != c.size || hex.EncodeToString(keccak(c.code)) != c.keccak {
			t.Errorf("%s: %d bytes with keccak256 %x", c.name, len(c.code), keccak(c.code))
		}
	}
}

// TestSpaceChainGenesis pins the network: whoever changes one of these numbers starts
// another network.
func TestSpaceChainGenesis(t *testing.T) {
	n := SpaceChain()
	if got, want := n.GenesisHash.String(), "431df668255e107593484383a53d91dc917a19033f52a9f68b07bf09dbadb36e"; got != want {
		t.Errorf("genesis %s, want %s", got, want)
	}
	if got, want := n.Genesis.Header.MerkleRoot.String(), "312d5144e3a2f309156a4d02878dbf19b95c89324bc3444c689cd053e33e254a"; got != want {
		t.Errorf("merkle root %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(n.Genesis.Header.StateRoot[:]),
		"3b494f854c3c2f6cbf134dbdea078a1b1c7509a9e0acc20ec41e7b258b4447e3"; got != want {
		t.Errorf("state root %s, want %s", got, want)
	}
	if n.Genesis.Header.Time%(n.StakeMask(0)+1) != 0 {
		t.Error("the time of genesis is not one of a staked block")
	}

	key := DevelopmentKey()
	_, public := btcec.PrivKeyFromBytes(key[:])
	if got := public.SerializeCompressed(); hex.EncodeToString(got) != hex.EncodeToString(developmentPublicKey) {
		t.Errorf("the development key's public key is %x", got)
	}
	if got := address.Hash160(developmentPublicKey); hex.EncodeToString(got) != hex.EncodeToString(developmentKeyHash) {
		t.Errorf("the development key's hash is %x", got)
	}

	var total int64
	for _, out := range n.Genesis.Txs[0].Msg().TxOut {
		total += out.Value
	}
	if total != 100_000_000*Coin {
		t.Errorf("genesis makes %d satoshi", total)
	}
	if outs, maturity := len(n.Genesis.Txs[0].Msg().TxOut), int(n.Maturity(1)); outs < 2*maturity {
		t.Errorf("%d outputs do not last for %d blocks of maturity", outs, maturity)
	}
	if !n.GenesisSpendable || Main().GenesisSpendable || Regtest().GenesisSpendable {
		t.Error("genesis is to be spendable on spacechain only")
	}
}

func TestSpaceChainStandsApart(t *testing.T) {
	own := SpaceChain()
	for _, n := range []*Network{Main(), Test(), Regtest()} {
		if n.Magic == own.Magic || n.Port == own.Port || n.RPCPort == own.RPCPort ||
			n.PubKeyHash == own.PubKeyHash || n.ScriptHash == own.ScriptHash || n.WIF == own.WIF ||
			n.ExtPublic == own.ExtPublic || n.ExtPrivate == own.ExtPrivate || n.Bech32 == own.Bech32 ||
			n.EVMChainID(1) == own.EVMChainID(1) || n.GenesisHash == own.GenesisHash {
			t.Errorf("spacechain shares something with %s", n.Name)
		}
	}
}
