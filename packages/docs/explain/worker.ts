// The worker of the page "Explain a rejection": a long search does not block the page.
import type { About } from '../../core/src/provider/index.ts'
import { judge, rowOf, type Answer, type Question, type SenderRow } from './judge.ts'
import { withPublicKeys } from './node/crypto.ts'
import { senders } from 'senders'

/** What the page asks. */
export type Asked =
  | { readonly id: number; readonly kind: 'open' }
  | { readonly id: number; readonly kind: 'judge'; readonly question: Question }

/** What the worker answers. */
export type Told =
  | { readonly id: number; readonly kind: 'opened'; readonly senders: readonly SenderRow[] }
  | { readonly id: number; readonly kind: 'answer'; readonly answer: Answer }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }

// The pasted request stays in the browser: a request by mistake throws.
globalThis.fetch = () => Promise.reject(new Error('this page fetches nothing'))

let loading: Promise<readonly About[]> | undefined

// Load all chunks before the first question: no request is sent after the paste.
function opened(): Promise<readonly About[]> {
  return (loading ??= Promise.all([
    Promise.all(Object.values(senders).map((load) => load())),
    withPublicKeys(),
    import('./node/jose.ts'),
    import('./node/busboy.ts'),
    import('../../core/src/body/multipart.ts'),
    import('../../core/src/body/xml/xml-read.ts'),
  ]).then(([abouts]) => abouts))
}

async function answerTo(asked: Asked): Promise<Told> {
  const { id } = asked
  try {
    const abouts = await opened()
    if (asked.kind === 'open') return { id, kind: 'opened', senders: abouts.map(rowOf) }
    return { id, kind: 'answer', answer: await judge(asked.question, abouts) }
  } catch (error) {
    // A chunk that failed to load is tried again at the next question.
    loading = undefined
    return { id, kind: 'failed', message: String(error) }
  }
}

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  void answerTo(data).then((told) => postMessage(told))
})
