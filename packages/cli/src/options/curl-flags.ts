import { withoutLines } from '../request/curl.ts'
import { Failure } from '../print/failure.ts'
import { readRegular } from '../request/regular-file.ts'
import type { SavedRequest } from '../request/saved-request.ts'

/** The flags of curl that make a request. */
export interface CurlFlags {
  readonly request?: string
  readonly header?: readonly string[]
  readonly data?: string
  readonly dataRaw?: string
  readonly dataBinary?: string
}

/** A request given by a URL and flags of curl. As in curl, `@file` reads a file: `--data` without its line ends. */
export function fromFlags(url: string, flags: CurlFlags): SavedRequest {
  if (!URL.canParse(url))
    throw new Failure(2, `the request must be a URL with -H and -d, got ${url}`)
  const headers = (flags.header ?? []).map((line) => {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(line) ?? []
    if (name === undefined) throw new Failure(2, `--header must be 'Name: value', got ${line}`)
    return [name, value!] as const
  })
  const parts = [
    ...(flags.data === undefined ? [] : [withoutLines(dataOf(flags.data))]),
    ...(flags.dataRaw === undefined ? [] : [Buffer.from(flags.dataRaw)]),
    ...(flags.dataBinary === undefined ? [] : [dataOf(flags.dataBinary)]),
  ]
  if (parts.length > 1)
    throw new Failure(2, 'give one of --data, --data-raw and --data-binary: the body is one')
  const [body] = parts
  const method = flags.request ?? (body ? 'POST' : 'GET')
  return {
    delivery: { method, url, headers, body: body ?? Buffer.alloc(0) },
    receivedAt: undefined,
  }
}

function dataOf(data: string): Buffer {
  return data.startsWith('@') ? readRegular(data.slice(1)) : Buffer.from(data)
}
