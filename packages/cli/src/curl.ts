import { Failure } from './outcome.ts'
import type { SavedRequest } from './request-file.ts'

/** A curl command line, as browsers and this command copy it. */
export function fromCurl(text: string): SavedRequest {
  const words = shellWords(text.replaceAll(/\\\r?\n/g, ' '))
  const headers: [string, string][] = []
  const parts: string[] = []
  let url = ''
  let method: string | undefined
  for (let place = 1; place < words.length; place++) {
    const word = words[place]!
    const value = (): string => words[++place] ?? ''
    if (word === '-X' || word === '--request') method = value()
    else if (word === '-H' || word === '--header') {
      const [, name, rest] = /^([^:]+):\s*(.*)$/s.exec(value()) ?? []
      if (name !== undefined) headers.push([name, rest!])
    } else if (/^(?:-d|--data(?:-raw|-binary|-ascii)?)$/.test(word)) parts.push(value())
    else if (word === '--url') url = value()
    else if (!word.startsWith('-')) url = word
    else if (/^-[ouAbe]$/.test(word)) value()
  }
  if (url === '') throw new Failure(2, 'the curl command has no URL')
  const body = parts.join('&')
  return {
    delivery: { method: method ?? (parts.length > 0 ? 'POST' : 'GET'), url, headers, body },
    receivedAt: undefined,
  }
}

/** Words of a shell command line: quotes of both kinds, `$'…'`, and backslashes. */
function shellWords(text: string): readonly string[] {
  const words: string[] = []
  const pattern = /\s*((?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+)/gs
  for (const [, word] of text.matchAll(pattern))
    words.push(
      word!.replaceAll(
        /\$'((?:[^'\\]|\\.)*)'|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
        (_all, ansi?: string, single?: string, double?: string, escaped?: string) => {
          if (ansi !== undefined) return unescaped(ansi)
          return single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? ''
        },
      ),
    )
  return words
}

function unescaped(text: string): string {
  const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  return text.replaceAll(
    /\\(?:u([\dA-Fa-f]{4})|x([\dA-Fa-f]{2})|(.))/gs,
    (_all, u?: string, x?: string, one?: string) =>
      one === undefined ? String.fromCharCode(Number.parseInt((u ?? x)!, 16)) : (known[one] ?? one),
  )
}
