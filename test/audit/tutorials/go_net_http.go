// As posts about net/http show it: the whole body, hmac.Equal, and the payload as a map of whatever came.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("SECRET")))
	mac.Write(body)
	right := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(right), []byte(r.Header.Get("X-Hub-Signature-256"))) {
		http.Error(w, "invalid signature", http.StatusUnauthorized)
		return
	}
	var event map[string]interface{}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if r.Header.Get("X-GitHub-Event") == "push" {
		repository := event["repository"].(map[string]interface{})
		log.Print(repository["full_name"].(string))
	}
	fmt.Fprint(w, "OK")
}

func main() {
	http.HandleFunc("/webhook", receive)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening http://%s/webhook\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
