package ao40

// Frame is a frame received.
type Frame struct {
	Data      []byte
	Corrected int   // octets that the outer code corrected
	SyncWrong int   // wrong bits of the sync vector
	End       int64 // soft bits taken up to and with the frame's last
	Inverted  bool  // the bits came upside down
}

// Receiver finds frames in a stream of soft bits by the sync vector spread over them.
// It is not safe for concurrent use.
type Receiver struct {
	f       Format
	allowed int
	sync    []byte
	window  []int8 // twice the last frame's length, one copy behind the other
	at      int
	taken   int64
	blocked int64 // no frame can end before this bit: it would overlap one received
}

// NewReceiver makes a receiver. Up to a quarter of the sync vector may be wrong: noise
// passes that about once in 50,000 bits (short: 2,000) and then fails at the outer code.
func NewReceiver(f Format) *Receiver {
	n := f.Bits()
	return &Receiver{f: f, allowed: f.columns / 4, sync: f.sync(), window: make([]int8, 2*n), blocked: int64(n)}
}

// Receive takes soft bits and appends the frames that they complete to dst.
func (r *Receiver) Receive(dst []Frame, soft []int8) []Frame {
	n := r.f.Bits()
	for _, s := range soft {
		r.window[r.at], r.window[r.at+n] = s, s
		if r.at++; r.at == n {
			r.at = 0
		}
		if r.taken++; r.taken < r.blocked {
			continue
		}
		frame := r.window[r.at : r.at+n]
		wrong := 0
		for i, b := range r.sync {
			if (frame[i*r.f.rows] > 0) != (b == 1) {
				wrong++
			}
		}
		inverted := wrong >= len(r.sync)-r.allowed
		if wrong > r.allowed && !inverted {
			continue
		}
		if inverted {
			turned := make([]int8, n)
			for i, v := range frame {
				turned[i] = -max(v, -127)
			}
			frame, wrong = turned, len(r.sync)-wrong
		}
		data, corrected, err := r.f.Decode(nil, frame)
		if err != nil {
			continue
		}
		dst = append(dst, Frame{Data: data, Corrected: corrected, SyncWrong: wrong, End: r.taken, Inverted: inverted})
		r.blocked = r.taken + int64(n) - int64(r.f.rows) // a clock that slipped a few bits still finds the next
	}
	return dst
}
