package system

import (
	"strings"

	"spacechain/spaceos/command"
)

// maxLogLine is the most bytes of one log line.
const maxLogLine = 4096

// logBuffer keeps the last lines of an activation's log, up to max bytes of text.
type logBuffer struct {
	max   int
	lines []command.LogLine
	size  int
	lost  uint64
}

// lineCost is what a line counts beside its text.
const lineCost = 16

func (l *logBuffer) add(line command.LogLine) {
	if len(line.Text) > maxLogLine {
		line.Text = line.Text[:maxLogLine]
	}
	line.Text = strings.ToValidUTF8(line.Text, "\uFFFD")
	l.lines = append(l.lines, line)
	l.size += len(line.Text) + lineCost
	drop := 0
	for l.size > l.max && drop < len(l.lines)-1 {
		l.size -= len(l.lines[drop].Text) + lineCost
		drop++
	}
	l.lines = l.lines[drop:]
	l.lost += uint64(drop)
}

// lastLines gives the last lines whose text fits in so many bytes, and how many do not.
func lastLines(lines []command.LogLine, max int) (kept []command.LogLine, lost uint64) {
	size, i := 0, len(lines)
	for i > 0 {
		if size += len(lines[i-1].Text) + lineCost; size > max {
			break
		}
		i--
	}
	return lines[i:], uint64(i)
}
