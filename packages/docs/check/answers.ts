// Compares explanations of all test vectors: Node.js and the site's worker in Chromium.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explain } from '../../core/src/explain/index.ts'
import { parseRequest } from '../../cli/src/request/request-file.ts'
import { catalogue } from '../../providers/src/catalogue.ts'
import { vectorOptions, type Vector } from '../../testing/src/provider/vector.ts'
import type { Page } from '../../inspector/node_modules/playwright-core/index.js'
import type { Question } from '../explain/judge.ts'
import type { Told } from '../explain/worker.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'test', 'vectors')
// Bounds by count: with a time limit, the two would stop at different places.
const BOUNDS = { ms: 60_000, attempts: 3000 }

/** What came of the comparison. */
export interface Compared {
  readonly equal: number
  /** Certificates: the page says that the command line judges them. */
  readonly elsewhere: number
  readonly unequal: readonly string[]
  /** CPU of the worker divided by that of Node.js, by the sums of `stats.ms`. */
  readonly ratio: number
}

/** Compares verdict, code and findings. */
export async function compareAnswers(page: Page): Promise<Compared> {
  let equal = 0
  let elsewhere = 0
  let here = 0
  let there = 0
  const unequal: string[] = []
  for (const about of catalogue.values()) {
    const file = join(folder, `${about.name}.json`)
    for (const vector of JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]) {
      const question = questionOf(about.name, vector, vectorOptions(vector, about.secretOption))
      const told = await asked(page, question)
      if (told.kind === 'answer' && told.answer.kind === 'elsewhere') {
        elsewhere++
        continue
      }
      const native = await byNode(question)
      const said =
        told.kind !== 'answer'
          ? told
          : told.answer.kind === 'said'
            ? told.answer.found
            : { error: (told.answer as { message?: string }).message ?? told.answer.kind }
      if ('stats' in native && 'stats' in said) {
        here += native.stats.ms
        there += said.stats.ms
      }
      if (plain(native) === plain(said)) equal++
      else
        unequal.push(
          `${about.name} ${vector.name}\n  Node:     ${plain(native)}\n  Chromium: ${plain(said)}`,
        )
    }
  }
  return { equal, elsewhere, unequal, ratio: there / here }
}

function plain(found: object): string {
  const {
    stats: _,
    provider: __,
    id: ___,
    repaired: ____,
    ...rest
  } = found as Record<string, unknown>
  return JSON.stringify(rest)
}

async function byNode(
  question: Question & { sender: string },
): Promise<object & Partial<{ stats: { ms: number } }>> {
  const { delivery } = parseRequest(question.request)
  const about = catalogue.get(question.sender)!
  try {
    const provider = about.create(
      about.name === 'plaid' ? { clientId: 'none', ...question.options } : question.options,
    )
    const found = await explain(delivery, provider, {
      catalogue,
      ...BOUNDS,
      fingerprints: false,
      ...(question.at !== undefined && { now: () => question.at! }),
    })
    return found as never
  } catch (error) {
    return { error: (error as Error).message }
  }
}

function questionOf(sender: string, vector: Vector, options: object): Question {
  const headers = Object.entries(vector.headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value]),
  )
  const saved = {
    method: vector.method,
    url: vector.url,
    headers,
    body: vector.bodyBase64,
    encoding: 'base64',
  }
  return {
    request: new TextEncoder().encode(JSON.stringify(saved)),
    sender,
    options: options as Record<string, unknown>,
    ...(typeof vector.now === 'number' && { at: vector.now * 1000 }),
    bounds: BOUNDS,
  }
}

/** Asks the worker of the page, as its form does. */
export function asked(page: Page, question: Question): Promise<Told> {
  const given = { ...question, request: [...question.request] }
  return page.evaluate((sent) => {
    const world = globalThis as unknown as { judged?: Worker; turn?: number }
    if (!world.judged) {
      const address = new URL('/explain/worker.js', location.origin).href
      const blob = new Blob([`import ${JSON.stringify(address)}`], { type: 'text/javascript' })
      world.judged = new Worker(URL.createObjectURL(blob), { type: 'module' })
    }
    const { judged } = world
    const id = (world.turn = (world.turn ?? 0) + 1)
    return new Promise<never>((resolve) => {
      const hear = ({ data }: MessageEvent<{ id: number }>): void => {
        if (data.id !== id) return
        judged.removeEventListener('message', hear as never)
        resolve(data as never)
      }
      judged.addEventListener('message', hear as never)
      judged.postMessage({
        id,
        kind: 'judge',
        question: { ...sent, request: Uint8Array.from(sent.request) },
      })
    })
  }, given as never)
}
