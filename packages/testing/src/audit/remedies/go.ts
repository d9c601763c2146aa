import type { RemedyLines } from './remedy-ids.ts'

/** For Go, with net/http. */
export const goLines: RemedyLines = {
  verify: [
    'mac := hmac.New(sha256.New, secret); mac.Write(raw)',
    'if !hmac.Equal(mac.Sum(nil), signature) { w.WriteHeader(401); return }',
  ],
  compare: [
    '// the whole signature, decoded',
    'if !hmac.Equal(mac.Sum(nil), signature) { w.WriteHeader(401); return }',
  ],
  secret: [
    'secret := []byte(os.Getenv("WEBHOOK_SECRET"))',
    'if len(secret) == 0 || secret[0] == \'<\' { log.Fatal("WEBHOOK_SECRET is not set") }',
  ],
  algorithm: [
    'text, found := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")',
    'if signature, err = hex.DecodeString(text); !found || err != nil { w.WriteHeader(401); return }',
  ],
  'raw-body': [
    'raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 25<<20))',
    'if err != nil { w.WriteHeader(413); return }',
  ],
  freshness: [
    'age := time.Since(time.Unix(signedTime, 0)).Abs() // the time that was signed',
    'if age > 5*time.Minute { w.WriteHeader(401); return }',
  ],
  'after-verify': [
    '// below the line that refuses with 401, in no goroutine before it',
    'handle(event)',
  ],
  route: ['mux.HandleFunc("POST /webhooks", receive)', '// other methods get 405'],
  handshake: [
    '// once the signature is verified',
    'if event.Type == "url_verification" { json.NewEncoder(w).Encode(map[string]string{"challenge": event.Challenge}); return }',
  ],
  dedupe: [
    'result, err := tx.Exec("INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING", id) // in one transaction with the work',
    'if rows, _ := result.RowsAffected(); rows == 0 { return }',
  ],
  'ignore-topics': ['handle, known := handlers[topic]', 'if !known { return }'],
  'answer-first': [
    'db.Exec("INSERT INTO jobs (body) VALUES ($1)", raw) // a worker does the rest',
    'w.WriteHeader(202)',
  ],
  'body-limit': [
    'r.Body = http.MaxBytesReader(w, r.Body, 25<<20) // the largest body that the sender makes',
    'raw, err := io.ReadAll(r.Body)',
  ],
  'odd-bodies': [
    'var event map[string]json.RawMessage',
    'if json.Unmarshal(raw, &event) != nil || event == nil { w.WriteHeader(400); return }',
  ],
  crash: [
    'defer func() { if recover() != nil { w.WriteHeader(500) } }()',
    '// net/http recovers in its own goroutines alone, not in those that you start',
  ],
  timeouts: [
    'server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, ReadHeaderTimeout: 5 * time.Second}',
    'log.Fatal(server.ListenAndServe())',
  ],
  stack: ['log.Printf("webhook: %v", err) // to the log alone', 'http.Error(w, "", 500)'],
  quiet: [
    'log.Print("a webhook was refused") // no headers, no secret, no signature',
    'w.WriteHeader(401)',
  ],
}
