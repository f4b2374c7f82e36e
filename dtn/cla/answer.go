package cla

import (
	"encoding/binary"
	"slices"
	"time"
)

// answer is a chunk that a receiver owes the sender.
type answer struct {
	kind     byte
	transfer uint64
	reason   Reason
}

// maxAnswers bounds the answers that wait. A sender that misses one asks again.
const maxAnswers = 128

func (r *receiver) answer(a answer) {
	if len(r.answers) < maxAnswers && !slices.Contains(r.answers, a) {
		r.answers = append(r.answers, a)
	}
}

func (r *receiver) tell(d ended) {
	if d.reason == 0 {
		r.answer(answer{kind: chunkDone, transfer: d.id})
	} else {
		r.answer(answer{kind: chunkRefuse, transfer: d.id, reason: d.reason})
	}
}

// asked answers what is known of a transfer.
func (r *receiver) asked(c *chunk) {
	if d, ok := r.endedAs(c.transfer); ok {
		r.tell(d)
	} else if r.find(c.transfer) != nil {
		r.answer(answer{kind: chunkHave, transfer: c.transfer})
	} else {
		r.answer(answer{kind: chunkUnknown, transfer: c.transfer})
	}
}

// appendAnswers appends the acknowledgement and the answers that have room in a
// frame of at most limit bytes. What has none goes into the next frame.
func (r *receiver) appendAnswers(frame []byte, limit int) []byte {
	if len(r.numbers) > 0 {
		// A range takes at most two long numbers; real ones take two or three bytes.
		most := min(maxRanges, (limit-len(frame)-12)/6)
		if ack := appendRanges(append(frame, chunkAck), r.numbers, most); len(ack) <= limit {
			frame = ack
		} else {
			frame = appendRanges(append(frame, chunkAck), r.numbers, 1)
		}
	}
	sent := 0
	for _, a := range r.answers {
		next := r.appendAnswer(frame, a, limit)
		if len(next) > limit {
			break
		}
		frame = next
		sent++
	}
	r.answers = slices.Delete(r.answers, 0, sent)
	r.unacked, r.ackAt, r.ackNow = 0, time.Time{}, len(r.answers) > 0
	if !r.ackNow {
		r.answers = nil
	}
	return frame
}

func (r *receiver) appendAnswer(frame []byte, a answer, limit int) []byte {
	next := binary.AppendUvarint(append(frame, a.kind), a.transfer)
	switch a.kind {
	case chunkRefuse:
		return binary.AppendUvarint(next, uint64(a.reason))
	case chunkHave:
		in := r.find(a.transfer)
		if in == nil {
			return frame
		}
		for n := min(len(in.have), maxSpans); ; n /= 2 {
			if out := appendSpans(next, in.have[:n]); len(out) <= limit || n == 0 {
				return out
			}
		}
	}
	return next
}
