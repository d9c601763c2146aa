import type { Bounds } from '../bounds.ts'
import { withHeaders, type Change, type PlainRequest } from '../finding.ts'
import type { Reads } from '../trial/recording.ts'
import { clockUnit } from './time.ts'

/** Times in the headers that were read, written in the other units. `sample` are headers as this sender signs them. */
export function* clockUnits(
  request: PlainRequest,
  reads: Reads,
  sample: ReadonlyMap<string, string>,
  bounds: Bounds,
): Generator<Change> {
  for (const name of reads.headers) {
    const value = request.headers.get(name)?.[0]
    if (value === undefined || value.length > 8192) continue
    for (const other of unitsOf(value, sample.get(name))) {
      if (bounds.over()) return
      yield {
        request: withHeaders(request, { [name]: [other] }),
        steps: [clockUnit(`the time in ${name}`)],
      }
    }
  }
}

/** True if a header that was read has a time of 13 digits: milliseconds, while most senders use seconds. */
export function hasMilliseconds(request: PlainRequest, reads: Reads): boolean {
  return [...reads.headers].some((name) =>
    /(?<!\d)1\d{12}(?!\d)/.test(request.headers.get(name)?.[0]?.slice(0, 8192) ?? ''),
  )
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)/

function* unitsOf(value: string, sample: string | undefined): Generator<string> {
  const milliseconds = value.replace(/(?<!\d)(1\d{9})\d{3}(?!\d)/, '$1')
  if (milliseconds !== value) yield milliseconds
  const fraction = value.replace(/(?<!\d)(1\d{9})\.\d+/, '$1')
  if (fraction !== value) yield fraction
  const seconds = /(?<!\d)1\d{9}(?!\d)/.exec(value)?.[0]
  if (seconds !== undefined) {
    yield value.replace(seconds, `${seconds}000`)
    yield value.replace(seconds, isoOf(Number(seconds) * 1000))
    // A sender that signs milliseconds: the last three digits are lost, so 1,000 values are possible.
    if (sample !== undefined && /(?<!\d)1\d{12}(?!\d)/.test(sample))
      for (let rest = 1; rest < 1000; rest++)
        yield value.replace(seconds, seconds + String(rest).padStart(3, '0'))
  }
  const iso = ISO.exec(value)?.[0]
  const time = iso === undefined ? NaN : Date.parse(iso)
  if (!Number.isNaN(time)) {
    yield value.replace(iso!, String(Math.floor(time / 1000)))
    yield value.replace(iso!, String(time))
  } else if (/^\w{3}, \d/.test(value) && !Number.isNaN(Date.parse(value))) {
    yield String(Math.floor(Date.parse(value) / 1000))
    yield String(Date.parse(value))
  }
}

function isoOf(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}
