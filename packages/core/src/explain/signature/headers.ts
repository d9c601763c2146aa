import {
  inertName,
  withHeaders,
  type Change,
  type PlainRequest,
  type Clue,
  type Reads,
} from '../finding.ts'

// Common headers that are never a renamed signature header.
const USUAL =
  /^(?:accept|connection|content-|host$|user-agent|via$|te$|date$|age$|server|cookie|cache-|pragma|origin$|referer|x-forwarded|forwarded|x-real-ip|cf-|x-amzn|x-request-id|traceparent|tracestate|transfer-|upgrade)/
const MOST = 64

export function missingHeaders(request: PlainRequest, reads: Reads): readonly string[] {
  return [...reads.headers].filter(
    (name) => !request.headers.get(name)?.some((line) => line.trim()),
  )
}

/**
 * Yields requests in which a present header gets the name of a missing header. Only headers that verification did not
 * read are renamed. The most similar names come first.
 */
export function* renamed(request: PlainRequest, reads: Reads): Generator<Change> {
  const spare = [...request.headers.keys()].filter((name) => !reads.headers.has(name))
  for (const name of missingHeaders(request, reads)) {
    // A proxy may add a prefix such as `x-forwarded-` or `x-original-` to the name.
    const bare = name.replace(/^x-/, '')
    const alike = spare
      .filter((other) => !USUAL.test(other) || other.endsWith(`-${bare}`))
      .slice(0, 4096)
      .map((other) => ({ other, score: likeness(name, other) }))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, MOST)
    for (const { other } of alike)
      yield {
        request: withHeaders(request, { [name]: request.headers.get(other), [other]: undefined }),
        steps: [renamedStep(name, other)],
      }
  }
}

/** Yields requests in which a header with several values, in one or several lines, has only one of its values. */
export function* joinedClues(request: PlainRequest, reads: Reads): Generator<Change> {
  const all: Record<string, readonly string[]> = {}
  for (const name of reads.headers) {
    const lines = request.headers.get(name)
    if (!lines) continue
    const [first] = halves(lines)
    if (first !== undefined) all[name] = [first]
  }
  const names = Object.keys(all)
  if (names.length > 0) yield { request: withHeaders(request, all), steps: [joinedStep(names)] }
  for (const name of reads.headers) {
    const lines = request.headers.get(name) ?? []
    const values = lines.length > 1 ? lines.slice(0, 8) : pieces(lines[0] ?? '')
    for (const value of values)
      yield { request: withHeaders(request, { [name]: [value] }), steps: [joinedStep([name])] }
  }
}

function renamedStep(name: string, other: string): Clue {
  return {
    cause: 'header-renamed',
    message: `the value of ${name} came in the header ${inertName(other)}`,
    remedy: `configure the proxy or host in front to forward ${name} under its own name`,
  }
}

function joinedStep(names: readonly string[]): Clue {
  return {
    cause: 'header-joined',
    message: `${names.join(' and ')} has more than one value; the signature matches with only one of them`,
    remedy:
      "find the proxy that adds the header a second time, and configure it to keep only the sender's",
  }
}

function halves(lines: readonly string[]): readonly string[] {
  if (lines.length > 1) return [lines[0]!]
  const value = lines[0]!
  if (value.length > 8192) return []
  for (const separator of [', ', ',', '; ']) {
    const middle = (value.length - separator.length) / 2
    if (!Number.isInteger(middle) || middle < 1) continue
    const half = value.slice(0, middle)
    if (value === half + separator + half) return [half]
  }
  return []
}

function* pieces(value: string): Generator<string> {
  if (value.length > 8192) return
  const cuts = [...value.matchAll(/[,;]\s*/g)].slice(0, 20)
  for (const cut of cuts) {
    yield value.slice(0, cut.index)
    yield value.slice(cut.index + cut[0].length)
  }
}

/** Scores how similar two names are: equal or contained names first, then shared words, then starts of words. */
function likeness(name: string, other: string): number {
  const [a, b] = [plain(name), plain(other)]
  if (a === b) return 100
  if (a.includes(b) || b.includes(a)) return 50 + Math.min(a.length, b.length)
  const words = name.split(/[-_.]/).filter((word) => word !== 'x')
  return words.reduce((sum, word) => {
    if (b.includes(word)) return sum + word.length + 2
    return b.includes(word.slice(0, 3)) ? sum + 3 : sum
  }, 0)
}

function plain(name: string): string {
  return name.replace(/^(?:http[-_])?x[-_]/, '').replaceAll(/[-_.]/g, '')
}
