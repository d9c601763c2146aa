// The form that explains a rejection, as a person uses it.
import type { Page } from '../../inspector/node_modules/playwright-core/index.js'
import { stripe } from '../../providers/src/stripe.ts'
import type { Question } from '../explain/judge.ts'
import { asked } from './answers.ts'
import type { Served } from './serve.ts'

const SECRET = 'whsec_an_example_that_everybody_can_read'
const AT = Date.parse('2026-11-28T12:00:00Z')
const PLACES = 'localStorage, sessionStorage, cookies, IndexedDB and caches'

/** What was seen of the form. */
export interface FormSeen {
  /** Requests between the paste and the verdict, chunks loaded. */
  readonly requests: number
  /** Whether it answered with the server gone. */
  readonly offline: boolean
  /** What of it was stored, in words. */
  readonly stored: string
  /** Milliseconds from the click to the verdict, the best and the worst of ten. */
  readonly verdict: readonly [best: number, worst: number]
  /** Milliseconds of the longest gap between two frames meanwhile. */
  readonly gap: number
  /** Whether a fetch of the worker to another host was stopped by the policy. */
  readonly bound: boolean
  /** Whether a script ran that was put into the page. */
  readonly inserted: boolean
}

/** Uses the form of the open page, and stops the server meanwhile. */
export async function useForm(page: Page, served: Served): Promise<FormSeen> {
  await page.click('.explain [name=request]')
  await page.waitForSelector('form.explain[data-state=opened]', { timeout: 60_000 })
  await page.waitForLoadState('networkidle')
  const bound = await page.evaluate(async () => {
    const program =
      "fetch('http://localhost:9/').then(() => 'sent', (e) => String(e)).then(postMessage)"
    const blob = new Blob([program], { type: 'text/javascript' })
    const worker = new Worker(URL.createObjectURL(blob), { type: 'module' })
    const violated = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), 3000)
      worker.addEventListener('message', ({ data }) => resolve(data !== 'sent'))
    })
    return violated
  })
  const inserted = await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.ran = true'
    document.head.append(script)
    return 'ran' in globalThis
  })
  const before = served.asked.length
  await served.close()
  await page.evaluate(() => {
    const world = globalThis as unknown as { gap: number }
    world.gap = 0
    let last = performance.now()
    const frame = (now: number): void => {
      world.gap = Math.max(world.gap, now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const { request } = reserialized('{"note":"a  b"}')
  const times: number[] = []
  for (let turn = 0; turn < 10; turn++)
    times.push(await verdictOf(page, new TextDecoder().decode(request)))
  const gap = await page.evaluate(() => (globalThis as unknown as { gap: number }).gap)
  const stored = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    const names = await caches.keys()
    const kept = [...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie]
    return (
      kept.some((text) => String(text).includes('whsec_')) || databases.length + names.length > 0
    )
  })
  return {
    requests: served.asked.length - before,
    offline: times.length === 10,
    stored: stored ? 'something' : `nothing in ${PLACES}`,
    verdict: [Math.min(...times), Math.max(...times)],
    gap,
    bound,
    inserted,
  }
}

async function verdictOf(page: Page, request: string): Promise<number> {
  return page.evaluate(
    ({ text, secret }) => {
      const form = document.querySelector<HTMLFormElement>('form.explain')!
      const set = (query: string, value: string): void => {
        const field = form.querySelector<HTMLInputElement>(query)!
        field.value = value
        field.dispatchEvent(
          new Event(field.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }),
        )
      }
      set('[name=sender]', 'stripe')
      set('[name=request]', text)
      set('[name=field]', secret)
      set('[name=at]', '2026-11-28T12:00:00Z')
      const verdict = form.querySelector('.explain-verdict')!
      verdict.replaceChildren()
      const started = performance.now()
      return new Promise<number>((resolve) => {
        const seen = new MutationObserver(() => {
          seen.disconnect()
          requestAnimationFrame(() => resolve(performance.now() - started))
        })
        seen.observe(verdict, { childList: true })
        form.requestSubmit()
      })
    },
    { text: request, secret: SECRET },
  )
}

/** A kilobyte, signed with an indent and sent without. */
function reserialized(own: string): { readonly request: Uint8Array } {
  const value = {
    id: 'evt_1',
    object: 'event',
    type: 'invoice.paid',
    own,
    data: {
      lines: Array.from({ length: 12 }, (_, at) => ({ at, name: `line ${at}`, amount: at * 100 })),
    },
  }
  const signed = new TextEncoder().encode(JSON.stringify(value, null, 2))
  return { request: saved(signed, new TextEncoder().encode(JSON.stringify(value))) }
}

/** A request with the signature of one body and another body. */
function saved(signed: Uint8Array, came: Uint8Array): Uint8Array {
  const { headers, url } = stripe({ secret: SECRET }).sign!({ body: signed, at: AT })
  const body = Buffer.from(came).toString('base64')
  return new TextEncoder().encode(
    JSON.stringify({ method: 'POST', url, headers, body, encoding: 'base64' }),
  )
}

const TEXT =
  '{\n  "id": "evt_1",\n  "object": "event",\n  "type": "invoice.paid",\n  "note": "a  b — Zoë"\n}'

/** Edits by name: what was signed, what came, and the number of bytes on only one side. */
const EDITS: Readonly<
  Record<
    string,
    readonly [
      signed: string | Uint8Array,
      came: string | Uint8Array,
      alone: readonly [came: number, signed: number],
    ]
  >
> = {
  whitespace: [TEXT, JSON.stringify(JSON.parse(TEXT)), [0, 17]],
  escapes: [
    JSON.stringify(JSON.parse(TEXT)),
    JSON.stringify(JSON.parse(TEXT)).replace('—', '\\u2014').replace('ë', '\\u00eb'),
    [12, 5],
  ],
  newline: [TEXT, `${TEXT}\n`, [1, 0]],
  BOM: [TEXT, `\uFEFF${TEXT}`, [3, 0]],
  charset: [TEXT, Buffer.from(Buffer.from(TEXT).toString('latin1')), [10, 5]],
}

/** Whether the bytes that are marked are those of the edit. */
export async function markEdits(
  page: Page,
): Promise<readonly (readonly [edit: string, said: string, isRight: boolean])[]> {
  const rows: [string, string, boolean][] = []
  for (const [edit, [signed, came, alone]] of Object.entries(EDITS)) {
    const left = Buffer.from(came as string)
    const right = Buffer.from(signed as string)
    const question: Question = {
      request: saved(right, left),
      sender: 'stripe',
      options: { secret: SECRET },
      at: AT,
    }
    const told = await asked(page, question)
    const summary =
      told.kind === 'answer' && told.answer.kind === 'said' ? told.answer.body?.summary : undefined
    const finding =
      told.kind === 'answer' && told.answer.kind === 'said'
        ? told.answer.found.findings[0]?.cause
        : 'none'
    rows.push([edit, `${finding}: ${summary}`, summary === summaryOf(alone)])
  }
  return rows
}

/** The summary of a difference, by the number of bytes on only one side. */
function summaryOf([came, signed]: readonly [came: number, signed: number]): string {
  const bytes = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`)
  const were = (count: number): string => (count === 1 ? 'was' : 'were')
  return [
    ...(signed > 0 ? [`${bytes(signed)} ${were(signed)} signed that did not come`] : []),
    ...(came > 0 ? [`${bytes(came)} came that ${were(came)} not signed`] : []),
  ].join(', ')
}
