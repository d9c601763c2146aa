import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyAsCurl } from '@postern/testing'
import { expect, test } from 'vitest'
import { readRegular } from '../src/request/regular-file.ts'
import { parseRequest } from '../src/request/request-file.ts'

const BODY = '{"a":"b c"}'

function read(text: string, entry?: number) {
  const { method, url, headers, body } = parseRequest(Buffer.from(text), {
    entry,
    readFile: readRegular,
  }).delivery
  return { method, url, headers, body: Buffer.from(body as Uint8Array).toString() }
}

test.for<readonly [string, string]>([
  [
    'flags with their value attached, and flags that are not of the request',
    `curl -sSXPOST https://x.example/h -m 10 --max-time=5 --retry 3 -H'X-A: 1' --header="x-b: 2" -d '${BODY}'`,
  ],
  [
    'a browser on Linux',
    `curl 'https://x.example/h' \\\n  -H 'X-A: 1' \\\n  -H 'x-b: 2' \\\n  --data-raw $'{"a":"b c"}' --compressed`,
  ],
  [
    'a browser on Windows',
    'curl ^"https://x.example/h^" ^\r\n  -H ^"X-A: 1^" ^\r\n  -H ^"x-b: 2^" ^\r\n  --data-raw ^"^{^\\^"a^\\^":^\\^"b c^\\^"^}^"',
  ],
])('a curl command is read as curl reads it: %s', ([, text]) => {
  expect(read(text)).toEqual({
    method: 'POST',
    url: 'https://x.example/h',
    headers: [
      ['X-A', '1'],
      ['x-b', '2'],
    ],
    body: BODY,
  })
})

test('a body that curl reads from a file has no line ends with -d, and all with --data-binary', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  const file = join(folder, 'body')
  writeFileSync(file, `${BODY}\r\n`)
  expect(read(`curl https://x.example/h -d @${file}`).body).toBe(BODY)
  expect(read(`curl https://x.example/h --data-binary @${file}`).body).toBe(`${BODY}\r\n`)
  rmSync(folder, { recursive: true })
})

test.each([false, true])(
  'what is copied as curl is read again, bytes that are no text too, on lines: %s',
  (lines) => {
    const body = Buffer.from([0, 255, 10, 39, 64])
    const headers = [
      ['x-a', "it's"],
      ['x-empty', ''],
    ] as const
    const given = { method: 'POST', url: 'https://x.example/h', headers, body }
    const copied = copyAsCurl(given, { lines })
    expect(parseRequest(Buffer.from(copied), { readFile: readRegular }).delivery).toEqual({
      method: 'POST',
      url: 'https://x.example/h',
      headers,
      body,
    })
  },
)

test('a form that curl would encode again is rejected', () => {
  expect(() => read('curl https://x.example/h -F a=b')).toThrow('--data-binary @file')
})

test('of several requests in a HAR file one is chosen', () => {
  const entry = (url: string) => ({
    request: { method: 'POST', url, headers: [], postData: { text: url } },
  })
  const har = JSON.stringify({
    log: { entries: [entry('https://x.example/1?token=hidden'), entry('https://x.example/2')] },
  })
  expect(() => read(har)).toThrow(/--entry:\n {2}1 {2}https:\/\/x\.example\/1\n {2}2 {2}\S+\/2$/)
  expect(read(har, 2).body).toBe('https://x.example/2')
  expect(() => read(har, 3)).toThrow('--entry must be from 1 to 2')
})

test.each([
  'POST http://[ HTTP/1.1\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: b/c\r\n\r\n',
  'curl http://[',
  '{ "url": "http://[", "headers": {} }',
])('a request whose URL nobody can read is rejected: %j', (text) => {
  expect(() => parseRequest(Buffer.from(text))).toThrow(/url|Host/)
})
