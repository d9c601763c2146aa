// Writes VECTORS.md for `npm test -- audit`: the output of `postern vectors` for each provider, replayed against
// Postern's receiver at a fixed time. `node test/audit/vectors-page.ts` writes only this page.
import { writeFileSync } from 'node:fs'
import { createReceiver, memoryInbox } from '@postern/core'
import type { About } from '@postern/core/scheme'
import { settled } from '@postern/testing'
import { vectorsOf } from '../../packages/cli/src/audit/vectors.ts'
import { signers } from './own.ts'

type Vector = Awaited<ReturnType<typeof vectorsOf>>['cases'][number]

const NOW = 1_760_000_000_000
const BUSY = [409, 425, 429, 503]

export interface Replayed {
  readonly title: string
  readonly cases: number
  readonly requests: number
  readonly wrong: readonly string[]
}

export async function replayed(about: About): Promise<Replayed> {
  const provider = about.create(about.example)
  let runs = 0
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({ dedupeWindow: '90d' }),
    clock: { now: () => NOW },
    log: false,
    explain: false,
  }).onAny(() => void runs++)
  const { cases } = await vectorsOf(provider, {
    url: 'http://127.0.0.1:3000/webhooks',
    seed: 1,
    now: NOW,
  })
  const wrong: string[] = []
  let requests = 0
  for (const one of cases) {
    const before = runs
    const statuses: number[] = []
    for (const round of roundsOf(one)) {
      requests += round.length
      const replies = round.map(async ({ method, url, headers, bodyBase64 }) => {
        const body = Buffer.from(bodyBase64, 'base64')
        const sent = new Request(url, {
          method,
          headers: headers.map(([name, value]): [string, string] => [name, value]),
          ...(method !== 'GET' && method !== 'HEAD' && { body }),
        })
        return (await receiver.fetch(sent)).status
      })
      statuses.push(...(await Promise.all(replies)))
    }
    await settled(receiver)
    const { status, effects } = one.expect
    if (!isRight(status, statuses) || (effects !== null && effects !== runs - before))
      wrong.push(one.id)
  }
  await receiver.close()
  return { title: about.title, cases: cases.length, requests, wrong }
}

function roundsOf({ requests }: Vector): readonly Vector['requests'][] {
  return [...Map.groupBy(requests, ({ round }) => round).values()]
}

function isRight(expected: string, statuses: readonly number[]): boolean {
  const taken = (status: number): boolean => status >= 200 && status < 300
  if (expected === '2xx') return statuses.every(taken)
  if (expected === '4xx') return statuses.every((status) => status >= 300 && status < 500)
  if (expected === 'below 500') return statuses.every((status) => status < 500)
  return statuses.some(taken) && statuses.every((status) => taken(status) || BUSY.includes(status))
}

/** Replays the vectors of all providers and writes the page. Returns one line per failure. */
export async function writeVectors(): Promise<readonly string[]> {
  const all: Replayed[] = []
  for (const about of signers) all.push(await replayed(about))
  const rows = all.map(
    ({ title, cases, requests, wrong }) =>
      `| ${title} | ${cases} | ${requests} | ${wrong.length === 0 ? 'all' : `not ${wrong.join(', ')}`} |`,
  )
  const sum = all.reduce((count, { cases }) => count + cases, 0)
  writeFileSync(
    new URL('VECTORS.md', import.meta.url),
    `# Vectors

What \`postern vectors\` prints for each sender that can sign (requests in base64, with the status and the effects that must come of
them, for a frozen time), replayed against Postern's own receiver at that time. \`npm test -- audit\` writes this page. \`test/audit/replay.py\` replays
them in 30 lines of Python against any receiver. ${sum} cases.

| sender | cases | requests | went as they say |
| --- | ---: | ---: | --- |
${rows.join('\n')}
`,
  )
  return all.flatMap(({ title, wrong }) => wrong.map((id) => `vectors of ${title}: ${id}`))
}

if (import.meta.main) {
  const wrong = await writeVectors()
  console.log(wrong.length === 0 ? 'all went as they say' : wrong.join('\n'))
  if (wrong.length > 0) process.exitCode = 1
}
