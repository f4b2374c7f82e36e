package topology

import "spacechain/astro"

// tree is a k-d tree over places: it answers who is within a distance, nearer
// places first on the whole.
type tree struct {
	items  []int // in tree order: the middle of a range splits it
	places []astro.Vec3
}

// newTree sorts places into a tree.
func newTree(places []astro.Vec3, items []int) *tree {
	t := &tree{items: items, places: places}
	t.build(0, len(items), 0)
	return t
}

func (t *tree) build(low, high, axis int) {
	if high-low < 2 {
		return
	}
	middle := (low + high) / 2
	t.choose(low, high, middle, axis)
	t.build(low, middle, (axis+1)%3)
	t.build(middle+1, high, (axis+1)%3)
}

// less orders items along an axis, equal ones by number.
func (t *tree) less(i, j, axis int) bool {
	a, b := t.places[i][axis], t.places[j][axis]
	return a < b || a == b && i < j
}

// choose puts the item of rank n into its place, smaller ones before it and
// larger ones behind (Hoare's quickselect, middle of three as pivot).
func (t *tree) choose(low, high, n, axis int) {
	items := t.items
	for high-low > 1 {
		m := (low + high) / 2
		last := high - 1
		if t.less(items[m], items[low], axis) {
			items[m], items[low] = items[low], items[m]
		}
		if t.less(items[last], items[low], axis) {
			items[last], items[low] = items[low], items[last]
		}
		if t.less(items[m], items[last], axis) {
			items[m], items[last] = items[last], items[m]
		}
		pivot, at := items[last], low
		for i := low; i < last; i++ {
			if t.less(items[i], pivot, axis) {
				items[i], items[at] = items[at], items[i]
				at++
			}
		}
		items[at], items[last] = items[last], items[at]
		switch {
		case n < at:
			high = at
		case n > at:
			low = at + 1
		default:
			return
		}
	}
}

// visit calls fn for the items within a distance of a place, squared, and takes
// what it returns as the new limit.
func (t *tree) visit(place *astro.Vec3, limit2 float64, fn func(item int) float64) {
	t.walk(0, len(t.items), 0, place, &limit2, fn)
}

func (t *tree) walk(low, high, axis int, place *astro.Vec3, limit2 *float64, fn func(int) float64) {
	if low >= high {
		return
	}
	middle := (low + high) / 2
	item := t.items[middle]
	p := &t.places[item]
	dx, dy, dz := place[0]-p[0], place[1]-p[1], place[2]-p[2]
	if d2 := float64(dx*dx) + float64(dy*dy) + float64(dz*dz); d2 <= *limit2 {
		*limit2 = fn(item)
	}
	next := (axis + 1) % 3
	side := place[axis] - p[axis]
	if side < 0 {
		t.walk(low, middle, next, place, limit2, fn)
		if float64(side*side) <= *limit2 {
			t.walk(middle+1, high, next, place, limit2, fn)
		}
		return
	}
	t.walk(middle+1, high, next, place, limit2, fn)
	if float64(side*side) <= *limit2 {
		t.walk(low, middle, next, place, limit2, fn)
	}
}
