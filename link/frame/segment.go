package frame

import "fmt"

// Segmenter cuts units that do not fit one frame into segments (CCSDS 232.0-B-4 §4.3.2,
// MAP packet and MAP access services).
type Segmenter struct {
	// Max is the most octets that fit one frame.
	Max int
}

// Segment calls emit with the parts of a unit, in order.
func (s Segmenter) Segment(unit []byte, emit func(flags Sequence, part []byte)) error {
	if s.Max < 1 || len(unit) == 0 {
		return fmt.Errorf("segment %d octets into parts of %d: %w", len(unit), s.Max, ErrLength)
	}
	if len(unit) <= s.Max {
		emit(Unsegmented, unit)
		return nil
	}
	flags := First
	for len(unit) > s.Max {
		emit(flags, unit[:s.Max:s.Max])
		unit, flags = unit[s.Max:], Continuing
	}
	emit(Last, unit)
	return nil
}

// Reassembler puts the segments of one MAP together again. It holds at most Max octets.
type Reassembler struct {
	// Max bounds units, in octets; zero means 65542, the longest space packet.
	Max int
	// Dropped counts units given up, too long or with a part missing, and segments that
	// belong to no unit begun.
	Dropped uint64

	unit []byte
	open bool
}

// Lost tells that frames are missing: the unit under way is dropped.
func (r *Reassembler) Lost() {
	if r.open {
		r.Dropped++
	}
	r.unit, r.open = r.unit[:0], false
}

// Add takes the next segment. It returns the unit that the segment completes, else nil.
// The unit is valid until the next call.
func (r *Reassembler) Add(flags Sequence, part []byte) []byte {
	limit := r.Max
	if limit == 0 {
		limit = 65542
	}
	if flags == First || flags == Unsegmented {
		r.Lost()
	} else if !r.open {
		r.Dropped++
		return nil
	}
	if len(r.unit)+len(part) > limit {
		r.open = true
		r.Lost()
		return nil
	}
	if flags == Unsegmented {
		return part
	}
	r.unit = append(r.unit, part...)
	r.open = flags != Last
	if r.open {
		return nil
	}
	done := r.unit
	r.unit = r.unit[:0]
	return done
}

// Flags translates a USLP construction rule for variable length into sequence flags.
func (r Rule) Flags() (Sequence, bool) {
	switch r {
	case StartSegment:
		return First, true
	case ContinueSegment:
		return Continuing, true
	case LastSegment:
		return Last, true
	case NoSegmentation:
		return Unsegmented, true
	}
	return 0, false
}

// RuleOf translates sequence flags into a USLP construction rule.
func RuleOf(f Sequence) Rule {
	return [4]Rule{ContinueSegment, StartSegment, LastSegment, NoSegmentation}[f&3]
}
