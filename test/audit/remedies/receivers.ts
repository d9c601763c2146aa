import type { RemedyStack } from '../../../packages/testing/src/audit/remedies/remedy.ts'
import { remedies } from '@postern/testing/audit'

/** GitHub receiver that consists only of the remedies' lines for one language. */
interface RemedyReceiver {
  readonly file: string
  readonly source: string
  /** Contents of a php.ini next to the file. */
  readonly ini?: string
}

/**
 * Receivers by language. Each reads `WEBHOOK_SECRET`, handles the topics of `TOPICS` (JSON) and appends one byte to the
 * file `EFFECTS` per handled event.
 */
export const remedyReceivers: Readonly<Record<'flask' | 'php' | 'go', RemedyReceiver>> = {
  flask: { file: 'receiver.py', source: flask() },
  // PHP's server passes every path that is not a file to an index.
  php: { file: 'index.php', source: php(), ini: ini() },
  go: { file: 'receiver.go', source: go() },
}

type Line = (id: keyof typeof remedies, ...at: readonly number[]) => string

function linesOf(stack: RemedyStack, indent = ''): Line {
  return (id, ...at) => at.map((one) => indent + remedies[id].lines[stack][one]).join('\n')
}

function flask(): string {
  const line = linesOf('flask')
  const inside = linesOf('flask', '    ')
  return `
import hashlib, hmac, json, os, re, sqlite3, sys
from flask import Flask, abort, request
from werkzeug.serving import make_server

${line('secret', 0, 1)}
${line('compare', 0, 1)}

def parsed(raw):
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None

def effect(event):
    with open(os.environ["EFFECTS"], "ab") as file:
        file.write(b".")

handlers = {topic: effect for topic in json.loads(os.environ["TOPICS"])}
db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
db.execute("CREATE TABLE seen (id TEXT PRIMARY KEY)")
app = Flask(__name__)
${line('body-limit', 0, 1)}
${line('stack', 1)}

${line('crash', 0, 1)}

${line('route', 0, 1)}
${inside('algorithm', 0, 1)}
${inside('raw-body', 0)}
${inside('verify', 0, 1)}
${inside('odd-bodies', 0, 1)}
    event_id, topic = request.headers.get("X-GitHub-Delivery"), request.headers.get("X-GitHub-Event")
${inside('ignore-topics', 0, 1)}
${inside('dedupe', 0, 1)}
${inside('after-verify', 0, 1)}
    return "", 200

server = make_server("127.0.0.1", 0, app, threaded=True)
print(f"listening http://127.0.0.1:{server.server_port}/webhooks", flush=True)
server.serve_forever()
`
}

function php(): string {
  const line = linesOf('php')
  return `<?php
// Stands for a table with a unique key, since PHP has no database of its own: the system makes a file once.
class Inserted {
    private int $rows = 0;
    function execute(array $values): void {
        $file = @fopen(getenv('EFFECTS') . '.' . hash('sha256', $values[0]), 'x');
        $this->rows = $file === false ? 0 : 1;
    }
    function rowCount(): int { return $this->rows; }
}
class Database {
    function prepare(string $sql): Inserted { return new Inserted(); }
}
function effect(array $event): void { file_put_contents(getenv('EFFECTS'), '.', FILE_APPEND | LOCK_EX); }

${line('crash', 0)}
${line('secret', 0, 1)}
${line('route', 0, 1)}
$db = new Database();
$handlers = array_fill_keys(json_decode(getenv('TOPICS')), 'effect');
${line('algorithm', 0, 1)}
${line('raw-body', 0)}
${line('verify', 0, 1)}
${line('odd-bodies', 0, 1)}
[$id, $topic] = [$_SERVER['HTTP_X_GITHUB_DELIVERY'] ?? '', $_SERVER['HTTP_X_GITHUB_EVENT'] ?? ''];
${line('ignore-topics', 0, 1)}
${line('dedupe', 0, 1)}
${line('after-verify', 0, 1)}
http_response_code(200);
`
}

function ini(): string {
  const line = linesOf('php')
  return [line('body-limit', 0, 1), line('timeouts', 0, 1), line('stack', 0, 1), ''].join('\n')
}

function go(): string {
  const line = linesOf('go')
  return `package main

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
	"strings"
	"sync"
	"time"
)

// Stands for a table with a unique key, since Go has no database of its own.
type inserted int64

func (rows inserted) RowsAffected() (int64, error) { return int64(rows), nil }

type table struct{ seen sync.Map }

func (one *table) Exec(_ string, id string) (inserted, error) {
	if _, known := one.seen.LoadOrStore(id, true); known {
		return 0, nil
	}
	return 1, nil
}

func effect(map[string]json.RawMessage) {
	file, err := os.OpenFile(os.Getenv("EFFECTS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	file.WriteString(".")
}

func main() {
${line('secret', 0, 1)}
	tx := &table{}
	var topics []string
	json.Unmarshal([]byte(os.Getenv("TOPICS")), &topics)
	handlers := map[string]func(map[string]json.RawMessage){}
	for _, topic := range topics {
		handlers[topic] = effect
	}
	receive := func(w http.ResponseWriter, r *http.Request) {
${line('crash', 0)}
${line('raw-body', 0, 1)}
		var signature []byte
${line('algorithm', 0, 1)}
${line('verify', 0, 1)}
${line('odd-bodies', 0, 1)}
		id, topic := r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event")
${line('ignore-topics', 0, 1)}
${line('dedupe', 0, 1)}
${line('after-verify', 0, 1)}
	}
	mux := http.NewServeMux()
${line('route', 0)}
${line('timeouts', 0)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening http://%s/webhooks\\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
`
}
