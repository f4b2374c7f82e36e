package frame

// Counter follows the frame count of one virtual channel and finds gaps. Bits is the
// length of the count: 8 for TM, 24 or 28 for AOS, 0 to 56 for USLP.
type Counter struct {
	Bits int
	// Frames counts the frames seen, Missing those whose numbers were passed over, and
	// Repeats those that had the number of the one before.
	Frames, Missing, Repeats uint64

	last uint64
	seen bool
}

// Next takes the count of the next frame and tells how many frames before it are missing.
// A repeat, which carries the same count again, is no gap. A step back is a gap all the
// way around, as the count cannot tell the two apart.
func (c *Counter) Next(count uint64) (missing uint64, repeat bool) {
	mask := uint64(1)<<c.Bits - 1
	count &= mask
	c.Frames++
	if c.seen && c.Bits > 0 {
		if count == c.last {
			c.Repeats++
			return 0, true
		}
		missing = (count - c.last - 1) & mask
	}
	c.last, c.seen = count, true
	c.Missing += missing
	return missing, false
}
