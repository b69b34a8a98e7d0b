// Go's own reverse proxy: proxy <listen> <upstream> <bodies> [kept]
//
// As the standard library gives it, with two idle connections a host; or, if kept is said, with as many connections and
// as many buffers kept as it likes.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
)

type pool struct{ sync.Pool }

func (p *pool) Get() []byte  { return *p.Pool.Get().(*[]byte) }
func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

func main() {
	buffers := &pool{sync.Pool{New: func() any { b := make([]byte, 32*1024); return &b }}}
	transport := &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}
	for place, address := range map[string]string{"/": os.Args[2], "/bodies/": os.Args[3]} {
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
		if len(os.Args) > 4 && os.Args[4] == "kept" {
			proxy.Transport, proxy.BufferPool = transport, buffers
		}
		http.Handle(place, proxy)
	}
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
