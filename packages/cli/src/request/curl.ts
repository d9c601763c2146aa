import { Buffer } from 'node:buffer'
import { Failure } from '../print/failure.ts'
import { shellWords } from './shell-words.ts'
import type { DeliveryInit } from '@postern/core'
import type { KeptRequest } from '@postern/core/inbox'

// Long flags of curl that have a value, with their short form.
const LONG: Readonly<Record<string, string>> = {
  request: 'X',
  header: 'H',
  data: 'd',
  'data-ascii': 'd',
  user: 'u',
  'user-agent': 'A',
  cookie: 'b',
  referer: 'e',
  form: 'F',
}
const SHORT_WITH_VALUE = /[XHdoumAbexTFcCrwKEtyYzPQD]/
const LONG_WITHOUT_VALUE =
  /^(?:compressed|insecure|silent|show-error|location|verbose|include|fail|fail-with-body|globoff|path-as-is|get|head|no-buffer|ipv4|ipv6|http[\d.]+|tlsv[\d.]+|no-.*)$/
const HEADERS: Readonly<Record<string, string>> = { A: 'user-agent', b: 'cookie', e: 'referer' }

/**
 * Parses a curl command as browsers and Postern copy it, for a shell or for Windows cmd. `readFile` reads the body of
 * `@file`. If a shell cannot write the bytes of the body, the command starts with a pipe: `base64 -d <<< … | curl …`.
 */
export function fromCurl(text: string, readFile: ReadFile): SavedRequest {
  const [, piped, command] = /^(?:base64 -d <<< (\S+) \| )?(curl\s.*)$/s.exec(text.trim()) ?? []
  const headers: [string, string][] = []
  const parts: Buffer[] = []
  let url = ''
  let target: string | undefined
  let method: string | undefined
  for (const [flag, value] of flagsOf(shellWords(unwrapped(command ?? text)).slice(1))) {
    if (flag === '' || flag === 'url') url = value
    else if (flag === 'request-target') target = value
    else if (flag === 'X') method = value
    else if (flag === 'H') {
      // In curl, `-H name:` removes a header, and `-H name;` sends an empty header.
      const [, name, rest, end] = /^([^:;]+)(?::\s*(.*)|(;))$/s.exec(value) ?? []
      if (name !== undefined && (rest || end)) headers.push([name, rest ?? ''])
    } else if (flag === 'd') parts.push(withoutLines(bytesOf(value, piped, readFile)))
    else if (flag === 'data-binary') parts.push(bytesOf(value, piped, readFile))
    else if (flag === 'data-raw') parts.push(Buffer.from(value, 'latin1'))
    else if (flag === 'json') {
      parts.push(bytesOf(value, piped, readFile))
      headers.push(['content-type', 'application/json'])
    } else if (flag === 'u')
      headers.push(['authorization', `Basic ${Buffer.from(value, 'latin1').toString('base64')}`])
    else if (flag in HEADERS) headers.push([HEADERS[flag]!, value])
    else if (flag === 'F' || flag === 'data-urlencode' || flag === 'T')
      throw new Failure(
        2,
        `curl writes the body of --${flag === 'F' ? 'form' : flag === 'T' ? 'upload-file' : flag} itself: give the exact bytes with --data-binary @file`,
      )
  }
  if (url === '') throw new Failure(2, 'the curl command has no URL')
  if (target !== undefined)
    url = url.replace(/^(\w+:\/\/[^/?#]*).*$/s, `$1${target.replaceAll('$', '$$$$')}`)
  const body = Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [AMPERSAND, part])))
  return {
    delivery: { method: method ?? (parts.length > 0 ? 'POST' : 'GET'), url, headers, body },
    receivedAt: undefined,
  }
}

const AMPERSAND = Buffer.from('&')

/** Returns flags with their values. A word without a flag is the URL; its flag is `''`. */
function flagsOf(words: readonly string[]): readonly (readonly [flag: string, value: string])[] {
  const found: (readonly [string, string])[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const [, long, given] = /^--([\w.-]+)(?:=(.*))?$/s.exec(word) ?? []
    if (long !== undefined) {
      const flag = LONG[long] ?? long
      if (long === 'head') found.push(['X', 'HEAD'])
      if (given !== undefined) found.push([flag, given])
      else if (!LONG_WITHOUT_VALUE.test(long)) found.push([flag, words[++at] ?? ''])
    } else if (/^-[^-]/.test(word)) {
      // `-sSXPOST` is `-s -S -X POST`.
      const start = word.search(SHORT_WITH_VALUE)
      if (start < 0) continue
      const rest = word.slice(start + 1)
      found.push([word[start]!, rest === '' ? (words[++at] ?? '') : rest])
    } else found.push(['', word])
  }
  return found
}

/** Joins a command with line continuations to one line, and removes the escapes of cmd. */
function unwrapped(command: string): string {
  const isCmd = /\^\r?\n|\^"/.test(command)
  return isCmd
    ? command.replaceAll(/\^\r?\n/g, ' ').replaceAll(/\^(.)/gs, '$1')
    : command.replaceAll(/\\\r?\n/g, ' ')
}

function bytesOf(data: string, piped: string | undefined, readFile: ReadFile): Buffer {
  if (!data.startsWith('@')) return Buffer.from(data, 'latin1')
  if (data === '@-' && piped !== undefined) return Buffer.from(piped, 'base64')
  const path = Buffer.from(data.slice(1), 'latin1').toString('utf8')
  return Buffer.from(readFile(path, `${path}, which the curl command sends,`))
}

/** Removes line ends, as curl does for `-d @file`. */
export function withoutLines(data: Buffer): Buffer {
  return Buffer.from(data.toString('latin1').replaceAll(/[\r\n]/g, ''), 'latin1')
}

/** Saved request. `receivedAt` is its time of arrival in milliseconds since 1970, if the file has it. */
export interface SavedRequest {
  readonly delivery: DeliveryInit & Pick<KeptRequest, 'masked'>
  readonly receivedAt: number | undefined
  readonly provider?: string
}

/** Reads a file that a request refers to. `what` is the name of the file in error messages. */
export type ReadFile = (path: string, what: string) => Uint8Array
