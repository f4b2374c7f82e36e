package modem

import (
	"math"
	"slices"

	"spacechain/link/modem/dsp"
)

// fix is what the search found out about a signal, for the middle of the window searched.
type fix struct {
	strength  float64 // of the spectral line over the noise about it, 1 at worst
	frequency float64 // cycles a sample
	rate      float64 // cycles a sample, for each sample
	phase     float64 // radians; of the order's ambiguity one choice
	symbol    float64 // where a symbol's middle lies, samples from the middle of the window, 0 to one symbol
	period    float64 // samples a symbol
	amplitude float64 // root mean square after the matched filter
}

// acquirer looks for a signal in a window of samples, knowing nothing of its frequency, phase and
// symbol timing: it filters the window at each place where there is power, raises the outcome to
// the power that takes the modulation off (2 for BPSK, 4 for QPSK), and looks for the line that
// then stands at as many times the carrier, under several rates of change. For OQPSK the square
// has two lines a symbol rate either side.
type acquirer struct {
	p        PSK
	fs       float64 // samples a second
	sps      float64
	samples  int     // of a window
	n, m     int     // points of the window's transform, and of the present band's back
	down     int     // the band's samples in use
	middle   float64 // of the window that a fix is for, samples from its start
	fft      *dsp.FFT
	back     *dsp.FFT
	line     *dsp.FFT
	fine     *dsp.FFT  // back with a rate of four a symbol at least, for the timing
	filter   []float32 // matched filter at the band's bins -reach..reach
	reach    int
	bend     []float32 // relative noise of the line's spectrum by bin, for the power taken
	chirps   []float64 // cycles a sample, for each sample
	clocks   []float64 // symbol rates tried, relative to the nominal
	limit    float64   // threshold of strength
	span     int       // bins either side where the line may stand
	shift    int       // OQPSK: bins from the middle to either line
	power    float64   // 2 or 4
	spectrum []complex64
	energy   []float64
	band     []complex64
	work     []complex64
	squared  []complex64
}

func newAcquirer(p PSK, u pulse, fs float64) *acquirer {
	chip := p.chipRate()
	a := &acquirer{p: p, fs: fs, sps: fs / chip, power: 2}
	if p.Scheme == QPSK {
		a.power = 4
	}
	a.samples = int(math.Ceil(float64(p.Window) * a.sps))
	a.fft = dsp.NewFFT(a.samples)
	a.n = a.fft.Len()
	bin := fs / float64(a.n)
	a.fine = dsp.NewFFT(int(math.Ceil(4 * chip / bin)))
	a.back = a.fine
	if p.Scheme == QPSK {
		// The line that counts lies within half a symbol rate of the middle.
		a.back = dsp.NewFFT(int(math.Ceil(max(2*chip, 2.05*p.halfBand()) / bin)))
	}
	a.line = dsp.NewFFT(2 * a.back.Len())
	a.middle = float64(a.samples) / 2
	a.use(a.fine)
	a.reach = min(int(p.halfBand()/bin), a.back.Len()/2-1, a.n/2-1)
	a.filter = make([]float32, 2*a.reach+1)
	for i := range a.filter {
		a.filter[i] = float32(u.response(float64(i-a.reach) * bin / chip))
	}
	lineBin := bin / 2 // the line's transform has twice the points, over the same rate
	a.span = int(a.power * 0.3 * chip / lineBin)
	if p.Scheme == QPSK {
		// A quarter of the symbol rate off, the fourth power looks the same.
		a.span = int(0.98 * chip / lineBin)
	}
	if p.Scheme == OQPSK {
		a.shift = int(math.Round(chip / lineBin))
	}
	a.span = min(a.span, a.back.Len()-1-a.shift)
	a.bend = a.noiseShape()
	// A rate off by this smears the line over one bin.
	window := float64(a.samples) / fs
	step := 2 / (a.power * window * window)
	most := int(math.Ceil(max(0, p.DopplerRate/step-0.5)))
	for i := -most; i <= most; i++ {
		a.chirps = append(a.chirps, float64(i)*p.DopplerRate/max(1, float64(most))/(fs*fs))
	}
	// A clock off by this slips by a quarter of a symbol over the window.
	clock := 0.25 / float64(p.Window)
	steps := int(math.Floor(p.ClockPPM * 1e-6 / clock))
	for i := -steps; i <= steps; i++ {
		a.clocks = append(a.clocks, 1+float64(i)*clock)
	}
	trials := float64(len(a.chirps)) * float64(a.span+1) * a.places()
	a.limit = math.Log(trials / 1e-3)
	if a.shift > 0 {
		a.limit += 3 // two lines' powers are added
	}
	a.spectrum = make([]complex64, a.n)
	a.energy = make([]float64, a.n+1)
	a.band = make([]complex64, a.m)
	a.squared = make([]complex64, a.down)
	a.work = make([]complex64, a.line.Len())
	return a
}

// use sets the transform that brings bands back, and with it their rate.
func (a *acquirer) use(back *dsp.FFT) {
	a.m = back.Len()
	a.down = int(float64(a.samples) * float64(a.m) / float64(a.n))
}

// places bounds at how many centres a window is searched.
func (a *acquirer) places() float64 {
	return max(1, min(6, math.Ceil(2*a.p.Search/(0.3*a.p.chipRate()))))
}

// noiseShape is the spectrum that white noise has after the matched filter and the power, by
// bins of the line's transform from 0 up, relative to its mean over the span: without it noise
// would look like a line at the middle.
func (a *acquirer) noiseShape() []float32 {
	const grain = 64 // points for the filter's half band
	one := make([]float64, 2*grain+1)
	for i := range one {
		v := float64(a.filter[i*(len(a.filter)-1)/(2*grain)])
		one[i] = v * v
	}
	convolve := func(x, y []float64) []float64 {
		z := make([]float64, len(x)+len(y)-1)
		for i, v := range x {
			for j, w := range y {
				z[i+j] += v * w
			}
		}
		return z
	}
	shape := convolve(one, one)
	if a.power == 4 {
		shape = convolve(shape, shape)
	}
	top := 0.0
	for _, v := range shape {
		top = max(top, v)
	}
	// One point of shape is reach/grain bins of the band, twice as many of the line.
	scale := float64(grain) / float64(max(1, a.reach)) / 2
	bend := make([]float32, a.span+a.shift+1)
	for i := range bend {
		k := len(shape)/2 + int(float64(i)*scale)
		v := 0.0
		if k < len(shape) {
			v = shape[k] / top
		}
		bend[i] = float32(max(v, 0.05))
	}
	return bend
}

// search looks through x, of a.samples samples. ok tells whether a signal shows.
func (a *acquirer) search(x []complex64) (best fix, ok bool) {
	var sum float64
	for _, v := range x[:a.samples] {
		sum += float64(real(v))*float64(real(v)) + float64(imag(v))*float64(imag(v))
	}
	rms := math.Sqrt(sum / float64(a.samples))
	if !(rms > 1e-18) || math.IsInf(rms, 0) {
		return fix{}, false
	}
	clear(a.spectrum[a.samples:])
	g := float32(1 / rms)
	for i, v := range x[:a.samples] {
		a.spectrum[i] = complex(real(v)*g, imag(v)*g)
	}
	a.fft.Forward(a.spectrum)
	for _, centre := range a.centres() {
		if f, found := a.searchAt(centre); found && (!ok || f.strength > best.strength) {
			best, ok = f, true
		}
	}
	if !ok {
		return fix{}, false
	}
	a.unalias(&best)
	a.refine(&best)
	best.amplitude *= rms
	return best, true
}

// centres gives the bins to look at: a grid if it is short, else where the power is.
func (a *acquirer) centres() []int {
	bin := a.fs / float64(a.n)
	chip := a.p.chipRate()
	most := a.p.Search / bin
	if steps := math.Ceil(2 * a.p.Search / (0.3 * chip)); steps <= 5 {
		var grid []int
		for i := range int(steps) {
			grid = append(grid, int(math.Round(most*((2*float64(i)+1)/steps-1))))
		}
		return grid
	}
	width := int(chip/bin/2) | 1
	for i := range a.n {
		v := a.spectrum[(i+a.n/2)%a.n]
		a.energy[i+1] = a.energy[i] + float64(real(v)*real(v)+imag(v)*imag(v))
	}
	type place struct {
		at     int
		energy float64
	}
	var places []place
	step := max(1, width/4)
	for c := -int(most); c <= int(most); c += step {
		low, high := c-width+a.n/2, c+width+a.n/2
		if low < 0 || high >= a.n {
			continue
		}
		places = append(places, place{c, a.energy[high] - a.energy[low]})
	}
	slices.SortStableFunc(places, func(p, q place) int {
		switch {
		case p.energy > q.energy:
			return -1
		case p.energy < q.energy:
			return 1
		}
		return 0
	})
	var out []int
	for _, p := range places {
		if len(out) == 4 {
			break
		}
		if !slices.ContainsFunc(out, func(c int) bool { return max(c-p.at, p.at-c) < width }) {
			out = append(out, p.at)
		}
	}
	return out
}

// extract filters the band about a bin of the spectrum and leaves it in a.band at baseband.
func (a *acquirer) extract(centre int, back *dsp.FFT) {
	a.use(back)
	a.band = a.band[:a.m]
	clear(a.band)
	for i, h := range a.filter {
		j := i - a.reach
		v := a.spectrum[((centre+j)%a.n+a.n)%a.n]
		a.band[(j+a.m)%a.m] = complex(real(v)*h, imag(v)*h)
	}
	back.Inverse(a.band)
}

// searchAt looks for a signal about a bin of the spectrum.
func (a *acquirer) searchAt(centre int) (fix, bool) {
	a.extract(centre, a.back)
	var power float64
	for _, v := range a.band[:a.down] {
		power += float64(real(v)*real(v) + imag(v)*imag(v))
	}
	power /= float64(a.down)
	if !(power > 0) {
		return fix{}, false
	}
	g := float32(1 / math.Sqrt(power))
	for i, v := range a.band[:a.down] {
		v = complex(real(v)*g, imag(v)*g)
		v = mul(v, v)
		if a.power == 4 {
			v = mul(v, v)
		}
		a.squared[i] = v
	}
	best := fix{}
	ratio := float64(a.n) / float64(a.m) // input samples for one of the band
	for _, chirp := range a.chirps {
		a.dechirp(chirp * ratio * ratio * a.power)
		a.line.Forward(a.work)
		at, peak, noise := a.peak()
		if strength := peak / noise; strength > best.strength {
			// One bin of the line's transform is half a bin of the spectrum.
			best = fix{strength: strength, rate: chirp,
				frequency: (float64(centre) + at/2/a.power) / float64(a.n)}
		}
	}
	if best.strength < a.limit || math.Abs(best.frequency*a.fs) > a.p.Search*1.1+2*a.fs/float64(a.n) {
		return fix{}, false
	}
	return best, !a.tone(best, centre, power)
}

// dechirp puts the powered band into a.work, with a rate of change (cycles a sample, for each
// sample) taken off.
func (a *acquirer) dechirp(rate float64) {
	clear(a.work[a.down:])
	if rate == 0 {
		copy(a.work, a.squared[:a.down])
		return
	}
	mid := float64(a.down) / 2
	// The phase -πr(i-mid)², by its first and second differences.
	phase := -0.5 * rate * mid * mid
	step := 0.5 * rate * (2*mid - 1)
	for i, v := range a.squared[:a.down] {
		phase -= math.Floor(phase)
		a.work[i] = mul(v, dsp.Rotor(uint32(uint64(phase*(1<<32)))))
		phase += step
		step -= rate
	}
}

// peak finds the line in a.work: where, in bins from the middle with fractions, its power, and
// the mean power about.
func (a *acquirer) peak() (at, peak, noise float64) {
	size := len(a.work)
	power := func(i int) float64 {
		v := a.work[((i%size)+size)%size]
		return float64(real(v)*real(v) + imag(v)*imag(v))
	}
	level := func(i int) float64 {
		if a.shift == 0 {
			return power(i) / float64(a.bend[max(i, -i)])
		}
		return power(i-a.shift)/float64(a.bend[max(i-a.shift, a.shift-i)]) +
			power(i+a.shift)/float64(a.bend[max(i+a.shift, -i-a.shift)])
	}
	where := 0
	for i := -a.span; i <= a.span; i++ {
		v := level(i)
		noise += v
		if v > peak {
			where, peak = i, v
		}
	}
	count := 2*a.span + 1
	for i := max(-a.span, where-6); i <= min(a.span, where+6); i++ {
		noise -= level(i)
		count--
	}
	noise = max(noise, 1e-30)/float64(max(count, 1)) + 1e-30
	at = float64(where)
	if where > -a.span && where < a.span {
		l, r := math.Sqrt(level(where-1)), math.Sqrt(level(where+1))
		if d := 2*math.Sqrt(peak) - l - r; d > 0 {
			at += 0.5 * (r - l) / d
		}
	}
	return at, peak, noise
}
