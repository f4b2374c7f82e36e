package cfdp

import "fmt"

// Reserved messages to the user begin with these octets (CCSDS 727.0-B-5 §6.1.1).
const reservedPrefix = "cfdp"

// MessageType is the type of a reserved message.
type MessageType uint8

// Reserved messages that are used here (CCSDS 727.0-B-5 §6).
const (
	MsgProxyPutRequest  MessageType = 0x00
	MsgProxyMessage     MessageType = 0x01
	MsgProxyMode        MessageType = 0x04
	MsgProxyPutResponse MessageType = 0x07
	MsgProxyPutCancel   MessageType = 0x09
	MsgOriginating      MessageType = 0x0a
	MsgProxyClosure     MessageType = 0x0b
	MsgListRequest      MessageType = 0x10
	MsgListResponse     MessageType = 0x11
)

// Reserved splits a message to the user into its type and body; ok is false if it is
// the user's own.
func Reserved(m []byte) (typ MessageType, body []byte, ok bool) {
	if len(m) < 5 || string(m[:4]) != reservedPrefix {
		return 0, nil, false
	}
	return MessageType(m[4]), m[5:], true
}

func reserved(typ MessageType, body []byte) []byte {
	return append(append([]byte(reservedPrefix), byte(typ)), body...)
}

// ProxyPut asks another entity to send a file (CCSDS 727.0-B-5 §6.2.2).
type ProxyPut struct {
	Dest                 uint64
	SourceName, DestName string
}

// Message writes the request as a message to the user.
func (p ProxyPut) Message() ([]byte, error) {
	b := []byte{byte(Octets(p.Dest))}
	b = appendUint(b, p.Dest, Octets(p.Dest))
	b, err := appendLV(b, []byte(p.SourceName))
	if err == nil {
		b, err = appendLV(b, []byte(p.DestName))
	}
	if err == nil && len(b)+5 > 255 {
		err = fmt.Errorf("proxy put of %q to %q does not fit a message", p.SourceName, p.DestName)
	}
	return reserved(MsgProxyPutRequest, b), err
}

// DecodeProxyPut reads the body of such a message.
func DecodeProxyPut(body []byte) (ProxyPut, error) {
	r := &reader{b: body}
	id := r.lv()
	if len(id) < 1 || len(id) > 8 {
		r.fail("proxy put to an entity id of %d octets", len(id))
	}
	p := ProxyPut{Dest: readUint(id), SourceName: string(r.lv()), DestName: string(r.lv())}
	r.end()
	return p, r.err
}

// ProxyPutResponse tells how it went (CCSDS 727.0-B-5 §6.2.9).
type ProxyPutResponse struct {
	Condition  Condition
	Incomplete bool
	Status     FileStatus
}

// Message writes the response as a message to the user.
func (p ProxyPutResponse) Message() []byte {
	b := byte(p.Condition&15)<<4 | byte(p.Status&3)
	if p.Incomplete {
		b |= 4
	}
	return reserved(MsgProxyPutResponse, []byte{b})
}

// DecodeProxyPutResponse reads the body of such a message.
func DecodeProxyPutResponse(body []byte) (ProxyPutResponse, error) {
	if len(body) != 1 {
		return ProxyPutResponse{}, fmt.Errorf("%w: proxy put response of %d octets", ErrPDU, len(body))
	}
	return ProxyPutResponse{Condition(body[0] >> 4), body[0]&4 != 0, FileStatus(body[0] & 3)}, nil
}

// OriginatingMessage names the transaction that a message answers (CCSDS 727.0-B-5 §6.1.4).
func OriginatingMessage(id TransactionID) []byte {
	n, m := Octets(id.Source), Octets(id.Seq)
	b := []byte{byte(n-1)<<4 | byte(m-1)}
	b = appendUint(b, id.Source, n)
	return reserved(MsgOriginating, appendUint(b, id.Seq, m))
}

// DecodeOriginating reads the body of such a message.
func DecodeOriginating(body []byte) (TransactionID, error) {
	r := &reader{b: body}
	lens := r.octet()
	id := TransactionID{
		Source: readUint(r.take(int(lens>>4&7) + 1)),
		Seq:    readUint(r.take(int(lens&7) + 1)),
	}
	r.end()
	return id, r.err
}
