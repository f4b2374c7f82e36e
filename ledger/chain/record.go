package chain

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/params"
)

// The chain's own records, beside the state's (ledger/view). Heights are big-endian, so
// that blocks lie in the order of their heights: what is imported is written in that order
// and never moved among itself again, and pruning removes one range.
const (
	prefixBlock  = 'B' // height ‖ hash -> block, as on the wire
	prefixUndo   = 'R' // height ‖ hash -> connect.Undo
	prefixMain   = 'h' // height -> stored form of the best chain's header
	prefixHeight = 'i' // hash -> height of the best chain's header
	prefixBranch = 'n' // hash -> stored form of a header off the best chain
	prefixTx     = 'x' // transaction id -> height, number in the block
)

var (
	keyMade = []byte("mmade") // what the store was made for
	keyTip  = []byte("mtip")
)

func heightKey(prefix byte, height int32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefix}, uint32(height))
}

func blockKey(prefix byte, height int32, hash chainhash.Hash) []byte {
	key := make([]byte, 0, 1+4+chainhash.HashSize)
	key = binary.BigEndian.AppendUint32(append(key, prefix), uint32(height))
	return append(key, hash[:]...)
}

func hashKey(prefix byte, hash chainhash.Hash) []byte {
	return append(append(make([]byte, 0, 1+chainhash.HashSize), prefix), hash[:]...)
}

// tipRecord says where the state stands. It is part of every batch.
type tipRecord struct {
	Hash   chainhash.Hash
	Height int32
	// Pruned is the height below which no blocks are kept.
	Pruned int32
	// Bytes is how much the blocks and undos take that are kept.
	Bytes int64
	// MaxWeight is the limit to a block's weight under which the last block was
	// connected, 0 before the first: Qtum Core holds the next one against it first.
	MaxWeight int
}

const tipVersion = 1

func (r *tipRecord) append(dst []byte) []byte {
	dst = append(append(dst, tipVersion), r.Hash[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(r.Height))
	dst = binary.BigEndian.AppendUint32(dst, uint32(r.Pruned))
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.Bytes))
	return binary.BigEndian.AppendUint64(dst, uint64(r.MaxWeight))
}

func decodeTip(b []byte) (r tipRecord, err error) {
	if len(b) != 1+32+4+4+8+8 || b[0] != tipVersion {
		return r, fmt.Errorf("the record of the tip has %d bytes and is not of version %d", len(b), tipVersion)
	}
	copy(r.Hash[:], b[1:])
	r.Height = int32(binary.BigEndian.Uint32(b[33:]))
	r.Pruned = int32(binary.BigEndian.Uint32(b[37:]))
	r.Bytes = int64(binary.BigEndian.Uint64(b[41:]))
	r.MaxWeight = int(binary.BigEndian.Uint64(b[49:]))
	return r, nil
}

// made is what a store was made for. Opening it for anything else is refused: its state
// would be that of other rules.
type made struct {
	Version int                        `json:"version"`
	Network string                     `json:"network"`
	Rules   map[string]json.RawMessage `json:"rules"`
	TxIndex bool                       `json:"txindex"`
}

const madeVersion = 1

// rules are the fields of a network on which its state depends.
func rules(net *params.Network) (map[string]json.RawMessage, error) {
	n := *net
	// What is only known of the chain, or how to reach it, may change.
	n.Genesis, n.GenesisContracts, n.Checkpoints, n.DNSSeeds = nil, nil, nil, nil
	n.MinimumChainWork.Clear()
	n.Port, n.RPCPort, n.OnionPort = 0, 0, 0
	text, err := json.Marshal(&n)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	return fields, json.Unmarshal(text, &fields)
}

// agrees tells whether a state at height that was made under rules is one under now, too:
// no rule differs but of the time to come.
func agrees(then, now map[string]json.RawMessage, height int32) error {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		was, ok := then[name]
		if !ok || bytes.Equal(was, now[name]) {
			continue // a rule that a newer version of this program knows
		}
		var a, b int32
		if strings.HasSuffix(name, "Height") && json.Unmarshal(was, &a) == nil &&
			json.Unmarshal(now[name], &b) == nil && a > height && b > height {
			continue
		}
		return fmt.Errorf("it was made with %s %s, not %s", name, was, now[name])
	}
	return nil
}

var errNoTip = errors.New("it has no tip")
