import assert from 'node:assert/strict'
import type { ProviderUnderTest } from '../provider.ts'
import type { TestRunner } from '../runner.ts'
import { LABELS } from './hostile.ts'
import { bench } from './trial.ts'
import { vectorOptions, type Vector } from './vector.ts'

/** No answer to a challenge can be presented as an event. */
export function challengeLaws(
  under: ProviderUnderTest,
  vectors: readonly Vector[],
  runner: TestRunner,
): void {
  runner.describe(`${under.name}: what answers a challenge`, () => {
    for (const vector of vectors)
      runner.test(`${vector.name}: makes no event in any form`, async () => {
        const provider = under.create(vectorOptions(vector, under.secretOption))
        const now = typeof vector.now === 'number' ? vector.now * 1000 : undefined
        const { method, url, bodyBase64 } = vector
        const headers = vector.headers as Record<string, string>
        const asked = Buffer.from(bodyBase64, 'base64')
        const one = bench(provider, now)
        const answer = await one.send((receiver) =>
          receiver.receive({ method, url, headers, body: asked }),
        )
        const reply = Buffer.from(answer.reply.body ?? '')
        const echoed = [...new URL(url).searchParams.values()].map((value) => Buffer.from(value))
        for (const body of [reply, asked, ...echoed]) {
          for (const type of LABELS) {
            for (const coding of [undefined, 'deflate', 'gzip', 'br']) {
              for (const signature of signaturesIn(reply.toString())) {
                const made = Object.fromEntries(
                  Object.keys(headers).map((name) => [name, signature ?? headers[name]!]),
                )
                const extra = {
                  ...(type && { 'content-type': type }),
                  ...(coding && { 'content-encoding': coding }),
                }
                const sent = { method: 'POST', url, headers: { ...made, ...extra }, body }
                const result = await one.send((receiver) => receiver.receive(sent))
                assert.deepEqual(result.events, [], 'an answer to a challenge made an event')
              }
            }
          }
        }
        await one.close()
      })
  })
}

/** The texts of a reply that could pass for a signature; and none, for the headers as they came. */
function signaturesIn(text: string): readonly (string | undefined)[] {
  return [undefined, ...(text.match(/(?:\w+=)?[\w+/=-]{20,100}/g) ?? []).slice(0, 3)]
}
