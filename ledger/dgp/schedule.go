package dgp

import (
	"encoding/binary"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/aal"
	"spacechain/ledger/params"
)

// schedule gives the gas schedule of the height asked for (QtumDGP::getGasSchedule).
func (r *reader) schedule() aal.Schedule {
	p := r.m.Env.Params
	s := aal.BaseSchedule(p, r.height)
	var words []uint32
	if p.DGPFromStorage {
		to := r.template(params.GasScheduleAddress)
		if to == (aal.Address{}) {
			return s
		}
		words = r.storedWords(to)
	} else {
		answer, ok := r.ask(params.GasScheduleAddress, getSchedule)
		if !ok {
			return s
		}
		for ; len(answer) >= 32; answer = answer[32:] {
			words = append(words, binary.BigEndian.Uint32(answer[28:]))
		}
	}
	if withinBounds(&s.Word, words, r.height >= p.QIP7Height) {
		copy(s.Word[:], words)
	}
	return s
}

// storedWords reads the words of a schedule out of slots 0 to 4 of a template, eight to a
// slot from its low end; slots that are zero are passed over
// (QtumDGP::parseStorageScheduleContract).
func (r *reader) storedWords(template aal.Address) []uint32 {
	var words []uint32
	var slot, value uint256.Int
	for i := range uint64(5) {
		r.m.State().Storage(template, slot.SetUint64(i), &value)
		if value.IsZero() {
			continue
		}
		for _, limb := range value {
			words = append(words, uint32(limb), uint32(limb>>32))
		}
	}
	return words
}

// withinBounds tells whether words may replace a schedule: there are 39 of them, or from
// QIP7 on 40, of which the last is not looked at, and each lies between a hundredth of its
// default and a thousand times it, a default of zero counting as one
// (QtumDGP::checkLimitSchedule).
func withinBounds(usual *[aal.Words]uint32, words []uint32, qip7 bool) bool {
	if len(words) != aal.Words && !(len(words) == aal.Words+1 && qip7) {
		return false
	}
	for i, w := range words[:aal.Words] {
		if w > max(1, usual[i])*1000 || w < max(1, usual[i]/100) {
			return false
		}
	}
	return true
}

// keccakOf is the Keccak-256 of a slot's name.
func keccakOf(slot *uint256.Int) (h uint256.Int) {
	name := slot.Bytes32()
	d := sha3.NewLegacyKeccak256()
	d.Write(name[:])
	h.SetBytes(d.Sum(nil))
	return h
}
