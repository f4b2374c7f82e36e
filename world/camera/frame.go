package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// Frame is one picture. Rows run from the top, which is the direction of flight,
// pixels from left to right; Channels bytes a pixel: 1 for grey, 3 for red, green
// and blue.
type Frame struct {
	Width, Height, Channels int
	Pix                     []byte
}

// Image gives the frame as an image, sharing its memory if grey.
func (f *Frame) Image() image.Image {
	bounds := image.Rect(0, 0, f.Width, f.Height)
	if f.Channels == 1 {
		return &image.Gray{Pix: f.Pix, Stride: f.Width, Rect: bounds}
	}
	img := image.NewRGBA(bounds)
	for i := 0; i < f.Width*f.Height; i++ {
		img.SetRGBA(i%f.Width, i/f.Width, color.RGBA{f.Pix[3*i], f.Pix[3*i+1], f.Pix[3*i+2], 255})
	}
	return img
}

// PNG encodes the frame.
func (f *Frame) PNG() ([]byte, error) {
	if f.Width < 1 || f.Height < 1 || (f.Channels != 1 && f.Channels != 3) || len(f.Pix) != f.Width*f.Height*f.Channels {
		return nil, fmt.Errorf("encode picture: %d x %d x %d with %d bytes is no frame", f.Width, f.Height, f.Channels, len(f.Pix))
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, f.Image()); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return out.Bytes(), nil
}
