package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves the console with a fake universe behind it.
func start(t *testing.T, opt apitest.Options) (*httptest.Server, *apitest.Fake) {
	t.Helper()
	opt.Wall = time.Now
	fake := apitest.New(opt)
	srv, err := api.New(api.Options{Backend: fake})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Handler(srv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	web := httptest.NewServer(h)
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return web, fake
}
