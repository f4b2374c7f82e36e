package cfdp

import "fmt"

// RecordState says how a piece of file data lies to record boundaries.
type RecordState uint8

// Record continuation states (CCSDS 727.0-B-5 §5.3.2).
const (
	RecordMiddle RecordState = 0 // neither start nor end of a record
	RecordStart  RecordState = 1
	RecordEnd    RecordState = 2
	RecordWhole  RecordState = 3 // start and end of one or more records
)

// FileData carries a piece of the file (CCSDS 727.0-B-5 §5.3).
type FileData struct {
	// HasMeta says that a record state and segment metadata precede the offset.
	HasMeta bool
	Record  RecordState
	Meta    []byte // at most 63 octets
	Offset  int64
	Data    []byte
}

func (f *FileData) append(dst []byte, h *Header) ([]byte, error) {
	if f.HasMeta {
		if len(f.Meta) > 63 || f.Record > 3 {
			return dst, fmt.Errorf("segment metadata of %d octets, record state %d", len(f.Meta), f.Record)
		}
		dst = append(append(dst, byte(f.Record)<<6|byte(len(f.Meta))), f.Meta...)
	}
	dst, err := appendSize(dst, f.Offset, h)
	return append(dst, f.Data...), err
}

func decodeFileData(r *reader, meta bool) *FileData {
	f := &FileData{HasMeta: meta}
	if meta {
		first := r.octet()
		f.Record = RecordState(first >> 6)
		f.Meta = r.take(int(first & 63))
	}
	f.Offset = r.fileSize()
	f.Data = r.b
	if f.Offset > 1<<63-1-int64(len(f.Data)) {
		r.fail("file data ends beyond 2^63")
	}
	return f
}
